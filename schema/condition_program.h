#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "schema/field_reader.h"
#include "schema/query_trees.h"
#include "schema/value_test.h"

namespace coppice {

// Where a condition finds the records that references lead to.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // The body of a record; of a floating key, of its newest released revision, else of the newest.
  // Nothing: there is no such record. Valid as long as the source.
  virtual std::optional<std::span<const std::uint64_t>> body(AnyKey key) = 0;
};

// A condition compiled against the schemas of its trees, to be put to many bodies.
//
// Immutable, shared by threads.
class ConditionProgram {
 public:
  // Errors: bad_request (no such field, or what is asked does not go with its type), unknown_tree.
  static Result<ConditionProgram> compile(const AnyCondition& condition, TreeId tree,
                                          SchemaFunction schema, QueryTrees& trees);

  bool is_everything() const {
    return root_.kind == AnyCondition::Kind::all && root_.parts.empty();
  }

 private:
  friend class ConditionRun;

  struct Node {
    AnyCondition::Kind kind = AnyCondition::Kind::all;
    std::vector<Node> parts = {};
    std::optional<FieldReader> reader = std::nullopt;  // of a test and of `through`
    std::optional<ValueTest> test = std::nullopt;
    TreeId target = {};    // of `through`
    std::size_t memo = 0;  // likewise: its place in ConditionRun::memos_
  };
  struct Compiler;

  Node root_;
  std::size_t memos_ = 0;
};

// Puts a condition to one record after another of one source. What references led to is remembered,
// since many records refer to few.
//
// Valid as long as program and source. Threads: one.
class ConditionRun {
 public:
  ConditionRun(const ConditionProgram& program, RecordSource& source)
      : program_(program), source_(source), memos_(program.memos_) {}

  bool fulfils(std::span<const std::uint64_t> body) { return fulfils(program_.root_, body); }

 private:
  using Node = ConditionProgram::Node;
  // Bounds the memory; then it begins anew.
  static constexpr std::size_t kRememberedMax = 100'000;

  bool fulfils(const Node& node, std::span<const std::uint64_t> body);
  bool leads_to(const Node& node, KeyWord key);

  const ConditionProgram& program_;
  RecordSource& source_;
  std::vector<std::unordered_map<std::uint64_t, bool>> memos_;
};

}  // namespace coppice
