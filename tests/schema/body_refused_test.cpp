// What BodyShape::check must keep out: each way in which a stranger's bytes can lie.
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

constexpr std::uint64_t kSizeMax = (1u << 29) - 1;

// Pointers, as capnproto.org/encoding.html draws them. `offset` counts from the word after the
// pointer.
constexpr std::uint64_t to_struct(std::int32_t offset, std::uint64_t data, std::uint64_t pointers) {
  return (static_cast<std::uint32_t>(offset) << 2) | data << 32 | pointers << 48;
}
enum Elements : std::uint64_t {
  nothing,
  bits,
  bytes,
  two_bytes,
  four_bytes,
  words,
  pointers,
  structs
};
constexpr std::uint64_t to_list(std::int32_t offset, Elements size, std::uint64_t count) {
  return 1 | (static_cast<std::uint32_t>(offset) << 2) | std::uint64_t{size} << 32 | count << 35;
}
constexpr std::uint64_t tag(std::uint64_t count, std::uint64_t data, std::uint64_t pointers) {
  return count << 2 | data << 32 | pointers << 48;
}
constexpr std::uint64_t kCapability = 3;
constexpr std::uint64_t kHi = 0x6968;  // "hi" and its zero byte

// A company whose name is this pointer, followed by these words.
Words company(std::uint64_t name, const Words& rest) {
  Words words = {to_struct(0, 0, 1), name};
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}
std::string refused_company(std::uint64_t name, const Words& rest) {
  return refusal(tree_of<shop::Company>(), company(name, rest));
}

std::string refused_part(const Words& words) { return refusal(tree_of<shop::Part>(), words); }

// A part that has this list where field `bom`, a list of structs, should be (pointer 3), followed
// by these words.
Words part_with_bom(std::uint64_t list, const Words& rest) {
  Words words = {to_struct(0, 0, 4), 0, 0, 0, list};
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

}  // namespace

TEST_CASE("a body cut off anywhere is refused", "[schema]") {
  for (const Words& body : parts_of_all_kinds()) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      INFO(size << " of " << body.size());
      CHECK(refused_part(Words(body.begin(), body.begin() + size)) != "");
    }
  }
}

TEST_CASE("a body of no words, or of a broken number of words, is refused", "[schema]") {
  const Words body = full_part();
  Words scratch;
  for (std::size_t cut = 1; cut < 8; ++cut) {
    auto bytes = bytes_of(body).first(body.size() * 8 - cut);
    auto checked = tree_of<shop::Part>().shape().check(bytes, scratch);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().message == "The body is not valid: it is not a whole number of words.");
  }
  CHECK(refused_part({}) == "it is not a whole number of words");
}

TEST_CASE("a body over the limit is refused, in any layout", "[schema]") {
  const Words large(BodyShape::kBodyBytesMax / 8 + 1);
  CHECK(refused_part(large) == "it has 16777224 bytes, and the limit is 16777216");

  // A text of 12 MB that two pointers share is 24 MB when each has its own.
  Words shared(2 + 1 + (12u << 20) / 8);
  const auto count = static_cast<std::uint64_t>((shared.size() - 3) * 8);
  shared[0] = to_struct(0, 0, 2);
  shared[1] = to_list(1, bytes, count);
  shared[2] = to_list(0, bytes, count);
  CHECK(refusal(tree_of<shop::Company>(), shared) ==
        "it has 25165848 bytes, and the limit is 16777216");
}

TEST_CASE("a pointer out of bounds is refused", "[schema]") {
  CHECK(refused_company(to_list(0, bytes, 9), {kHi}) == "a pointer points outside of it");
  CHECK(refused_company(to_list(0, bytes, kSizeMax), {kHi}) == "a pointer points outside of it");
  CHECK(refused_company(to_list(1, bytes, 3), {kHi}) != "");
  CHECK(refused_company(to_list(-9, bytes, 3), {kHi}) != "");
  CHECK(refused_company(to_list(0x1fffffff, bytes, 3), {kHi}) != "");
  CHECK(refused_part({to_struct(0, 2, 0), 1}) == "a pointer points outside of it");
  CHECK(refused_part({to_struct(0, 0xffff, 0xffff), 1}) == "a pointer points outside of it");
  CHECK(refused_part(part_with_bom(to_list(0, structs, 3), {tag(1, 1, 1), 1})) ==
        "a pointer points outside of it");
}

TEST_CASE("a far pointer out of the segment is refused", "[schema]") {
  const auto far = [](std::uint64_t position, std::uint64_t segment) {
    return 2 | position << 3 | segment << 32;
  };
  CHECK(refused_company(far(0, 1), {kHi}) != "");
  CHECK(refused_company(far(9, 0), {kHi}) != "");
  CHECK(refused_company(far(1, 0), {kHi}) != "");  // to itself
  CHECK(refused_company(4 | far(2, 0), {kHi}) != "");
}

