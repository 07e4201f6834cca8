#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "schema/fold.h"
#include "store/index_tables.h"
#include "store/value_writer.h"

namespace coppice::store {

// Entries of declared indexes that are to come and to go, collected record by record and written in
// key order at the end: random keys cost many times growing ones.
//
// Of an entry that goes and comes again nothing is written, so a record that changes costs what its
// indexed values change.
class IndexEntries {
 public:
  using Fate = store::Fate;

  // The entries that a body makes. `numbers` says which indexes of the plan are meant, by their
  // places in it; those without a number are left out.
  void collect(const IndexPlan& plan, const std::vector<IndexNumber>& numbers, AnyKey key,
               std::span<const std::uint64_t> body, Fate fate);
  // Writes and forgets them. Values are written by `values`; without it straight into their table,
  // for which they have to be as ValueTables::below_runs() says.
  void write(WriteTxn& txn, const IndexTables& tables, ValueWriter* values = nullptr);

  // One that is left when those that cancel each other are gone.
  enum class Where : std::uint8_t { values, words, references };
  struct Settled {
    Where where;
    // Valid until the next one.
    Bytes key;
    Bytes value;
    Fate fate;
  };
  // Hands them out in key order, and forgets them.
  void settle(const std::function<void(const Settled&)>& take);

  // The same of the values alone: calls take(const ValueEntry&, Fate).
  template <typename F>
  void settle_values(const F& take) {
    settle_entries(Where::values, [&](const Entry& entry) { take(view_of(entry), entry.fate()); });
  }

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

 private:
  class Collector;
  // `high`, `low` and what `more` is for: as ValueEntry says, of words too; and of references
  //
  //   high  tree referred to
  //   low   key referred to
  //   more  the tree that refers
  struct Entry {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t word = 0;
    std::uint32_t order = 0;  // in which they came, and in the lowest bit whether it goes
    std::uint32_t more = 0;   // where in more_

    Fate fate() const { return (order & 1) != 0 ? Fate::goes : Fate::comes; }
  };
  // Those of one index, which often come in the order of their values. Of references, all.
  struct Group {
    IndexNumber number;
    std::vector<Entry> entries;
    bool is_sorted = true;
  };
  static constexpr std::size_t kTables = 3;

  void add(Where where, IndexNumber number, Bytes value, KeyWord word, Fate fate);
  void add_number(IndexNumber number, std::uint64_t ordered, KeyWord word, Fate fate);
  void add_reference(AnyKey to, AnyKey from, Fate fate);
  void push(Where where, IndexNumber number, Entry entry, Bytes more, Fate fate);
  Group& group(Where where, IndexNumber number);
  int compare(Where where, const Entry& a, const Entry& b) const;
  ValueEntry view_of(const Entry& entry) const {
    return {entry.high, entry.low, entry.word, more_.data() + entry.more};
  }
  void sort(Where where, Group& group);
  template <typename F>
  void settle_entries(Where where, const F& take);
  void settle(Where where, const std::function<void(const Settled&)>& take);
  Settled settled(Where where, const Entry& entry);
  Settled settled_reference(const Entry& entry);

  // The words of one body. Here, for its memory is used again for the next.
  struct Words {
    struct Word {
      std::uint32_t at;  // in `folded`
      std::uint8_t length;
      WordClass word_class;
    };
    std::string folded;
    std::vector<Word> words;
  };

  // By Where; in the order of their numbers.
  std::array<std::vector<Group>, kTables> groups_;
  // By Where: the group of the last entry. The next is mostly the one after it.
  std::array<std::size_t, kTables> last_group_{};
  std::size_t count_ = 0;
  std::vector<std::byte> more_;
  Words words_;
  // What settled() shows.
  std::array<std::byte, kValueKeyBytesMax> key_;
  std::array<std::byte, 16> reference_;
};

template <typename F>
void IndexEntries::settle_entries(Where where, const F& take) {
  for (Group& group : groups_[static_cast<std::size_t>(where)]) {
    auto& entries = group.entries;
    if (!group.is_sorted) sort(where, group);
    for (std::size_t i = 0; i < entries.size();) {
      const std::size_t first = i;
      while (++i < entries.size() && compare(where, entries[first], entries[i]) == 0) continue;
      // Equal ones came in turns: the first says whether it was there, the last whether it will be.
      const bool was = entries[first].fate() == Fate::goes;
      const bool will_be = entries[i - 1].fate() == Fate::comes;
      if (was != will_be) take(entries[i - 1]);
    }
    count_ -= entries.size();
    entries.clear();
    group.is_sorted = true;
  }
  if (count_ == 0) more_.clear();
}

}  // namespace coppice::store
