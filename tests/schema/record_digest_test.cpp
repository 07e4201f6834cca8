// The numbers are those of docs/protocol.md, made by a program in another language.
#include "schema/record_digest.h"
#include "tests/support/catch.h"

namespace coppice {
namespace {

RecordDigest digest_of(std::vector<std::uint64_t> words) {
  RecordDigest digest;
  digest.add(KeyWord(words.front()), std::as_bytes(std::span(words).subspan(1)));
  return digest;
}

}  // namespace

TEST_CASE("digests are the documented ones", "[schema]") {
  CHECK(RecordDigest().value() == 0x6a09e667f3bcc909);
  CHECK(digest_of({1u << 24 | 1}).value() == 0x5b8cd188b77e85aa);
  CHECK(digest_of({1, 2, 3}).value() == 0xbc92522f4c0699b3);
  CHECK(digest_of({3, 2, 1}).value() == 0xe56a480c3e3d624d);
}

TEST_CASE("every bit of every word counts", "[schema]") {
  const std::vector<std::uint64_t> words(9, 0);
  const auto value = digest_of(words).value();
  for (std::size_t word = 0; word < words.size(); ++word) {
    for (int bit = 0; bit < 64; ++bit) {
      auto changed = words;
      changed[word] ^= std::uint64_t{1} << bit;
      CHECK(digest_of(changed).value() != value);
    }
  }
}

TEST_CASE("a digest knows how many records it is of", "[schema]") {
  RecordDigest digest;
  for (std::uint64_t id = 1; id <= 3; ++id) digest.add(KeyWord(id << 24 | 1), {});
  CHECK(digest.count() == 3);
}

}  // namespace coppice