TEST_CASE("a capability is refused, in a field, a list and an unknown field", "[schema]") {
  CHECK(refused_company(kCapability, {}) == "it holds a capability");
  CHECK(refusal(tree_of<shop::Company>(), {to_struct(0, 0, 3), 0, 0, kCapability}) ==
        "it holds a capability");
  CHECK(refused_part(part_with_bom(to_list(0, structs, 2), {tag(1, 0, 2), 0, kCapability})) ==
        "it holds a capability");
}

TEST_CASE("what is no text where the schema has one is refused", "[schema]") {
  const std::string other_list = "a list stands where the schema has a text";
  CHECK(refused_company(to_struct(0, 1, 0), {1}) ==
        "a struct stands where the schema has a list or a text");
  CHECK(refused_company(to_list(0, nothing, 3), {}) == other_list);
  CHECK(refused_company(to_list(0, bits, 3), {1}) == other_list);
  CHECK(refused_company(to_list(0, two_bytes, 3), {1}) == other_list);
  CHECK(refused_company(to_list(0, words, 1), {1}) == other_list);
  CHECK(refused_company(to_list(0, pointers, 1), {0}) == other_list);
  CHECK(refused_company(to_list(0, structs, 1), {tag(1, 1, 0), 1}) == other_list);
}

TEST_CASE("a text that does not end in a zero byte is refused", "[schema]") {
  CHECK(refused_company(to_list(0, bytes, 3), {kHi}) == "");
  CHECK(refused_company(to_list(0, bytes, 2), {kHi}) == "a text does not end in a zero byte");
  CHECK(refused_company(to_list(0, bytes, 8), {~std::uint64_t{0}}) ==
        "a text does not end in a zero byte");
  CHECK(refused_company(to_list(0, bytes, 0), {}) == "a text does not end in a zero byte");
}

TEST_CASE("a list of another kind than the schema's is refused", "[schema]") {
  // Each field of Part that is a list, with its pointer's index and the encodings that are right
  // for it.
  struct Field {
    const char* name;
    unsigned pointer;
    std::vector<Elements> right;
  };
  // An old list of numbers or texts may have become one of structs: SchemaLoader allows that
  // change.
  const std::vector<Elements> any_but_bits = {nothing, bytes,    two_bytes, four_bytes,
                                              words,   pointers, structs};
  const Field field = GENERATE_COPY(values<Field>({{"bom", 3, any_but_bits},
                                                   {"keywords", 5, {pointers}},
                                                   {"replacements", 6, any_but_bits},
                                                   {"thumbnail", 7, {bytes}},
                                                   {"priceTable", 8, {pointers}},
                                                   {"measured", 9, {words}},
                                                   {"inspected", 10, {bits}}}));
  auto schema = tree_of<shop::Part>().dynamic().getFieldByName(field.name).getProto();
  REQUIRE(schema.getSlot().getOffset() == field.pointer);
  for (auto size : {nothing, bits, bytes, two_bytes, four_bytes, words, pointers, structs}) {
    Words body(2 + field.pointer, 0);
    body[0] = to_struct(0, 0, field.pointer + 1);
    body.back() = to_list(0, size, size == nothing ? 0 : 1);
    if (size == structs) {
      body.insert(body.end(), {tag(1, 1, 0), 1});
    } else if (size != nothing) {
      body.push_back(size == pointers ? 0 : 1);
    }
    const bool is_right =
        std::find(field.right.begin(), field.right.end(), size) != field.right.end();
    INFO(field.name << " with elements of code " << size << ": " << refused_part(body));
    CHECK((refused_part(body) == "") == is_right);
    body[1 + field.pointer] = to_struct(0, 1, 0);
    CHECK(refused_part(body) == "a struct stands where the schema has a list or a text");
  }
}

TEST_CASE("a list where the schema has a struct is refused", "[schema]") {
  CHECK(refused_part({to_struct(0, 0, 3), 0, 0, to_list(0, words, 1), 1}) ==
        "a list stands where the schema has a struct");
  CHECK(refused_part({to_list(0, words, 1), 1}) == "a list stands where the schema has a struct");
}

TEST_CASE("a list of structs whose tag is broken or larger than the list is refused", "[schema]") {
  CHECK(refused_part(part_with_bom(to_list(0, structs, 1), {tag(1, 1, 1), 1})) ==
        "a list's size contradicts its tag");
  CHECK(refused_part(part_with_bom(to_list(0, structs, 1), {tag(1, 1, 0) | 1, 1})) ==
        "a list has a broken tag");
  CHECK(refused_part(part_with_bom(to_list(0, structs, 1), {tag(0x3fffffff, 0xffff, 0xffff), 1})) ==
        "a list's size contradicts its tag");
}

TEST_CASE("a body that contains itself is refused", "[schema]") {
  // BomLine.alternatives (pointer 2) of the only line is the list that the line is in.
  CHECK(refused_part(part_with_bom(to_list(0, structs, 3),
                                   {tag(1, 0, 3), 0, 0, to_list(-4, structs, 3)})) != "");
  CHECK(refused_part({to_struct(-1, 0, 1)}) != "");
}

