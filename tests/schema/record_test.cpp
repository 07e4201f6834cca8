#include "coppice/record.h"

#include <cstring>
#include <vector>

#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice {
namespace {

// A stored value of `words` body words, `extra` bytes too long (or too short).
struct Shape {
  std::uint16_t flags;
  std::uint32_t body_words;
  std::size_t actual_words;
};

std::vector<std::uint64_t> value_of(Shape shape) {
  std::vector<std::uint64_t> value(shape.actual_words);
  RecordHeader header;
  header.flags = shape.flags;
  header.body_words = shape.body_words;
  std::memcpy(value.data(), &header, sizeof header);
  return value;
}

bool parses(const std::vector<std::uint64_t>& value) {
  return RecordView::parse(std::as_bytes(std::span(value))).has_value();
}

constexpr std::uint16_t kReleased = RecordHeader::kReleased;
constexpr std::uint16_t kRemoved = RecordHeader::kRemoved;
constexpr std::uint16_t kFresh = RecordHeader::kFresh;
constexpr std::size_t kHeader = 8;
constexpr std::size_t kHash = 4;

}  // namespace

TEST_CASE("a stored value is exactly a header, a body and, if released, a hash", "[schema]") {
  CHECK(parses(value_of({0, 1, kHeader + 1})));
  CHECK(parses(value_of({kFresh, 3, kHeader + 3})));
  CHECK(parses(value_of({kReleased, 3, kHeader + 3 + kHash})));
  CHECK(parses(value_of({kRemoved, 0, kHeader})));
}

TEST_CASE("a stored value of another size than its header says is refused", "[schema]") {
  const std::uint16_t flags = GENERATE(as<std::uint16_t>{}, 0, kFresh, kReleased, kRemoved,
                                       kReleased | kRemoved, kFresh | kReleased);
  for (std::uint32_t body = 0; body < 8; ++body) {
    for (std::size_t actual = kHeader; actual < kHeader + 16; ++actual) {
      const bool released = flags & kReleased;
      const bool removed = flags & kRemoved;
      const bool fits = actual == kHeader + body + (released ? kHash : 0);
      const bool sensible = removed ? body == 0 && !released : body > 0;
      INFO("flags " << flags << ", body of " << body << " words, " << actual << " words in all");
      CHECK(parses(value_of({flags, body, actual})) == (fits && sensible));
    }
  }
}

TEST_CASE("a stored value shorter than a header, or not of whole words, is refused", "[schema]") {
  const auto value = value_of({0, 1, kHeader + 1});
  const auto bytes = std::as_bytes(std::span(value));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    CHECK_FALSE(RecordView::parse(bytes.first(size)).has_value());
  }
}

TEST_CASE("a header's body length near the end of its range does not wrap around", "[schema]") {
  CHECK_FALSE(parses(value_of({0, 0xffffffff, kHeader + 1})));
  CHECK_FALSE(parses(value_of({kReleased, 0xfffffffc, kHeader})));
  CHECK_FALSE(parses(value_of({kReleased, 0xffffffff, kHeader + 3})));
}

TEST_CASE("flags that nobody knows yet are kept and do not matter", "[schema]") {
  const auto value = value_of({0x8000, 2, kHeader + 2});
  auto view = RecordView::parse(std::as_bytes(std::span(value)));
  REQUIRE(view);
  CHECK(view->header().flags == 0x8000);
  CHECK_FALSE(view->header().released());
}

TEST_CASE("header, body and hash of a released revision are read in place", "[schema]") {
  auto value = value_of({kReleased, 2, kHeader + 2 + kHash});
  value[kHeader] = 11;
  value[kHeader + 1] = 12;
  value[kHeader + 2] = 0x0807060504030201;
  auto view = RecordView::parse(std::as_bytes(std::span(value)));
  REQUIRE(view);
  REQUIRE(view->body().size() == 2);
  CHECK(view->body()[0] == 11);
  CHECK(view->body()[1] == 12);
  CHECK(view->body().data() == value.data() + kHeader);
  CHECK(view->hash()[0] == std::byte{1});
  CHECK(view->hash()[7] == std::byte{8});
  CHECK(view->hash()[8] == std::byte{0});
}

TEST_CASE("what is not released has no hash", "[schema]") {
  auto value = value_of({0, 4, kHeader + 4});
  value.back() = ~std::uint64_t{0};
  CHECK(RecordView::parse(std::as_bytes(std::span(value)))->hash() == ContentHash{});
}

TEST_CASE("the content hash is SHA-256 over the bytes of the body", "[schema]") {
  // sha256sum of nothing, and of the eight bytes "abcdefgh".
  const ContentHash nothing = content_hash({});
  CHECK(nothing[0] == std::byte{0xe3});
  CHECK(nothing[31] == std::byte{0x55});
  const std::uint64_t letters = 0x6867666564636261;
  const ContentHash hash = content_hash({&letters, 1});
  CHECK(hash[0] == std::byte{0x9c});
  CHECK(hash[1] == std::byte{0x56});
  CHECK(hash[31] == std::byte{0xab});
}

TEST_CASE("the content hash changes with every bit of the body", "[schema]") {
  auto body = test::full_part();
  const ContentHash original = content_hash(body);
  for (std::size_t bit = 0; bit < body.size() * 64; bit += 37) {
    body[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    CHECK(content_hash(body) != original);
    body[bit / 64] ^= std::uint64_t{1} << (bit % 64);
  }
  CHECK(content_hash(body) == original);
}

TEST_CASE("a record reads its fields in place", "[schema]") {
  const auto body = test::full_part();
  auto value = value_of({0, static_cast<std::uint32_t>(body.size()), kHeader + body.size()});
  std::memcpy(value.data() + kHeader, body.data(), body.size() * 8);
  Record<shop::Part> part(shop::PartKey(RecordId{1}, Revision{1}),
                          *RecordView::parse(std::as_bytes(std::span(value))));
  CHECK(part->getNumber() == "R-0603-10K");
  CHECK(part.body().getBom()[0].getCount() == 4);
  CHECK(part.key() == shop::PartKey(RecordId{1}, Revision{1}));
}

}  // namespace coppice
