// The part of CandidateFinder that goes from the inside out: first what is referred to, then what
// refers to it.
#include <algorithm>

#include "client/index_keys.h"
#include "client/query_candidates.h"
#include "client/revision_walk.h"
#include "schema/query_text.h"

namespace coppice::client {

std::optional<Candidates> CandidateFinder::find_users(const AnyCondition& condition,
                                                      const Scope& scope) {
  const auto found = trees_.field(scope.tree, condition.field(), scope.schema);
  if (!found) return std::nullopt;
  const Scope target{condition.target(), condition.schema(), worth(count(condition.target()))};
  const auto referred = find_referred(condition.parts().front(), target, scope);
  if (!referred) return std::nullopt;
  auto keys = referring(*found, target.tree, referred->keys, scope);
  if (!keys) return std::nullopt;
  const auto info = trees_.tree(target.tree, target.schema);
  Explanation how{Explanation::Step::users,
                  "those that refer to " + std::to_string(referred->keys.size()) + " of " +
                      info->name() + " by " + found->field->name,
                  keys->size()};
  how.below = {referred->how,
               {Explanation::Step::test, "tested: " + text(condition.parts().front(), target)}};
  return Candidates{std::move(*keys), std::move(how), false};
}

std::optional<Candidates> CandidateFinder::find_referred(const AnyCondition& condition,
                                                         const Scope& target, const Scope& scope) {
  const std::size_t notes = notes_.size();
  auto candidates = find(condition, target);
  notes_.resize(notes);
  const std::uint64_t all = count(target.tree);
  if (!candidates && all > std::max<std::uint64_t>(1000, count(scope.tree) / 4)) {
    note("to find out first which records fulfil " + text(condition, target) +
         " costs too much: there are " + std::to_string(all));
    return std::nullopt;
  }
  const auto program = ConditionProgram::compile(condition, target.tree, target.schema, trees_);
  if (!program) return std::nullopt;
  SnapshotRecords records(snapshot_);
  ConditionRun run(*program, records);
  Candidates fulfilling;
  const auto look_at = [&](const std::optional<AnyRecord>& record) {
    if (record && run.fulfils(record->view.body())) fulfilling.keys.push_back(record->key.word);
  };
  if (candidates) {
    fulfilling.how = std::move(candidates->how);
    RevisionLookUp revisions(snapshot_, target.tree, Revisions::all);
    for (const KeyWord key : candidates->keys) look_at(revisions.find(key));
  } else {
    fulfilling.how = {Explanation::Step::all_records,
                      "all records of " + trees_.tree(target.tree, target.schema)->name(), all};
    RevisionWalk walk(snapshot_, target.tree, Revisions::all);
    while (auto record = walk.next()) look_at(record);
  }
  if (fulfilling.keys.size() > scope.keys_max) {
    note_too_many(text(condition, target), scope);
    return std::nullopt;
  }
  return fulfilling;
}

std::optional<std::vector<KeyWord>> CandidateFinder::referring(const QueryTrees::Found& found,
                                                               TreeId target,
                                                               const std::vector<KeyWord>& referred,
                                                               const Scope& scope) {
  // What refers to a revision names it, or floats to its record.
  std::vector<KeyWord> names = referred;
  for (const KeyWord key : referred) names.emplace_back(key.id(), Revision{0});
  sort_keys(names);
  const AskableIndex index = index_of(snapshot_, scope.tree, *found.field);
  if (!index.number && !joint_index(snapshot_, scope.tree, IndexPlan::Kind::references)) {
    note("who refers to a record is still being found out");
    return std::nullopt;
  }
  std::vector<KeyWord> keys;
  bool has_cut = false;
  for (const KeyWord name : names) {
    const OwnedValue value{FieldValue(name)};
    const bool is_worth_it =
        index.number
            ? add_keys_in(snapshot_, index.number, {value, value}, scope.keys_max, keys, has_cut)
            : add_users(snapshot_, AnyKey(target, name), scope.tree, scope.keys_max, keys);
    if (is_worth_it) continue;
    note_too_many(index.number ? "index on " + found.field->name : "where-used", scope);
    return std::nullopt;
  }
  sort_keys(keys);
  return keys;
}

}  // namespace coppice::client
