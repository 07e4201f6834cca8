#include <string>
#include <unordered_set>

#include <capnp/message.h>

#include "coppice/ref.h"
#include "shop.coppice.h"
#include "tests/support/catch.h"

namespace coppice {
namespace {

KeyWord word(std::uint64_t id, std::uint32_t revision) {
  return KeyWord(RecordId{id}, Revision{revision});
}

}  // namespace

TEST_CASE("a key has its id above its revision, so revisions of a record are neighbours",
          "[schema]") {
  CHECK(word(4711, 2).value == (4711ull << 24 | 2));
  CHECK(word(4711, 2).id() == RecordId{4711});
  CHECK(word(4711, 2).revision() == Revision{2});
  CHECK(word(1, kRevisionMax) < word(2, 1));
  CHECK(word(kRecordIdMax, kRevisionMax).value == ~std::uint64_t{0});
  CHECK(word(kRecordIdMax, kRevisionMax).id() == RecordId{kRecordIdMax});
}

TEST_CASE("a key without a revision floats", "[schema]") {
  CHECK(word(7, 0).floats());
  CHECK_FALSE(word(7, 1).floats());
  CHECK_FALSE(KeyWord());
  CHECK(word(7, 0));
}

TEST_CASE("a key is printed and parsed as id and revision", "[schema]") {
  CHECK(to_string(word(4711, 2)) == "4711.2");
  CHECK(to_string(word(4711, 0)) == "4711");
  for (KeyWord key : {word(1, 0), word(1, 1), word(4711, 2), word(10, 10), word(kRecordIdMax, 0),
                      word(kRecordIdMax, kRevisionMax)}) {
    CHECK(parse_key_word(to_string(key)) == key);
  }
  CHECK(parse_key_word("1099511627775.16777215") == word(kRecordIdMax, kRevisionMax));
}

TEST_CASE("what is not exactly a key is not parsed as one", "[schema]") {
  const std::string text =
      GENERATE(as<std::string>{}, "", ".", "1.", ".1", "0", "0.1", "1.0", "01", "1.01", "00", "-1",
               "+1", " 1", "1 ", "1. 1", "1.-1", "1.+1", "1.1.1", "1,1", "1.1x", "x", "0x10", "1e3",
               "1099511627776", "1.16777216", "18446744073709551616", "99999999999999999999999",
               "1.99999999999999999999");
  INFO(text);
  CHECK(parse_key_word(text) == std::nullopt);
  CHECK(parse_key("parts:" + text) == std::nullopt);
}

TEST_CASE("a zero byte in a key's text is refused as any other character", "[schema]") {
  CHECK(parse_key_word(std::string_view("1\0", 2)) == std::nullopt);
  CHECK(parse_key_word(std::string_view("1.1\0", 4)) == std::nullopt);
}

TEST_CASE("a key with its tree is printed and parsed as tree, colon, key", "[schema]") {
  CHECK(format_key("parts", word(4711, 2)) == "parts:4711.2");
  CHECK(parse_key("parts:4711.2") == KeyText{"parts", word(4711, 2)});
  CHECK(parse_key("parts:4711") == KeyText{"parts", word(4711, 0)});
}

TEST_CASE("a key's text without its tree, or with two colons, is refused", "[schema]") {
  CHECK(parse_key("4711.2") == std::nullopt);
  CHECK(parse_key(":4711.2") == std::nullopt);
  CHECK(parse_key("parts:") == std::nullopt);
  CHECK(parse_key("parts:x:1") == std::nullopt);
  CHECK(parse_key("") == std::nullopt);
}

TEST_CASE("keys of different trees are different types", "[schema]") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<shop::PartKey, shop::CompanyKey>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<shop::PartKey, shop::CompanyKey>);
  STATIC_REQUIRE(std::is_convertible_v<shop::PartKey, AnyKey>);
  AnyKey any = shop::PartKey(RecordId{5}, Revision{2});
  CHECK(any.tree == TreeOf<shop::Part>::id);
  CHECK(any.word == word(5, 2));
  CHECK(any.record().word == word(5, 0));
}

TEST_CASE("a typed key keeps its type when it floats or is fixed to a revision", "[schema]") {
  shop::PartKey key(RecordId{5}, Revision{2});
  CHECK(key.floating() == shop::PartKey(RecordId{5}, Revision{0}));
  CHECK(key.floating().at(Revision{3}) == shop::PartKey(RecordId{5}, Revision{3}));
  CHECK_FALSE(shop::PartKey());
}

TEST_CASE("a reference field gives and takes a key of its own tree", "[schema]") {
  capnp::MallocMessageBuilder message;
  auto part = message.initRoot<shop::Part>();
  refer(part.initMaker(), shop::CompanyKey(RecordId{3}, Revision{0}));
  auto key = key_of(part.asReader().getMaker());
  STATIC_REQUIRE(std::is_same_v<decltype(key), shop::CompanyKey>);
  CHECK(key == shop::CompanyKey(RecordId{3}, Revision{0}));
  CHECK_FALSE(key_of(shop::BomLine::Reader().getPart()));
}

TEST_CASE("keys of one record in different trees, and of neighbours, hash apart", "[schema]") {
  std::unordered_set<AnyKey> keys;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    keys.insert(shop::PartKey(RecordId{id}, Revision{1}));
    keys.insert(shop::CompanyKey(RecordId{id}, Revision{1}));
  }
  CHECK(keys.size() == 200);
  std::unordered_set<std::size_t> hashes;
  for (const AnyKey& key : keys) hashes.insert(std::hash<AnyKey>()(key));
  CHECK(hashes.size() == 200);
}

}  // namespace coppice
