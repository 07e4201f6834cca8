#include "client/query_plan.h"

#include "client/index_keys.h"
#include "client/revision_walk.h"
#include "schema/query_text.h"

namespace coppice::client {
namespace {

using Step = Explanation::Step;

class Planner {
 public:
  Planner(const SnapshotState& snapshot, const AnyQuery& query)
      : snapshot_(snapshot), query_(query), trees_(trees_of(snapshot)) {}

  Result<QueryPlan> plan() {
    const auto info = trees_.tree(query_.tree, query_.schema);
    if (!info) return unknown_tree();
    auto condition = ConditionProgram::compile(query_.where, query_.tree, query_.schema, trees_);
    if (!condition) return condition.error();
    auto order = OrderProgram::compile(query_, trees_);
    if (!order) return order.error();

    QueryPlan plan{query_, std::move(*condition), std::move(*order)};
    const auto text = to_text(query_, trees_);
    plan.explanation = {Step::query, info->name() + (text.empty() ? "" : ": " + text)};
    CandidateFinder finder(snapshot_, trees_);
    plan.candidates = finder.find(query_.where, query_.tree, query_.schema);
    if (!plan.candidates) plan.along = along(finder);
    const bool has_all_revisions = query_.revisions == Revisions::all || !info->versioned();
    plan.is_counted = plan.candidates && plan.candidates->is_exact && has_all_revisions;
    explain(plan, finder.notes(), info->name());
    return plan;
  }

 private:
  std::optional<QueryPlan::Along> along(const CandidateFinder& finder) {
    if (query_.order.size() != 1 || !query_.order.front().hops.empty() || !query_.limit)
      return std::nullopt;
    const auto found = trees_.field(query_.tree, query_.order.front().field, query_.schema);
    if (!found) return std::nullopt;
    const AskableIndex index = index_of(snapshot_, query_.tree, *found->field);
    if (!index.number) return std::nullopt;
    along_field_ = found->field->name;
    return QueryPlan::Along{index.number, query_.order.front().direction,
                            !found->field->is_always_there, !found->field->is_single,
                            finder.worth(records())};
  }

  std::uint64_t records() const {
    const auto* tree = snapshot_.tree(query_.tree);
    return tree ? tree->count(snapshot_.txn()) : 0;
  }

  void explain(QueryPlan& plan, const std::vector<std::string>& notes, const std::string& tree) {
    auto& steps = plan.explanation.below;
    if (plan.candidates) {
      steps.push_back(plan.candidates->how);
    } else if (plan.along) {
      steps.push_back({Step::in_order, "index on " + along_field_ +
                                           ", in its order, as long as that takes at most " +
                                           std::to_string(plan.along->entries_max) + " entries"});
    } else {
      steps.push_back({Step::all_records, "all records of " + tree, records()});
    }
    const bool is_tested =
        !query_.where.is_everything() && !(plan.candidates && plan.candidates->is_exact);
    if (is_tested)
      steps.push_back(
          {Step::test, "tested: " + to_text(query_.where, query_.tree, query_.schema, trees_)});
    if (!plan.order.empty() && !plan.along) {
      steps.push_back(
          {Step::sort, query_.limit ? "sorted, the first " + std::to_string(*query_.limit) + " kept"
                                    : "sorted"});
    } else if (query_.limit) {
      steps.push_back({Step::limit, "the first " + std::to_string(*query_.limit)});
    }
    for (const std::string& note : notes) steps.push_back({Step::note, "(" + note + ")"});
  }

  const SnapshotState& snapshot_;
  const AnyQuery& query_;
  QueryTrees trees_;
  std::string along_field_;
};

}  // namespace

Result<QueryPlan> plan_query(const SnapshotState& snapshot, const AnyQuery& query) {
  return Planner(snapshot, query).plan();
}

}  // namespace coppice::client
