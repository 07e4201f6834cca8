#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/snapshot_state.h"
#include "coppice/explanation.h"
#include "schema/condition_program.h"
#include "schema/query_trees.h"

namespace coppice::client {

// Revisions that may fulfil a condition: all that do are among them.
struct Candidates {
  std::vector<KeyWord> keys;  // ascending, each once
  Explanation how;
  // All of them do.
  bool is_exact = false;
};

// Asks indexes for the records that may fulfil a condition.
//
// It looks rather than guesses: keys are collected, and where one index gives more than is worth it
// or than another has given, that is noticed after as many. Finding these keys costs a small part
// of what looking at all records would.
//
// Threads: one. Valid as long as snapshot and trees.
class CandidateFinder {
 public:
  CandidateFinder(const SnapshotState& snapshot, QueryTrees& trees)
      : snapshot_(snapshot), trees_(trees) {}

  // Nothing: indexes do not serve, and notes() says why.
  std::optional<Candidates> find(const AnyCondition& condition, TreeId tree, SchemaFunction schema);
  const std::vector<std::string>& notes() const { return notes_; }
  // So many candidates are worth it, in a tree of so many records. A record that is looked up costs
  // as much as about ten that are walked by.
  static std::uint64_t worth(std::uint64_t records);

 private:
  // The tree that a condition is about, and how many keys are worth it.
  struct Scope {
    TreeId tree;
    SchemaFunction schema = nullptr;
    std::uint64_t keys_max = 0;
    Scope with(std::uint64_t max) const { return {tree, schema, max}; }
  };
  // One way to candidates, and how good it promises to be: 0 is tried first.
  struct Way {
    int rank;
    std::function<std::optional<Candidates>(const Scope&)> find;
  };

  std::optional<Candidates> find(const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_all(const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_any(const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_contrary(const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_test(const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_words(const QueryTrees::Found& field,
                                       const AnyCondition& condition, const Scope& scope);
  std::optional<Candidates> find_users(const AnyCondition& condition, const Scope& scope);
  // By an index, from the spans of its values.
  std::optional<Candidates> find_spans(const QueryTrees::Found& field,
                                       const std::vector<ValueSpan>& spans, bool is_exact,
                                       const Scope& scope);
  // The revisions that fulfil a condition, all of them; nothing: that costs too much.
  std::optional<Candidates> find_referred(const AnyCondition& condition, const Scope& target,
                                          const Scope& scope);
  std::optional<std::vector<KeyWord>> referring(const QueryTrees::Found& field, TreeId target,
                                                const std::vector<KeyWord>& referred,
                                                const Scope& scope);
  // The ways that the parts of a condition offer. Tests of one field that has one value at most are
  // one way together.
  std::vector<Way> ways(const AnyCondition& condition, const Scope& scope);
  static int rank_of(const AnyCondition& condition);

  std::uint64_t count(TreeId tree) const;
  void note(std::string why);
  void note_too_many(const std::string& what, const Scope& scope);
  std::string text(const AnyCondition& condition, const Scope& scope);

  const SnapshotState& snapshot_;
  QueryTrees& trees_;
  std::vector<std::string> notes_;
};

}  // namespace coppice::client
