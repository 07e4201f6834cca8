#include "client/query_walk.h"

#include <algorithm>
#include <limits>

namespace coppice::client {

Result<std::unique_ptr<QueryWalk>> QueryWalk::begin(const SnapshotState& snapshot,
                                                    const AnyQuery& query) {
  auto plan = plan_query(snapshot, query);
  if (!plan) return plan.error();
  return std::make_unique<QueryWalk>(snapshot, std::move(*plan));
}

QueryWalk::QueryWalk(const SnapshotState& snapshot, QueryPlan plan)
    : snapshot_(snapshot),
      plan_(std::move(plan)),
      records_(snapshot),
      run_(plan_.condition, records_),
      look_up_(snapshot, plan_.query.tree, plan_.query.revisions),
      left_(plan_.query.limit.value_or(std::numeric_limits<std::size_t>::max())) {
  if (!plan_.candidates) all_.emplace(snapshot, plan_.query.tree, plan_.query.revisions);
  if (plan_.order.empty() || left_ == 0) return;
  if (!plan_.along || !walk_along()) sort();
}

std::optional<AnyRecord> QueryWalk::next_candidate() {
  if (all_) return all_->next();
  const auto& keys = plan_.candidates->keys;
  while (candidate_ < keys.size()) {
    if (auto record = look_up_.find(keys[candidate_++])) return record;
  }
  return std::nullopt;
}

std::optional<AnyRecord> QueryWalk::next_match() {
  while (auto record = next_candidate()) {
    if (run_.fulfils(record->view.body())) return record;
  }
  return std::nullopt;
}

std::optional<AnyRecord> QueryWalk::next() {
  if (sorted_) {
    if (given_ == sorted_->size()) return std::nullopt;
    return (*sorted_)[given_++];
  }
  if (left_ == 0) return std::nullopt;
  --left_;
  return next_match();
}

// With a limit a heap with the last of the first ones on top: never more than are asked for are
// kept.
void QueryWalk::sort() {
  std::vector<Ranked> first;
  while (auto record = next_match()) {
    Ranked ranked{plan_.order.key(record->view.body(), records_), *record};
    if (first.size() == left_) {
      if (!(ranked < first.front())) continue;
      std::pop_heap(first.begin(), first.end());
      first.pop_back();
    }
    first.push_back(std::move(ranked));
    if (plan_.query.limit) std::push_heap(first.begin(), first.end());
  }
  std::sort(first.begin(), first.end());
  sorted_.emplace();
  for (const Ranked& ranked : first) sorted_->push_back(ranked.record);
}

bool QueryWalk::walk_along() {
  const auto direction = plan_.along->direction == Direction::ascending
                             ? store::IndexValues::Direction::ascending
                             : store::IndexValues::Direction::descending;
  store::IndexValues values(snapshot_.txn(), snapshot_.replica.indexes().tables(),
                            plan_.along->index, direction);
  std::vector<KeyWord> keys;
  sorted_.emplace();
  for (std::uint64_t walked = 0; values; values.next()) {
    walked += values.count();
    if (walked > plan_.along->entries_max) {
      sorted_.reset();
      return false;
    }
    values.read_keys(keys);
    if (!take_keys(keys, values.is_cut())) return true;
  }
  if (plan_.along->may_lack_value) take_unset();
  return true;
}

bool QueryWalk::take_keys(const std::vector<KeyWord>& keys, bool is_cut) {
  std::vector<Ranked> ranked;
  for (const KeyWord key : keys) {
    if (plan_.along->may_repeat && !seen_.insert(key.value).second) continue;
    const auto record = look_up_.find(key);
    if (!record || !run_.fulfils(record->view.body())) continue;
    // Values that were cut off in the index look alike there.
    if (is_cut) {
      ranked.push_back({plan_.order.key(record->view.body(), records_), *record});
    } else if (!take(*record)) {
      return false;
    }
  }
  std::sort(ranked.begin(), ranked.end());
  return std::all_of(ranked.begin(), ranked.end(),
                     [&](const Ranked& one) { return take(one.record); });
}

bool QueryWalk::take(const AnyRecord& record) {
  sorted_->push_back(record);
  return sorted_->size() < left_;
}

void QueryWalk::take_unset() {
  const SortKey without_value = plan_.order.key({}, records_);
  while (auto record = next_match()) {
    if (plan_.order.key(record->view.body(), records_) == without_value && !take(*record)) return;
  }
}

}  // namespace coppice::client

namespace coppice {

AnyQueryIterator::AnyQueryIterator(std::unique_ptr<client::QueryWalk> walk)
    : walk_(std::move(walk)) {}
AnyQueryIterator::AnyQueryIterator(AnyQueryIterator&&) noexcept = default;
AnyQueryIterator::~AnyQueryIterator() = default;

std::optional<AnyRecord> AnyQueryIterator::next() { return walk_->next(); }

Result<AnyQueryIterator> begin_query(const client::SnapshotState& snapshot, const AnyQuery& query) {
  auto walk = client::QueryWalk::begin(snapshot, query);
  if (!walk) return walk.error();
  return AnyQueryIterator(std::move(*walk));
}

Result<std::uint64_t> Snapshot::count(const AnyQuery& query) const {
  // In which order they come makes no difference.
  AnyQuery unordered = query;
  unordered.order.clear();
  auto plan = client::plan_query(*state_, unordered);
  if (!plan) return plan.error();
  if (plan->is_counted)
    return std::min<std::uint64_t>(plan->candidates->keys.size(), query.limit.value_or(~0ull));
  client::QueryWalk walk(*state_, std::move(*plan));
  std::uint64_t count = 0;
  while (walk.next()) ++count;
  return count;
}

Result<Explanation> Snapshot::explain(const AnyQuery& query) const {
  auto plan = client::plan_query(*state_, query);
  if (!plan) return plan.error();
  return std::move(plan->explanation);
}

}  // namespace coppice
