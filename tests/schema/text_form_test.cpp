#include "schema/text_form.h"

#include "tests/schema/bodies.h"
#include "tests/support/catch.h"
#include "tests/support/result_text.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

Words from_json(std::string_view json) {
  return body_from_json(tree_of<shop::Part>(), json).value();
}

std::string refused(std::string_view json) {
  auto body = body_from_json(tree_of<shop::Part>(), json);
  if (body) return "";
  CHECK(body.error().code == Errc::invalid);
  return body.error().message;
}

}  // namespace

TEST_CASE("a body becomes JSON and the same body again", "[schema]") {
  for (const Words& body : parts_of_all_kinds()) {
    const std::string json = body_to_json(tree_of<shop::Part>(), body);
    const Words again = from_json(json);
    INFO(json);
    CHECK(body_to_json(tree_of<shop::Part>(), again) == json);
    CHECK(refusal(tree_of<shop::Part>(), again) == "");
  }
}

TEST_CASE("the JSON of a body has its fields by name", "[schema]") {
  const std::string json = body_to_json(tree_of<shop::Part>(), full_part());
  CHECK_THAT(json, ContainsSubstring("\"number\": \"R-0603-10K\""));
  CHECK_THAT(json, ContainsSubstring("\"price\": \"-17\""));
  CHECK_THAT(json, ContainsSubstring("\"unit\": \"kilogram\""));
  CHECK_THAT(json, ContainsSubstring("\"thumbnail\": [1, 2, 3, 0, 5]"));
  CHECK_THAT(json, ContainsSubstring("\"machine\": \"lathe\""));
}

TEST_CASE("JSON that a person writes becomes a body", "[schema]") {
  const Words body = from_json(R"({"title": "Bolt", "price": 12, "size": {"length": 30},
    "source": {"bought": "B-1"}, "bom": [{"part": {"key": "16777216"}, "count": 2}]})");
  CHECK(body == body_of<shop::Part>([](auto part) {
          part.setTitle("Bolt");
          part.setPrice(12);
          part.getSize().setLength(30);
          part.getSource().setBought("B-1");
          auto line = part.initBom(1)[0];
          line.initPart().setKey(16777216);
          line.setCount(2);
        }));
  CHECK(from_json("{}") == Words{0x00000000fffffffc});
}

TEST_CASE("a member that the schema does not have is refused with its path", "[schema]") {
  CHECK(refused(R"({"titel": "x"})") == "Tree 'parts' has no field 'titel'.");
  CHECK(refused(R"({"size": {"depth": 1}})") == "Tree 'parts' has no field 'size.depth'.");
  CHECK(refused(R"({"bom": [{}, {"count": 1, "parts": {}}]})") ==
        "Tree 'parts' has no field 'bom[1].parts'.");
  CHECK(refused(R"({"source": {"made": {"instructions": [{"txt": ""}]}}})") ==
        "Tree 'parts' has no field 'source.made.instructions[0].txt'.");
}

TEST_CASE("a value of another type than its field's is refused", "[schema]") {
  const std::string json = GENERATE(
      as<std::string>{}, R"({"title": 5})", R"({"title": ["x"]})", R"({"title": {}})",
      R"({"title": true})", R"({"price": "twelve"})", R"({"price": 1.5})", R"({"price": "12x"})",
      R"({"price": true})", R"({"price": 1e30})", R"({"bom": {}})", R"({"bom": "x"})",
      R"({"bom": [1]})", R"({"size": 3})", R"({"size": []})", R"({"size": {"length": -1}})",
      R"({"size": {"length": 4294967296}})", R"({"unit": "gallon"})", R"({"unit": {}})",
      R"({"obsolete": "yes"})", R"({"obsolete": 1})", R"({"thumbnail": "AQID"})",
      R"({"thumbnail": [256]})", R"({"source": {"made": "here"}})", R"({"priceTable": [1]})",
      R"({"maker": 7})", R"({"maker": {"key": "x"}})");
  INFO(json);
  CHECK_THAT(refused(json), ContainsSubstring("The JSON does not fit tree 'parts'"));
}

TEST_CASE("what is not a JSON object is refused", "[schema]") {
  const std::string json = GENERATE(
      as<std::string>{}, "", "x", "{", "[]", "5", "\"x\"", "null", "{} {}", "{\"title\": }",
      "{\"title\": \"x}", "{\"title\" \"x\"}", std::string(1000, '['), std::string(100000, '['));
  CHECK(refused(json) != "");
}

TEST_CASE("an object changes the fields that it names, and no others", "[schema]") {
  capnp::MallocMessageBuilder message;
  auto part = message.initRoot<shop::Part>();
  part.setNumber("R-0603");
  part.setPrice(12);
  part.getSize().setLength(30);
  part.getSource().setBought("B-1");
  part.initBom(2)[1].setCount(7);
  const auto merged = [&](std::string_view json) {
    return merge_json(tree_of<shop::Part>(), json, message);
  };
  REQUIRE(merged(R"({"title": "10k", "size": {"width": 4}, "bom": [{"count": 3}]})"));
  CHECK(part.getNumber() == "R-0603");
  CHECK(part.getTitle() == "10k");
  CHECK(part.getPrice() == 12);
  CHECK(part.getSize().getLength() == 30);
  CHECK(part.getSize().getWidth() == 4);
  CHECK(part.getSource().getBought() == "B-1");
  REQUIRE(part.getBom().size() == 1);
  CHECK(part.getBom()[0].getCount() == 3);

  REQUIRE(merged(R"({"source": {"made": {"machine": "lathe", "minutes": 5}}, "title": null})"));
  CHECK(part.getSource().getMade().getMachine() == "lathe");
  CHECK_FALSE(part.hasTitle());
  REQUIRE(merged(R"({"source": {"made": {"minutes": 6}}})"));
  CHECK(part.getSource().getMade().getMachine() == "lathe");
  CHECK(part.getSource().getMade().getMinutes() == 6);

  CHECK(merged(R"({"titel": "x"})").error().message == "Tree 'parts' has no field 'titel'.");
  CHECK(merged(R"([1])").error().code == Errc::invalid);
  CHECK(merged(R"({"price": "much"})").error().code == Errc::invalid);
}

TEST_CASE("an object keeps what the schema does not know", "[schema]") {
  // A struct with one field more than Company has, as a newer schema might write it.
  capnp::MallocMessageBuilder message;
  message.initRoot<shop::Movement>().setNote("later");
  message.getRoot<shop::Movement>().setDelta(5);
  REQUIRE(merge_json(tree_of<shop::Company>(), R"({"name": "Acme"})", message));
  CHECK(message.getRoot<shop::Movement>().getDelta() == 5);
}

}  // namespace coppice::test
