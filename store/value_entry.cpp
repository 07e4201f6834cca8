#include "store/value_entry.h"

#include <algorithm>

namespace coppice::store {
namespace {

constexpr std::size_t kNumberBytes = 4;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t with) {
  hash = (hash ^ with) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

}  // namespace

ValueEntry ValueEntry::of(Bytes key, std::uint64_t word) {
  if (key.size() < kNumberBytes || key.size() > kValueKeyBytesMax)
    throw CorruptionError("An entry of an index is damaged.");
  std::uint64_t words[2] = {};
  const std::size_t inside = std::min(key.size(), kNumberBytes + kBytesInside);
  std::memcpy(words, key.data(), inside);
  ValueEntry entry;
  entry.high = __builtin_bswap64(words[0]);
  entry.low = __builtin_bswap64(words[1]) | (key.size() - kNumberBytes);
  entry.word = word;
  entry.more = key.data() + inside;
  return entry;
}

std::uint64_t ValueEntry::hash() const {
  std::uint64_t hash = mixed(mixed(0, high), low);
  for (std::size_t at = 0; at < more_bytes(); at += sizeof hash) {
    std::uint64_t part = 0;
    std::memcpy(&part, more + at, std::min(sizeof part, more_bytes() - at));
    hash = mixed(hash, part);
  }
  return hash;
}

Bytes key_of(const ValueEntry& entry, std::array<std::byte, kValueKeyBytesMax>& room) {
  const std::uint64_t words[2] = {__builtin_bswap64(entry.high), __builtin_bswap64(entry.low)};
  std::memcpy(room.data(), words, sizeof words);
  const std::size_t more = entry.more_bytes();
  if (more > 0)
    std::memcpy(room.data() + kNumberBytes + ValueEntry::kBytesInside, entry.more, more);
  return Bytes(room).first(kNumberBytes + entry.length());
}

}  // namespace coppice::store
