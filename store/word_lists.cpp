#include "store/word_lists.h"

#include <algorithm>

namespace coppice::store {

unsigned hit_rank(unsigned word_class, bool is_whole_word) {
  constexpr unsigned kClasses = 3;
  return word_class + (is_whole_word ? 0 : kClasses);
}

WordLists::WordLists(const Txn& txn, const IndexTables& tables, IndexNumber number,
                     std::string_view word)
    : cursor_(txn, tables.words) {
  const ValueKey prefix(number, FieldValue(word));
  for (bool more = cursor_.seek(prefix.bytes()); more; more = cursor_.next_key()) {
    const Bytes key = cursor_.key();
    if (key.size() < prefix.bytes().size() + 2 ||
        !std::ranges::equal(key.first(prefix.bytes().size()), prefix.bytes()))
      break;
    if (lists_.size() == kListsMax) {
      is_cut_ = true;
      break;
    }
    const bool is_whole_word = key.size() == prefix.bytes().size() + 2;
    lists_.push_back({std::string(reinterpret_cast<const char*>(key.data()), key.size()),
                      hit_rank(static_cast<unsigned>(key.back()), is_whole_word)});
    count_ += cursor_.count_values();
  }
  std::stable_sort(lists_.begin(), lists_.end(),
                   [](const List& a, const List& b) { return a.rank < b.rank; });
}

std::optional<KeyWord> WordLists::seek(KeyWord key) {
  std::optional<KeyWord> first;
  for (const List& list : lists_) {
    if (!cursor_.seek_value(list.bytes(), bytes_of(key.value))) continue;
    const KeyWord found(cursor_.value_number());
    if (!first || found < *first) first = found;
    if (found == key) break;
  }
  return first;
}

}  // namespace coppice::store
