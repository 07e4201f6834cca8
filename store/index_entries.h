#pragma once

#include <array>
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
    // Valid until the next one.
    Bytes key;
    Bytes value;
    Fate fate;
  };
  // Hands them out in key order, and forgets them.
  void settle(const std::function<void(const Settled&)>& take);

  bool empty() const { return size() == 0; }
  std::size_t size() const { return entries_[0].size() + entries_[1].size() + entries_[2].size(); }

 private:
  class Collector;
  // Ordered by `high` and `low`, and nearly always by these alone:
  //
  //               high                                low
  //   others      index's number, 4 bytes of value    7 bytes of value, its length
  //   references  tree referred to                    key referred to
  //
  // `more` has the bytes of the value from the 12th on, or of a reference the tree that refers.
  struct Entry {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t word = 0;
    std::uint32_t order = 0;  // in which they came
    std::uint32_t more = 0;   // where in more_
    Fate fate = Fate::comes;

    std::size_t length() const { return low & 0xff; }
  };
  static constexpr std::size_t kBytesInEntry = 11;
  static constexpr std::size_t kTables = 3;

  void add(Where where, IndexNumber number, Bytes value, KeyWord word, Fate fate);
  void add_reference(AnyKey to, AnyKey from, Fate fate);
  void push(Where where, Entry entry, Bytes more);
  std::strong_ordering compare(Where where, const Entry& a, const Entry& b) const;
  std::strong_ordering compare_ends(const Entry& a, const Entry& b) const;
  void settle(Where where, const std::function<void(const Settled&)>& take);
  Settled settled(Where where, const Entry& entry);
  Settled settled_reference(const Entry& entry);

  // By Where.
  std::array<std::vector<Entry>, kTables> entries_;
  std::vector<std::byte> more_;
  // What settled() shows.
  std::array<std::byte, 4 + IndexTables::kValueBytesMax> key_;
  std::array<std::byte, 16> reference_;
};

}  // namespace coppice::store
