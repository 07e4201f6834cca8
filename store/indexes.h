#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/index_entries.h"
#include "store/index_tables.h"
#include "store/old_bodies.h"

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

  // `old`: null where nobody can read bodies of earlier generations. They are then left out of what
  // is built here. A replica's index that has them, and one that has them not, is made anew for
  // whoever reads otherwise; an authority keeps what the migration has put there, since such bodies
  // never change. It is to live as long as this.
  Indexes(Database& database, Kept kept, const OldBodies* old = nullptr,
          const RunLimits& limits = {});
  Indexes(const Indexes&) = delete;

  // The indexes of one tree.
  struct Tree {
    TreeInfoPtr info;
    RecordTree records;
    // By place in the plan; what is not kept has number 0.
    std::vector<IndexRow> rows;
    std::vector<IndexNumber> numbers;
    // Bodies that the builds since follow() had to leave out.
    std::uint64_t unread = 0;
    bool complete() const;
  };
  // Null: nothing of the tree is indexed.
  const Tree* tree(TreeId id) const;
  const IndexTables& tables() const { return tables_; }
  // A body as the tree's indexes take it.
  IndexableBody indexable(const TreeInfo& tree, AnyKey key, const WrittenBody& body) const {
    return IndexableBody(tree, old_, key, body);
  }

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
  // Whether values may lie in runs, which take longer to be asked than their table.
  bool has_runs() const { return has_runs_; }
  // Puts about so many of them where they belong, in one transaction. To be done when nobody
  // writes: it is cheapest when all have come.
  static constexpr std::size_t kPieceDrained = 50'000;
  void drain(std::size_t entries_max = kPieceDrained);
  void drain_to_the_end() {
    while (has_runs()) drain(kPieceEntries);
  }
  // Counts large writes, of transactions that were given up too. Small ones make no run, but for
  // where there are some.
  std::uint64_t run_changes() const { return values_.changes(); }
  // Records that the builds under way have dealt with, and have to deal with in all.
  struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  Progress progress() const;

 private:
  friend class IndexUpdate;
  friend class UniqueCheck;

  static constexpr std::size_t kPieceEntries = 1'000'000;

  // Of a transaction.
  void begin(const Txn& txn) const { values_.begin(txn); }
  void write(WriteTxn& txn, IndexEntries& entries) const;

  void forget_unwanted(const Txn& txn, const Tree& tree);
  bool reads_old(TreeId tree) const { return old_ && old_->reads(tree); }
  void forget_references(WriteTxn& txn, const TreeInfo& info);
  bool serves(const IndexRow& row, const TreeInfo& info) const;
  IndexRow row_for(WriteTxn& txn, const Tree& tree, const IndexPlan::Index& index);
  void build(Tree& tree, std::size_t records_max);
  void remove_unwanted();

  Database& database_;
  const IndexTables tables_;
  const Kept kept_;
  const OldBodies* const old_;
  std::map<TreeId, Tree> trees_;
  // What writes values is no part of what the indexes are: IndexUpdate has them const.
  mutable ValueWriter values_;
  mutable bool has_runs_ = false;
  // Of indexes that are to be removed: the key of the row.
  std::vector<std::vector<std::byte>> unwanted_;
  // Records of the tree that is being built.
  std::uint64_t built_ = 0;
};

// What must hold of the declared indexes in a database: those that are complete have the entries
// that the records of their trees make, and no others. Walks everything.
struct IndexFindings {
  std::vector<std::string> faults;  // in words for people; empty if all holds
  // Records of earlier generations whose entries, if any, nobody here can check.
  std::uint64_t unread = 0;
};
IndexFindings check_indexes(Database& database, const Txn& txn, const OldBodies* old = nullptr);

// Keeps declared indexes in step with the records of one write transaction.
class IndexUpdate {
 public:
  // REQUIRES: the only one of its transaction, in which no index was changed yet.
  IndexUpdate(const Indexes& indexes, WriteTxn& txn) : indexes_(indexes), txn_(txn) {
    indexes_.begin(txn);
  }

  bool follows(TreeId tree) const { return indexes_.tree(tree) != nullptr; }
  // A record's body before and after; empty: there is none.
  void change(AnyKey key, const WrittenBody& before, const WrittenBody& after);
  // Writes what was collected. To be called before anything is asked of an index, and before the
  // transaction ends.
  void finish() { indexes_.write(txn_, entries_); }

 private:
  // Bounds the memory of very large transactions.
  static constexpr std::size_t kEntriesMax = 2'000'000;

  const Indexes& indexes_;
  WriteTxn& txn_;
  IndexEntries entries_;
};

}  // namespace coppice::store
