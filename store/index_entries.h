#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/index_tables.h"

namespace coppice::store {

// Entries of declared indexes that are to come and to go, collected record by record and written in
// key order at the end: random keys cost many times growing ones.
//
// Of an entry that goes and comes again nothing is written, so a record that changes costs what its
// indexed values change.
class IndexEntries {
 public:
  enum class Fate { comes, goes };

  // The entries that a body makes. `numbers` says which indexes of the plan are meant, by their
  // places in it; those without a number are left out.
  void collect(const IndexPlan& plan, const std::vector<IndexNumber>& numbers, AnyKey key,
               std::span<const std::uint64_t> body, Fate fate);
  // Writes and forgets them.
  void write(WriteTxn& txn, const IndexTables& tables);

  // One that is left when those that cancel each other are gone.
  enum class Where : std::uint8_t { values, words, references };
  struct Settled {
    Where where;
    Bytes key;
    Bytes value;
    Fate fate;
  };
  // Hands them out in key order, and forgets them.
  void settle(const std::function<void(const Settled&)>& take);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

 private:
  class Collector;
  // The first eight bytes of a key, after the index's number, are a number of their own, since most
  // keys are not longer; the rest is in rest_. A reference has the key referred to in `head` and
  // both trees in `rest`.
  struct Entry {
    std::uint64_t head = 0;
    std::uint64_t word = 0;
    std::uint32_t number = 0;
    std::uint32_t order = 0;  // in which they came
    std::uint32_t rest = 0;
    std::uint16_t rest_bytes = 0;
    std::uint8_t head_bytes = 8;
    Where where = Where::values;
    Fate fate = Fate::comes;
  };

  void add(Where where, IndexNumber number, Bytes value, KeyWord word, Fate fate);
  void add_reference(AnyKey to, AnyKey from, Fate fate);
  void push(Entry entry, Bytes rest);
  Bytes rest_of(const Entry& entry) const;
  std::strong_ordering compare(const Entry& a, const Entry& b) const;
  void hand_out(const Entry& entry, const std::function<void(const Settled&)>& take) const;

  std::vector<Entry> entries_;
  std::vector<std::byte> rest_;
};

}  // namespace coppice::store
