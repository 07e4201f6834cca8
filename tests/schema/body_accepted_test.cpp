// What BodyShape::check must let in, and that it stores the same words for the same content.
#include <capnp/serialize.h>

#include "schema/compare_schemas.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

const TreeInfo& parts() { return tree_of<shop::Part>(); }

// A part that is built in an order that no canonical message has, with garbage left between.
Words untidy_part() {
  capnp::MallocMessageBuilder message(1 << 14);
  auto part = message.initRoot<shop::Part>();
  part.setTitle("thrown away, and longer than what replaces it");
  part.initKeywords(9).set(3, "thrown away too");
  fill_part(part);
  return raw_words(message);
}

}  // namespace

TEST_CASE("every canonical body of the shop is accepted as it is", "[schema]") {
  for (const Words& body : parts_of_all_kinds()) {
    Words scratch;
    auto checked = parts().shape().check(bytes_of(body), scratch);
    REQUIRE(checked.has_value());
    CHECK(checked->words().data() == body.data());
    CHECK(checked->words().size() == body.size());
    CHECK(scratch.empty());
    CHECK(capnp_calls_canonical(body));
  }
}

TEST_CASE("bodies of the shop's other trees are accepted", "[schema]") {
  auto company = body_of<shop::Company>([](auto company) { company.setName("Acme"); });
  auto movement = body_of<shop::Movement>([](auto movement) {
    movement.initPart().setKey(4711ull << 24);
    movement.setDelta(-3);
    movement.setNote("for the fair");
  });
  CHECK(accepted(tree_of<shop::Company>(), company) == company);
  CHECK(accepted(tree_of<shop::Movement>(), movement) == movement);
}

TEST_CASE("a body in another layout is stored in the canonical one", "[schema]") {
  const Words untidy = untidy_part();
  CHECK_FALSE(capnp_calls_canonical(untidy));
  CHECK(accepted(parts(), untidy) == full_part());
}

TEST_CASE("a body with trailing words, or a null root, is stored without them", "[schema]") {
  Words longer = full_part();
  longer.push_back(0);
  CHECK(accepted(parts(), longer) == full_part());
  const Words empty = body_of<shop::Part>([](auto) {});
  CHECK(empty == Words{0x00000000fffffffc});
  CHECK(accepted(parts(), {0}) == empty);
  CHECK(accepted(parts(), {0, 0, 0}) == empty);
}

TEST_CASE("fields at their defaults are stored in no words at all", "[schema]") {
  capnp::MallocMessageBuilder message;
  auto part = message.initRoot<shop::Part>();
  part.setTitle("Bolt");
  part.setObsolete(false);
  CHECK(accepted(parts(), raw_words(message)) ==
        body_of<shop::Part>([](auto part) { part.setTitle("Bolt"); }));
}

TEST_CASE("a large struct in another layout is not mistaken for an attack", "[schema]") {
  std::string fields;
  for (int i = 0; i < 200; ++i)
    fields += "f" + std::to_string(i) + " @" + std::to_string(i) + " :UInt64;";
  auto tree = tree_in("struct Wide $Coppice.tree(name = \"wide\") {" + fields + "}", "wide");
  capnp::MallocMessageBuilder message(1 << 12);
  auto root = message.initRoot<capnp::DynamicStruct>(tree->dynamic());
  for (auto field : tree->dynamic().getFields()) root.set(field, 7);
  Words words = raw_words(message);
  words.push_back(0);
  CHECK(accepted(*tree, words).size() == 201);
}

TEST_CASE("objects that several pointers share are stored once for each", "[schema]") {
  // A movement whose reference's struct and note are one and the same place would be of two kinds;
  // a company's name and city may be one text.
  const Words shared = {0x0002000000000000, 0x0000001a00000005, 0x0000001a00000001,
                        0x0000000000006968};
  const Words own = body_of<shop::Company>([](auto company) {
    company.setName("hi");
    company.setCity("hi");
  });
  CHECK(accepted(tree_of<shop::Company>(), shared) == own);
  CHECK(own.size() == 5);
}

