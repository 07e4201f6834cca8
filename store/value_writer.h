#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "store/run_filter.h"
#include "store/run_limits.h"
#include "store/value_tables.h"

namespace coppice::store {

class IndexEntries;

// Writes the values of declared indexes: few straight into the table, many as a sorted run above
// it, and runs into the table.
//
// Random keys change a page of the table each, and growing ones cost a search each; a run costs
// what its bytes cost. Runs are of levels by their size, large ones first: a new one takes those
// with it that are smaller, and with fan_out - 1 before it of its own level it makes one of the
// next. So an entry is written once for each level, and there are few runs to be looked through.
// What is written while there are runs goes above them, however little it is. A drain takes the
// runs that there are when it begins, piece by piece from the lowest key; until it is over they
// stay, and say what the table says by then, too.
//
// Threads: the database's writer.
class ValueWriter {
 public:
  ValueWriter(const ValueTables& tables, const RunLimits& limits)
      : tables_(tables), limits_(limits) {}

  // A transaction begins to write. `txn` has changed no values yet.
  void begin(const Txn& txn);
  // Takes the values out of `entries` and writes them.
  void write(WriteTxn& txn, IndexEntries& entries);
  // Puts about so many entries from runs into the table. Whether there are runs left.
  bool drain(WriteTxn& txn, std::size_t entries_max);
  // A drain was committed that left no runs.
  void drained();

  // REQUIRES: begin() was called in this transaction, or it has changed no values.
  const RunFilter& filter(const Txn& txn);
  // Counts what was written that makes runs where there are none.
  std::uint64_t changes() const { return changes_; }

 private:
  // Entries of a piece, where a transaction drains everything.
  static constexpr std::size_t kPieceEntries = 100'000;

  void note(RunView run);
  void apply(WriteTxn& txn, RunView run);
  void put(WriteTxn& txn, const std::vector<StoredRun>& runs);
  std::size_t first_to_merge(const Txn& txn, const std::vector<StoredRun>& runs) const;
  unsigned level(std::size_t entries) const;

  const ValueTables& tables_;
  const RunLimits limits_;
  // Has all keys of all runs, and possibly more: those of transactions that were given up, and of
  // runs that were drained.
  RunFilter filter_;
  bool filter_is_made_ = false;
  // The filter is to be made anew when the next transaction begins. Not before: this one may yet be
  // given up, and then its runs are there again.
  bool filter_is_old_ = false;
  std::uint64_t changes_ = 0;
  // For their memory.
  RunBuilder new_, made_;
};

}  // namespace coppice::store
