#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "store/environment.h"

namespace coppice::store {

// An entry of the indexes' values, as it is compared: nearly always by `high` and `low` alone.
//
//   high   index's number, 4 bytes of value
//   low    7 bytes of value, its length
//
// `more` has the bytes of the value from the 12th on. The order is that of keys in the table
// `values`, and for one key that of key words.
//
// A view, valid as long as what `more` points to.
struct ValueEntry {
  static constexpr std::size_t kBytesInside = 11;

  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint64_t word = 0;
  const std::byte* more = nullptr;

  // `key` is one of the table.
  static ValueEntry of(Bytes key, std::uint64_t word = 0);
  // A value of the index of this number. REQUIRES: at most 120 bytes.
  static ValueEntry of_bytes(std::uint32_t number, Bytes value);
  static ValueEntry of_number(std::uint32_t number, std::uint64_t ordered);

  std::size_t length() const { return low & 0xff; }
  std::size_t more_bytes() const { return length() > kBytesInside ? length() - kBytesInside : 0; }
  std::uint32_t number() const { return static_cast<std::uint32_t>(high >> 32); }
  // Of its key alone.
  std::uint64_t hash() const;
};

inline ValueEntry ValueEntry::of_number(std::uint32_t number, std::uint64_t ordered) {
  return {std::uint64_t{number} << 32 | ordered >> 32, ordered << 32 | sizeof ordered, 0, nullptr};
}

inline ValueEntry ValueEntry::of_bytes(std::uint32_t number, Bytes value) {
  std::array<std::byte, 16> head{};
  const std::size_t inside = std::min(value.size(), kBytesInside);
  if (inside > 0) std::memcpy(head.data() + 4, value.data(), inside);
  std::uint64_t words[2];
  std::memcpy(words, head.data(), sizeof words);
  return {std::uint64_t{number} << 32 | __builtin_bswap64(words[0]),
          __builtin_bswap64(words[1]) | value.size(), 0, value.data() + inside};
}

// A key of the table is not longer.
inline constexpr std::size_t kValueKeyBytesMax = 4 + 120;

// The key of the table, in `room`.
Bytes key_of(const ValueEntry& entry, std::array<std::byte, kValueKeyBytesMax>& room);

// What the first eleven bytes do not tell: below, equal or above 0.
inline int compare_value_ends(const ValueEntry& a, const ValueEntry& b) {
  const std::size_t common = std::min(a.more_bytes(), b.more_bytes());
  if (common > 0) {
    if (const int order = std::memcmp(a.more, b.more, common); order != 0) return order;
  }
  return static_cast<int>(a.length()) - static_cast<int>(b.length());
}

inline int compare_value_keys(const ValueEntry& a, const ValueEntry& b) {
  if (a.high != b.high) return a.high < b.high ? -1 : 1;
  // A shorter value is filled with zeros; the lengths, which come last, tell it from others.
  if (a.low >> 8 != b.low >> 8) return a.low < b.low ? -1 : 1;
  return compare_value_ends(a, b);
}

inline int compare_values(const ValueEntry& a, const ValueEntry& b) {
  if (const int order = compare_value_keys(a, b); order != 0) return order;
  return a.word < b.word ? -1 : a.word > b.word;
}

}  // namespace coppice::store
