#include "schema/condition_program.h"

#include <algorithm>

namespace coppice {

struct ConditionProgram::Compiler {
  QueryTrees& trees;
  std::size_t memos = 0;
  int depth = 0;

  // Deeper ones are somebody's mistake, and whoever walks them recurses.
  static constexpr int kDepthMax = 200;

  Result<Node> compile(const AnyCondition& condition, TreeId tree, SchemaFunction schema) {
    if (depth == kDepthMax)
      return error(Errc::bad_request,
                   "The condition is nested more than 200 deep. Make it flatter.");
    ++depth;
    auto node = compile_one(condition, tree, schema);
    --depth;
    return node;
  }

  Result<Node> compile_one(const AnyCondition& condition, TreeId tree, SchemaFunction schema) {
    switch (condition.kind()) {
      case AnyCondition::Kind::test:
        return compile_test(condition, tree, schema);
      case AnyCondition::Kind::through:
        return compile_through(condition, tree, schema);
      default:
        break;
    }
    Node node{.kind = condition.kind()};
    for (const AnyCondition& part : condition.parts()) {
      auto compiled = compile(part, tree, schema);
      if (!compiled) return compiled.error();
      node.parts.push_back(std::move(*compiled));
    }
    return node;
  }

  Result<Node> compile_test(const AnyCondition& condition, TreeId tree, SchemaFunction schema) {
    const auto found = trees.field(tree, condition.field(), schema);
    if (!found) return found.error();
    const auto test = ValueTest::compile(*found->field, condition.test(), condition.values());
    if (!test) return test.error();
    return Node{.kind = AnyCondition::Kind::test,
                .reader = found->tree->fields().reader(*found->field),
                .test = *test};
  }

  Result<Node> compile_through(const AnyCondition& condition, TreeId tree, SchemaFunction schema) {
    const auto found = trees.field(tree, condition.field(), schema);
    if (!found) return found.error();
    if (found->field->type != ValueType::reference ||
        found->field->type_id != condition.target().value) {
      return error(Errc::bad_request,
                   "Field '" + found->field->name + "' of tree '" + found->tree->name() +
                       "' is no reference to the tree that is asked through it.");
    }
    auto part = compile(condition.parts().front(), condition.target(), condition.schema());
    if (!part) return part.error();
    Node node{.kind = AnyCondition::Kind::through,
              .reader = found->tree->fields().reader(*found->field),
              .target = condition.target(),
              .memo = memos++};
    node.parts.push_back(std::move(*part));
    return node;
  }
};

Result<ConditionProgram> ConditionProgram::compile(const AnyCondition& condition, TreeId tree,
                                                   SchemaFunction schema, QueryTrees& trees) {
  Compiler compiler{trees};
  auto root = compiler.compile(condition, tree, schema);
  if (!root) return root.error();
  ConditionProgram program;
  program.root_ = std::move(*root);
  program.memos_ = compiler.memos;
  return program;
}

bool ConditionRun::fulfils(const Node& node, std::span<const std::uint64_t> body) {
  const auto part_fulfils = [&](const Node& part) { return fulfils(part, body); };
  switch (node.kind) {
    case AnyCondition::Kind::all:
      return std::all_of(node.parts.begin(), node.parts.end(), part_fulfils);
    case AnyCondition::Kind::any:
      return std::any_of(node.parts.begin(), node.parts.end(), part_fulfils);
    case AnyCondition::Kind::none:
      return !fulfils(node.parts.front(), body);
    case AnyCondition::Kind::test:
      return node.reader->any(body, *node.test);
    case AnyCondition::Kind::through:
      return node.reader->any(
          body, [&](const FieldValue& value) { return leads_to(node, KeyWord(value.number())); });
  }
  return false;
}

bool ConditionRun::leads_to(const Node& node, KeyWord key) {
  auto& memo = memos_[node.memo];
  if (const auto known = memo.find(key.value); known != memo.end()) return known->second;
  const auto body = source_.body(AnyKey(node.target, key));
  const bool answer = body && fulfils(node.parts.front(), *body);
  if (memo.size() == kRememberedMax) memo.clear();
  memo.emplace(key.value, answer);
  return answer;
}

}  // namespace coppice