TEST_CASE("a body that is nested too deeply is refused, whatever its layout", "[schema]") {
  auto nested = [](int depth) {
    return [depth](shop::Part::Builder part) {
      auto lines = part.initBom(1);
      for (int i = 0; i < depth; ++i) lines = lines[0].initAlternatives(1);
      lines[0].setPosition("deepest");
    };
  };
  // The root is one level, each list one, and the text inside the last one.
  const int deepest = BodyShape::kDepthMax - 3;
  capnp::MallocMessageBuilder message(1 << 12);
  auto part = message.initRoot<shop::Part>();
  nested(deepest)(part);
  Words untidy = raw_words(message);
  CHECK(accepted(tree_of<shop::Part>(), body_of<shop::Part>(nested(deepest))) ==
        accepted(tree_of<shop::Part>(), untidy));
  CHECK(refused_part(body_of<shop::Part>(nested(deepest + 1))) == "it is nested too deeply");
  CHECK(refused_part(body_of<shop::Part>(nested(10 * deepest))) == "it is nested too deeply");
}

TEST_CASE("a few words that stand for a billion elements are refused", "[schema]") {
  const std::string too_many = "it has too many list elements that hold nothing";
  const auto limit = static_cast<std::uint64_t>(BodyShape::kEmptyElementsMax);
  CHECK(refused_part(part_with_bom(to_list(0, structs, 0), {tag(limit, 0, 0)})) == "");
  CHECK(refused_part(part_with_bom(to_list(0, structs, 0), {tag(limit + 1, 0, 0)})) == too_many);
  CHECK(refused_part(part_with_bom(to_list(0, structs, 0), {tag(0x3fffffff, 0, 0)})) == too_many);
  CHECK(refused_part(part_with_bom(to_list(0, nothing, kSizeMax), {})) == too_many);
  // The same in a field that the schema does not know.
  CHECK(refused_company(0, {}) == "");
  CHECK(refusal(tree_of<shop::Company>(),
                {to_struct(0, 0, 3), 0, 0, to_list(0, nothing, kSizeMax)}) == too_many);
}

TEST_CASE("many lists of nothing count together", "[schema]") {
  // A thousand lists of a thousand elements, each of which would be allowed alone.
  Words body = {to_struct(0, 0, 3), 0, 0, to_list(0, pointers, 1000)};
  for (int i = 0; i < 1000; ++i) body.push_back(to_list(999 - i, nothing, 1000));
  CHECK(refusal(tree_of<shop::Company>(), body) ==
        "it has too many list elements that hold nothing");
}

TEST_CASE("overlaps that make a body large are refused without making it", "[schema]") {
  // Each of a list's thousand pointers leads to one and the same list of a thousand words.
  Words body = {to_struct(0, 0, 3), 0, 0, to_list(0, pointers, 1000)};
  for (int i = 0; i < 1000; ++i) body.push_back(to_list(999 - i, words, 1000));
  body.resize(body.size() + 1000, 1);
  CHECK(refusal(tree_of<shop::Company>(), body) != "");
}

TEST_CASE("what a union's other member holds does not pass for this one's", "[schema]") {
  Words bought = body_of<shop::Part>([](auto part) { part.getSource().setBought("4711"); });
  Words made = body_of<shop::Part>([](auto part) { part.getSource().initMade().setMinutes(3); });
  Words drawings = body_of<shop::Part>([](auto part) { part.getSource().initDrawings(2); });
  const auto source = tree_of<shop::Part>().dynamic().getFieldByName("source").getType().asStruct();
  const auto offset = source.getProto().getStruct().getDiscriminantOffset();
  auto now_is = [&](Words body, std::uint64_t member) {
    auto& word = body.at(1 + offset / 4);
    word &= ~(std::uint64_t{0xffff} << (offset % 4 * 16));
    word |= member << (offset % 4 * 16);
    return body;
  };
  REQUIRE(now_is(bought, 1) == bought);
  REQUIRE(now_is(made, 2) == made);
  REQUIRE(now_is(drawings, 3) == drawings);
  CHECK(refused_part(now_is(bought, 2)) != "");
  CHECK(refused_part(now_is(bought, 3)) != "");
  CHECK(refused_part(now_is(made, 1)) != "");
  CHECK(refused_part(now_is(made, 3)) != "");
  CHECK(refused_part(now_is(drawings, 1)) != "");
  CHECK(refused_part(now_is(drawings, 2)) != "");
  // A member that this schema does not know may hold anything.
  CHECK(refused_part(now_is(bought, 4)) == "");
}

TEST_CASE("a broken pointer in a field that the schema does not know is refused", "[schema]") {
  auto newer = newer_tree_in_shop("companies");
  auto body = body_of(
      *newer, [](capnp::DynamicStruct::Builder company) { company.set("web", "acme.example"); });
  const auto& older = tree_of<shop::Company>();
  REQUIRE(refusal(older, body) == "");
  REQUIRE(body.size() == 6);
  body[3] = to_list(0, bytes, 99);
  CHECK(refusal(older, body) == "a pointer points outside of it");
  body[3] = to_list(5, bytes, 13);
  CHECK(refusal(older, body) != "");
}

}  // namespace coppice::test
