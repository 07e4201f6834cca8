#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "coppice/key.h"

namespace coppice {

// One number for the records of a range of keys, in key order: the same on both sides if the keys
// and all bytes of the values are the same, and for all practical purposes only then. It finds
// faults, not forgeries.
//
// Sent: docs/protocol.md ("Comparing") describes it, and it never changes. A step is one
// multiplication: a million records take about as long as reading them.
class RecordDigest {
 public:
  // REQUIRES: the size of `value` is a multiple of 8.
  void add(KeyWord key, std::span<const std::byte> value) {
    step(key.value);
    for (std::size_t at = 0; at < value.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, value.data() + at, sizeof word);
      step(word);
    }
    ++count_;
  }
  std::uint64_t value() const { return state_; }
  // Records added.
  std::uint64_t count() const { return count_; }

  bool operator==(const RecordDigest&) const = default;

 private:
  // Not ISO C++, and in every compiler that we use.
  __extension__ using Product = unsigned __int128;

  // Both halves of the product, so that every bit of the state depends on every bit before.
  void step(std::uint64_t word) {
    const Product product = static_cast<Product>(state_ ^ word) * kFactor;
    state_ =
        static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64) ^ kOffset;
  }

  // Odd numbers without a pattern: the fractional parts of the golden ratio, and of the root of 2.
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kOffset = 0x6a09e667f3bcc909;

  std::uint64_t state_ = kOffset;
  std::uint64_t count_ = 0;
};

}  // namespace coppice
