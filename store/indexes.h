#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/index_entries.h"
#include "store/index_tables.h"

namespace coppice::store {

// The declared indexes of a database, for whoever writes to it: which there are, and the building
// of those that are new.
//
// An index is built in pieces, a write transaction each, and goes on where it was when the database
// is opened again. Meanwhile every change is kept in step, wherever the build stands: an entry that
// comes twice is there once. Until it is complete, nobody asks it.
//
// Threads: the database's writer. Snapshots read what is stored by themselves.
class Indexes {
 public:
  enum class Kept {
    all,
    unique,  // an authority's: it asks nothing but whether a value is there already
    none,    // of a database that is only looked at
  };

  Indexes(Database& database, Kept kept);

  // The indexes of one tree.
  struct Tree {
    TreeInfoPtr info;
    RecordTree records;
    // By place in the plan; what is not kept has number 0.
    std::vector<IndexRow> rows;
    std::vector<IndexNumber> numbers;
    bool complete() const;
  };
  // Null: nothing of the tree is indexed.
  const Tree* tree(TreeId id) const;
  const IndexTables& tables() const { return tables_; }

  // The catalogue has taken this tree, or a newer schema of it: what is new is to be built, what
  // nobody wants any more is to go. A transaction of its own.
  void follow(const TreeInfoPtr& info);

  // Whether anything is to be built or removed.
  bool has_work() const;
  // Does a piece of it, at most so many records, in one transaction. Large pieces are cheap, since
  // each goes through whole indexes; their entries bound the memory that they take.
  static constexpr std::size_t kPieceRecords = 500'000;
  void work(std::size_t records_max = kPieceRecords);
  void work_to_the_end() {
    while (has_work()) work();
  }
  // The same without removing anything.
  void build_to_the_end();
  // Records that the builds under way have dealt with, and have to deal with in all.
  struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  Progress progress() const;

 private:
  static constexpr std::size_t kPieceEntries = 1'000'000;

  void forget_unwanted(const Txn& txn, const Tree& tree);
  IndexRow row_for(WriteTxn& txn, const Tree& tree, const IndexPlan::Index& index);
  void build(Tree& tree, std::size_t records_max);
  void remove_unwanted();

  Database& database_;
  const IndexTables tables_;
  const Kept kept_;
  std::map<TreeId, Tree> trees_;
  // Of indexes that are to be removed: the key of the row.
  std::vector<std::vector<std::byte>> unwanted_;
  // Records of the tree that is being built.
  std::uint64_t built_ = 0;
};

// What must hold of the declared indexes in a database, in words for people; empty if all does:
// those that are complete have the entries that the records of their trees make, and no others.
// Walks everything.
std::vector<std::string> check_indexes(Database& database, const Txn& txn);

// Keeps declared indexes in step with the records of one write transaction.
class IndexUpdate {
 public:
  IndexUpdate(const Indexes& indexes, WriteTxn& txn) : indexes_(indexes), txn_(txn) {}

  bool follows(TreeId tree) const { return indexes_.tree(tree) != nullptr; }
  // A record's body before and after; empty: there is none.
  void change(AnyKey key, std::span<const std::uint64_t> before,
              std::span<const std::uint64_t> after);
  // Writes what was collected. To be called before anything is asked of an index, and before the
  // transaction ends.
  void finish() { entries_.write(txn_, indexes_.tables()); }

 private:
  // Bounds the memory of very large transactions.
  static constexpr std::size_t kEntriesMax = 2'000'000;

  const Indexes& indexes_;
  WriteTxn& txn_;
  IndexEntries entries_;
};

}  // namespace coppice::store
