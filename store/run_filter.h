#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coppice::store {

// Says quickly of most keys that no run has them: bits, three for each key, in one word (a Bloom
// filter). A key that was added is always said to be there; of two million, some one in a hundred
// others too.
class RunFilter {
 public:
  // `hash`: ValueEntry::hash() of an entry.
  void add(std::uint64_t hash) {
    if (words_.empty()) words_.resize(kWords);
    words_[hash >> kShift] |= bits(hash);
  }
  bool may_have(std::uint64_t hash) const {
    return !words_.empty() && (words_[hash >> kShift] & bits(hash)) == bits(hash);
  }
  // Gives its memory back.
  void clear() { words_ = {}; }

 private:
  // 4 MB, for the two million entries that 64 MB of runs have.
  static constexpr unsigned kShift = 64 - 19;
  static constexpr std::size_t kWords = std::size_t{1} << 19;

  static std::uint64_t bits(std::uint64_t hash) {
    return std::uint64_t{1} << (hash & 63) | std::uint64_t{1} << (hash >> 6 & 63) |
           std::uint64_t{1} << (hash >> 12 & 63);
  }

  std::vector<std::uint64_t> words_;  // none: nothing was added
};

}  // namespace coppice::store
