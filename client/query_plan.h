#pragma once

#include <optional>
#include <vector>

#include "client/query_candidates.h"
#include "coppice/explanation.h"
#include "schema/order_program.h"

namespace coppice::client {

// How a query is answered in one snapshot.
struct QueryPlan {
  // An index whose order is the one asked for.
  struct Along {
    store::IndexNumber index;
    Direction direction;
    // Some records have no value, and come last.
    bool may_lack_value;
    bool may_repeat;  // a record may have several values
    // After so many entries it was no good idea: then all records are sorted.
    std::uint64_t entries_max;
  };

  AnyQuery query;
  ConditionProgram condition;
  OrderProgram order;
  // The records to look at; nothing: all of the tree.
  std::optional<Candidates> candidates = std::nullopt;
  std::optional<Along> along = std::nullopt;
  Explanation explanation = {};

  // All candidates are the answer, as no revision is left out.
  bool is_counted = false;
};

// Errors: as Snapshot::select.
Result<QueryPlan> plan_query(const SnapshotState& snapshot, const AnyQuery& query);

}  // namespace coppice::client
