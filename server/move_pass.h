#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "server/clients.h"
#include "server/leases.h"
#include "server/move_plan.h"
#include "server/moves.h"
#include "server/tables.h"
#include "store/index_entries.h"

namespace coppice::server {

// The moves of one run, after its migrations: carried out, or only looked at. Both judge by the
// same: what is stored, read as the migrations leave it, and what this run has moved already.
//
// The keys of moved records and their unique values are kept in memory.
class MovePass {
 public:
  // `target`: null in a dry run. `new_records`: tables of the trees that the database does not
  // have, none in a dry run. All are to live as long as this.
  MovePass(const store::Database& database, const Tables& tables, const TreePlans& trees,
           const std::map<TreeId, store::RecordTree>& new_records, const Migrations& migrations,
           const store::Txn& from, MigrationTarget* target, std::int64_t now_us,
           const MigrationWatch& watch);

  // One move.
  MoveReport run(const TreeMove& move);
  // After the last move: ends the indexes and leases, and counts who refers to what was moved.
  std::vector<LeftReferences> finish();
  // The new trees that records came into.
  const std::set<TreeId>& made() const { return made_; }

 private:
  class UniqueValues;
  class References;
  struct Revision {
    KeyWord key;
    RecordHeader header;
    MigratedBodies::Body body;
  };
  // The tree that records move into.
  struct Into {
    TreeInfoPtr info;
    // Nothing: it is new, and this is a dry run.
    std::optional<store::RecordTree> records;
    std::uint64_t next_id = 1;  // before this run
    std::uint64_t highest = 0;  // that came
    // Unique values of what came, by the index's place, with the key and the number of the move.
    std::map<std::pair<unsigned, std::string>, std::pair<KeyWord, std::size_t>> values;
    std::unordered_set<AnyKey> arrived;  // records
  };
  // What a new body is, or that the record stays, or why neither.
  using Answer = Result<std::optional<std::vector<std::uint64_t>>>;
  using Bodies = std::vector<std::vector<std::uint64_t>>;

  Into& into(TreeId tree);
  void walk();
  void look(std::string_view tree, std::uint64_t done, std::uint64_t total) const;
  std::vector<Revision> revisions(RecordId id, const store::RecordTree& records) const;
  void take(RecordId id, const std::vector<Revision>& revisions);
  Answer ask(const Revision& revision) const;
  std::optional<Error> objection(RecordId id, const std::vector<Revision>& revisions);
  void go(RecordId id, const std::vector<Revision>& revisions, const Bodies& bodies);
  void write(const Revision& revision, const std::vector<std::uint64_t>& body);
  void index(const TreeInfo& tree, KeyWord key, std::span<const std::uint64_t> body,
             store::IndexEntries::Fate fate);
  const std::vector<store::IndexNumber>& numbers(const TreeInfo& tree);
  void judge_stored_values();
  void count_references(TreeId tree, std::map<TreeId, LeftReferences>& found);
  bool names_moved(AnyKey to) const { return gone_.contains(to.record()); }
  void fail(const Error& why);
  Error about(AnyKey key, Errc code, const std::string& what) const;

  const store::Database& database_;
  const Tables& tables_;
  const TreePlans& trees_;
  const std::map<TreeId, store::RecordTree>& new_records_;
  const MigratedBodies bodies_;
  const store::Txn& from_txn_;
  MigrationTarget* const target_;
  const std::int64_t now_us_;
  const MigrationWatch& watch_;
  const Clients clients_;

  // The move under way.
  const TreeMove* move_ = nullptr;
  std::size_t move_number_ = 0;
  TreeInfoPtr from_;
  Into* into_ = nullptr;
  MoveReport report_;

  // Of all moves.
  std::map<TreeId, Into> intos_;
  std::unordered_set<AnyKey> gone_;  // records, by what they were called
  std::set<TreeId> made_;
  // What moved bodies refer to, with their trees.
  std::vector<std::pair<TreeId, AnyKey>> referred_;
  store::IndexEntries entries_;
  std::optional<store::ValueWriter> values_;  // none in a dry run
  std::map<TreeId, std::vector<store::IndexNumber>> numbers_;
};

}  // namespace coppice::server
