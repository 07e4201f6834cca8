#pragma once

#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "client/query_plan.h"
#include "client/revision_walk.h"
#include "coppice/query_view.h"

namespace coppice::client {

// What is behind an AnyQueryIterator: one answer to one query.
class QueryWalk {
 public:
  QueryWalk(const SnapshotState& snapshot, QueryPlan plan);
  // Errors: as Snapshot::select.
  static Result<std::unique_ptr<QueryWalk>> begin(const SnapshotState& snapshot,
                                                  const AnyQuery& query);
  std::optional<AnyRecord> next();

 private:
  struct Ranked {
    SortKey key;
    AnyRecord record;
    bool operator<(const Ranked& other) const {
      const auto order = key.compare(other.key);
      return order != 0 ? order < 0 : record.key < other.record.key;
    }
  };

  // The next record to look at, in key order.
  std::optional<AnyRecord> next_candidate();
  // The next that fulfils the condition, in key order.
  std::optional<AnyRecord> next_match();
  // Put sorted_ together.
  void sort();
  // False: it was no good idea, and sorted_ is as before.
  bool walk_along();
  // What one value of the index has; false: it is enough.
  bool take_keys(const std::vector<KeyWord>& keys, bool is_cut);
  bool take(const AnyRecord& record);
  // Those that the index does not have.
  void take_unset();

  const SnapshotState& snapshot_;
  const QueryPlan plan_;
  SnapshotRecords records_;
  ConditionRun run_;
  RevisionLookUp look_up_;
  std::optional<RevisionWalk> all_;  // nothing: there are candidates
  std::size_t candidate_ = 0;
  std::size_t left_;
  // In order; where that is not the order of keys.
  std::optional<std::vector<AnyRecord>> sorted_;
  std::size_t given_ = 0;                   // of sorted_
  std::unordered_set<std::uint64_t> seen_;  // along an index in which records may repeat
};

}  // namespace coppice::client
