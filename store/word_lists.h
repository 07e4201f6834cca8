#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/index_tables.h"

namespace coppice::store {

// The records of one tree that have a word, or one that begins with it: a list of keys for each
// such word and class.
//
// Valid as long as its transaction.
class WordLists {
 public:
  // Of a beginning that very many words have, only so many lists are looked at: whoever types one
  // letter wants some hits, not all.
  static constexpr std::size_t kListsMax = 96;

  // `word` is folded (schema/fold.h).
  WordLists(const Txn& txn, const IndexTables& tables, IndexNumber number, std::string_view word);

  struct List {
    std::string key;
    unsigned rank = 0;  // how good its hits are: 0 is best
    Bytes bytes() const { return std::as_bytes(std::span(key)); }
  };
  // The best first.
  const std::vector<List>& lists() const { return lists_; }
  // There are more lists than were looked at.
  bool is_cut() const { return is_cut_; }
  // Keys in all of these lists together.
  std::uint64_t count() const { return count_; }

  // The first key in any list that is not below this one.
  std::optional<KeyWord> seek(KeyWord key);

 private:
  Cursor cursor_;
  std::vector<List> lists_;
  bool is_cut_ = false;
  std::uint64_t count_ = 0;
};

// How good a hit is: in a text with a word of this class, which is the one asked for or only begins
// with it. Ranks of several words are added.
unsigned hit_rank(unsigned word_class, bool is_whole_word);

}  // namespace coppice::store
