#pragma once

#include <cstdint>
#include <vector>

#include "store/meta.h"
#include "store/value_run.h"

namespace coppice::store {

// A run with its number: those that are newer have higher ones.
struct StoredRun {
  std::uint64_t number;
  RunView run;
};

// Where the values of declared indexes are: a table, and above it runs of what came and went last,
// which are cheaper to write than the table's pages. For each entry the newest run that names it
// says whether it is there; where none does, the table. ValueCursor reads both as one, ValueWriter
// writes runs and drains them into the table; nobody else reaches the table.
class ValueTables {
 public:
  ValueTables() : meta_(Table{}) {}
  // `runs`: nothing in a database that is only looked at and never had any.
  ValueTables(Table table, std::optional<Table> runs, const Meta& meta)
      : table_(table), runs_(runs), meta_(meta) {}

  bool has_runs(const Txn& txn) const { return runs_ && txn.count(*runs_) != 0; }
  // The oldest first. Views, valid as the transaction says.
  std::vector<StoredRun> runs(const Txn& txn) const;
  // The table itself, for entries that are true now and that no run denies: what a build finds in
  // records, and what nobody has entries of in any run.
  IndexCursor below_runs(WriteTxn& txn) const { return IndexCursor(txn, table_); }

 private:
  friend class ValueCursor;
  friend class ValueFinder;
  friend class ValueWriter;

  Table table_;
  std::optional<Table> runs_;
  Meta meta_;
};

}  // namespace coppice::store