TEST_CASE("a far pointer within the only segment is followed", "[schema]") {
  // Root, then a company's two pointers: a far pointer to the landing pad in word 3, and null.
  const Words far = {0x0002000000000000, 0x000000000000001a, 0, 0x0000001a00000001,
                     0x0000000000006968};
  CHECK(accepted(tree_of<shop::Company>(), far) ==
        body_of<shop::Company>([](auto company) { company.setName("hi"); }));
}

TEST_CASE("a table of lines that nobody has filled in yet is accepted", "[schema]") {
  auto body = body_of<shop::Part>([](auto part) { part.initBom(1000); });
  CHECK(body.size() < 30);
  CHECK(accepted(parts(), body) == body);
}

TEST_CASE("fields that an older schema does not know are kept", "[schema]") {
  auto newer = newer_tree_in_shop("parts");
  auto body = body_of(*newer, [](capnp::DynamicStruct::Builder part) {
    part.set("title", "Bolt");
    part.set("colour", "blue");
    part.set("shelf", 12);
    part.init("tests", 2)
        .as<capnp::DynamicList>()[1]
        .as<capnp::DynamicStruct>()
        .set("remark", "ok");
    auto line = part.init("bom", 1).as<capnp::DynamicList>()[0].as<capnp::DynamicStruct>();
    line.set("remark", "glued");
  });
  CHECK(accepted(*newer, body) == body);
  CHECK(accepted(parts(), body) == body);
}

TEST_CASE("a union member that an older schema does not know is kept", "[schema]") {
  auto newer = newer_tree_in_shop("parts");
  auto body = body_of(*newer, [](capnp::DynamicStruct::Builder part) {
    part.get("source").as<capnp::DynamicStruct>().set("printed", "model 7");
  });
  CHECK(accepted(parts(), body) == body);
  CHECK_NOTHROW(read_everything(parts(), body));
}

TEST_CASE("a list that was of numbers when it was written may be of structs now", "[schema]") {
  auto older = tree_in(
      "struct T @0xd6f2b8d4a5c09e13 $Coppice.tree(name = \"t\") "
      "{ sizes @0 :List(Int32); names @1 :List(Text); }",
      "t");
  auto newer = tree_in(
      "struct T @0xd6f2b8d4a5c09e13 $Coppice.tree(name = \"t\") "
      "{ sizes @0 :List(Size); names @1 :List(Name); "
      "struct Size { mm @0 :Int32; exact @1 :Bool; note @2 :Text; } "
      "struct Name { text @0 :Text; language @1 :Text; } }",
      "t");
  CHECK(compare_schemas(*older, *newer).value() == SchemaChange::newer);
  auto body = body_of(*older, [](capnp::DynamicStruct::Builder root) {
    root.init("sizes", 2).as<capnp::DynamicList>().set(1, 40);
    root.init("names", 2).as<capnp::DynamicList>().set(1, "bolt");
  });
  CHECK(accepted(*newer, body) == body);
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  auto t = root.getAs<capnp::DynamicStruct>(newer->dynamic());
  auto size = t.get("sizes").as<capnp::DynamicList>()[1].as<capnp::DynamicStruct>();
  CHECK(size.get("mm").as<int>() == 40);
  CHECK_FALSE(size.get("exact").as<bool>());
  auto name = t.get("names").as<capnp::DynamicList>()[1].as<capnp::DynamicStruct>();
  CHECK(name.get("text").as<capnp::Text>() == "bolt");
}

TEST_CASE("what a generic struct holds is checked as what it is bound to", "[schema]") {
  auto tree = tree_in(
      "struct T $Coppice.tree(name = \"t\") { a @0 :Box(Text); b @1 :Box(Data); } "
      "struct Box(X) { it @0 :X; }",
      "t");
  auto body = body_of(*tree, [](capnp::DynamicStruct::Builder root) {
    root.init("a").as<capnp::DynamicStruct>().set("it", "text");
    root.init("b").as<capnp::DynamicStruct>().set(
        "it", capnp::Data::Reader(kj::StringPtr("data").asBytes()));
  });
  CHECK(accepted(*tree, body) == body);
  // The text's terminating zero, which the data does not have.
  REQUIRE(body.at(4) == 0x0000000074786574);
  body.at(3) -= std::uint64_t{1} << 35;
  CHECK(refusal(*tree, body) == "a text does not end in a zero byte");
}

}  // namespace coppice::test
