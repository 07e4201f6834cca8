#include "client/query_candidates.h"

#include <algorithm>
#include <map>

#include "client/index_keys.h"
#include "schema/query_text.h"
#include "schema/value_test.h"
#include "store/word_lists.h"

namespace coppice::client {
namespace {

// When so few are left, another index only costs.
constexpr std::size_t kFewEnough = 64;
// A record that is looked up costs as much as so many keys that are walked by.
constexpr std::size_t kKeysForARecord = 16;

bool is_one_value(const ValueSpan& span) { return span.from && span.to && *span.from == *span.to; }

std::string span_text(const std::vector<ValueSpan>& spans, const QueryTrees::Found& found,
                      const Catalogue& catalogue) {
  const auto value = [&](const OwnedValue& value) {
    return value_text(found.tree->fields(), *found.field, value, catalogue);
  };
  if (spans.size() != 1) return ", " + std::to_string(spans.size()) + " values or ranges";
  const ValueSpan& span = spans.front();
  if (is_one_value(span)) return ", " + value(*span.from);
  return (span.from ? ", from " + value(*span.from) : "") +
         (span.to ? (span.from ? " to " : ", up to ") + value(*span.to) : "");
}

}  // namespace

std::uint64_t CandidateFinder::worth(std::uint64_t records) {
  return std::max<std::uint64_t>(kFewEnough, records / 10);
}

std::uint64_t CandidateFinder::count(TreeId tree) const {
  const auto* records = snapshot_.tree(tree);
  return records ? records->count(snapshot_.txn()) : 0;
}

void CandidateFinder::note(std::string why) {
  if (std::find(notes_.begin(), notes_.end(), why) == notes_.end())
    notes_.push_back(std::move(why));
}

void CandidateFinder::note_too_many(const std::string& what, const Scope& scope) {
  note(what + " gives more than " + std::to_string(scope.keys_max) + " of " +
       std::to_string(count(scope.tree)) + " records");
}

std::string CandidateFinder::text(const AnyCondition& condition, const Scope& scope) {
  return to_text(condition, scope.tree, scope.schema, trees_);
}

std::optional<Candidates> CandidateFinder::find(const AnyCondition& condition, TreeId tree,
                                                SchemaFunction schema) {
  return find(condition, Scope{tree, schema, worth(count(tree))});
}

std::optional<Candidates> CandidateFinder::find(const AnyCondition& condition, const Scope& scope) {
  switch (condition.kind()) {
    case AnyCondition::Kind::all:
      return find_all(condition, scope);
    case AnyCondition::Kind::any:
      return find_any(condition, scope);
    case AnyCondition::Kind::none:
      return find_contrary(condition, scope);
    case AnyCondition::Kind::test:
      return find_test(condition, scope);
    case AnyCondition::Kind::through:
      return find_users(condition, scope);
  }
  return std::nullopt;
}

// -------- and, or, not

int CandidateFinder::rank_of(const AnyCondition& condition) {
  switch (condition.kind()) {
    case AnyCondition::Kind::test:
      return condition.test() == Test::equal || condition.test() == Test::one_of ? 0 : 2;
    case AnyCondition::Kind::any:
    case AnyCondition::Kind::all:
      return 3;
    case AnyCondition::Kind::through:
      return 4;
    case AnyCondition::Kind::none:
      return 5;
  }
  return 5;
}

std::vector<CandidateFinder::Way> CandidateFinder::ways(const AnyCondition& condition,
                                                        const Scope& scope) {
  struct Together {
    QueryTrees::Found found;
    std::vector<ValueSpan> spans = std::vector<ValueSpan>(1);
    bool is_exact = true;
  };
  std::map<FieldId, Together> fields;
  std::vector<Way> ways;
  for (const AnyCondition& part : condition.parts()) {
    if (part.kind() == AnyCondition::Kind::test) {
      const auto found = trees_.field(scope.tree, part.field(), scope.schema);
      const auto test = found ? ValueTest::compile(*found->field, part.test(), part.values())
                              : Result<ValueTest>(found.error());
      const auto spans = test && found->field->is_single ? test->spans() : std::nullopt;
      if (spans) {
        Together& together = fields[part.field()];
        together.found = *found;
        together.spans = common(together.spans, *spans);
        together.is_exact &= test->is_its_spans();
        continue;
      }
    }
    ways.push_back(
        {rank_of(part), [this, part](const Scope& within) { return find(part, within); }});
  }
  for (const auto& [field, together] : fields) {
    const bool is_exact_value =
        std::all_of(together.spans.begin(), together.spans.end(), is_one_value);
    ways.push_back({is_exact_value ? 0 : 2, [this, together = together](const Scope& within) {
                      return find_spans(together.found, together.spans, together.is_exact, within);
                    }});
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [](const Way& a, const Way& b) { return a.rank < b.rank; });
  return ways;
}

std::optional<Candidates> CandidateFinder::find_all(const AnyCondition& condition,
                                                    const Scope& scope) {
  const auto ways = this->ways(condition, scope);
  std::optional<Candidates> best;
  for (const Way& way : ways) {
    if (!best) {
      best = way.find(scope);
      continue;
    }
    if (best->keys.size() <= kFewEnough) break;
    const std::size_t notes = notes_.size();
    const auto keys_max =
        std::min<std::uint64_t>(scope.keys_max, kKeysForARecord * best->keys.size());
    auto other = way.find(scope.with(keys_max));
    // One that serves already is enough.
    notes_.resize(notes);
    if (!other) continue;
    std::vector<KeyWord> keys;
    std::set_intersection(best->keys.begin(), best->keys.end(), other->keys.begin(),
                          other->keys.end(), std::back_inserter(keys));
    best->keys = std::move(keys);
    Explanation both{Explanation::Step::both, "both of", best->keys.size()};
    if (best->how.step == Explanation::Step::both) {
      both.below = std::move(best->how.below);
    } else {
      both.below.push_back(std::move(best->how));
    }
    both.below.push_back(std::move(other->how));
    best->how = std::move(both);
  }
  if (best && ways.size() > 1) best->is_exact = false;
  return best;
}

std::optional<Candidates> CandidateFinder::find_any(const AnyCondition& condition,
                                                    const Scope& scope) {
  Candidates all{{}, {Explanation::Step::either, "either of"}, true};
  for (const AnyCondition& part : condition.parts()) {
    auto found = find(part, scope.with(scope.keys_max - all.keys.size()));
    if (!found) return std::nullopt;
    all.keys.insert(all.keys.end(), found->keys.begin(), found->keys.end());
    all.how.below.push_back(std::move(found->how));
    all.is_exact &= found->is_exact;
  }
  sort_keys(all.keys);
  all.how.count = all.keys.size();
  return all;
}

// Only of a number that every record has the contrary is known to an index.
std::optional<Candidates> CandidateFinder::find_contrary(const AnyCondition& condition,
                                                         const Scope& scope) {
  const AnyCondition& part = condition.parts().front();
  if (part.kind() == AnyCondition::Kind::test) {
    const auto found = trees_.field(scope.tree, part.field(), scope.schema);
    if (found && found->field->is_always_there && found->field->is_single) {
      const auto test = ValueTest::compile(*found->field, part.test(), part.values());
      const auto spans = test ? test->contrary_spans() : std::nullopt;
      if (spans) return find_spans(*found, *spans, true, scope);
    }
  }
  note("no index knows where something is not: " + text(condition, scope));
  return std::nullopt;
}

// -------- One test

std::optional<Candidates> CandidateFinder::find_test(const AnyCondition& condition,
                                                     const Scope& scope) {
  const auto found = trees_.field(scope.tree, condition.field(), scope.schema);
  if (!found) return std::nullopt;
  if (condition.test() == Test::matches) return find_words(*found, condition, scope);
  const auto test = ValueTest::compile(*found->field, condition.test(), condition.values());
  if (!test) return std::nullopt;
  if (const auto spans = test->spans())
    return find_spans(*found, *spans, test->is_its_spans(), scope);
  note("each text is looked into: " + text(condition, scope));
  return std::nullopt;
}

std::optional<Candidates> CandidateFinder::find_spans(const QueryTrees::Found& found,
                                                      const std::vector<ValueSpan>& spans,
                                                      bool is_exact, const Scope& scope) {
  const AskableIndex index = index_of(snapshot_, scope.tree, *found.field);
  if (!index.number) {
    note(index.why_not);
    return std::nullopt;
  }
  const std::string what =
      "index on " + found.field->name + span_text(spans, found, *snapshot_.catalogue);
  Candidates candidates{{}, {Explanation::Step::index, what}, is_exact};
  bool has_cut = false;
  for (const ValueSpan& span : spans) {
    if (!add_keys_in(snapshot_, index.number, span, scope.keys_max, candidates.keys, has_cut)) {
      note_too_many(what, scope);
      return std::nullopt;
    }
  }
  sort_keys(candidates.keys);
  candidates.how.count = candidates.keys.size();
  candidates.is_exact &= !has_cut;
  return candidates;
}

std::optional<Candidates> CandidateFinder::find_words(const QueryTrees::Found& found,
                                                      const AnyCondition& condition,
                                                      const Scope& scope) {
  const auto number = joint_index(snapshot_, scope.tree, IndexPlan::Kind::search);
  if (!found.field->is_searched || !number) {
    note("field '" + found.field->name + "' is not searched, or its search is still being built");
    return std::nullopt;
  }
  const auto& tables = snapshot_.replica.indexes().tables();
  std::optional<store::WordLists> rarest;
  std::string word;
  for (const std::string& one : folded_words(condition.values().front().bytes())) {
    store::WordLists lists(snapshot_.txn(), tables, number, one);
    if (lists.is_cut() || (rarest && rarest->count() <= lists.count())) continue;
    rarest.emplace(std::move(lists));
    word = one;
  }
  if (!rarest || rarest->count() > scope.keys_max) {
    note("very many records have such words: " + text(condition, scope));
    return std::nullopt;
  }
  Candidates candidates{{}, {Explanation::Step::search, "search for '" + word + "'"}, false};
  store::Cursor cursor(snapshot_.txn(), tables.words);
  for (const auto& list : rarest->lists()) {
    for (bool more = cursor.first_value(list.bytes()); more; more = cursor.next_value())
      candidates.keys.emplace_back(cursor.value_number());
  }
  sort_keys(candidates.keys);
  candidates.how.count = candidates.keys.size();
  return candidates;
}

}  // namespace coppice::client
