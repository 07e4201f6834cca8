#include "schema/order_program.h"

#include <utility>

namespace coppice {

Result<OrderProgram> OrderProgram::compile(const AnyQuery& query, QueryTrees& trees) {
  OrderProgram program;
  for (const Order& order : query.order) {
    auto part = compile_part(order, query, trees);
    if (!part) return part.error();
    program.parts_.push_back(std::move(*part));
  }
  return program;
}

Result<OrderProgram::Part> OrderProgram::compile_part(const Order& order, const AnyQuery& query,
                                                      QueryTrees& trees) {
  TreeId tree = query.tree;
  SchemaFunction schema = query.schema;
  std::vector<Step> steps;
  for (const Hop& hop : order.hops) {
    const auto found = trees.field(tree, hop.reference, schema);
    if (!found) return found.error();
    if (found->field->type != ValueType::reference || found->field->type_id != hop.target.value) {
      return error(Errc::bad_request,
                   "Field '" + found->field->name + "' of tree '" + found->tree->name() +
                       "' is no reference to the tree that is asked through it.");
    }
    steps.push_back({found->tree->fields().reader(*found->field), hop.target});
    tree = hop.target;
    schema = hop.schema;
  }
  const auto found = trees.field(tree, order.field, schema);
  if (!found) return found.error();
  return Part{std::move(steps), found->tree->fields().reader(*found->field), order.direction};
}

SortKey OrderProgram::key(std::span<const std::uint64_t> body, RecordSource& source) const {
  SortKey key;
  for (const Part& part : parts_) {
    std::optional<OwnedValue> best;
    find(part, 0, body, source, best);
    append(key, best, part.direction);
  }
  return key;
}

// A byte that says whether there is a value, since the unset come last either way; then the value,
// turned round where the last one comes first. The end of a text is marked so that it lies before
// every text that goes on: a zero and a zero, while a zero in a text is followed by a one.
void OrderProgram::append(SortKey& key, const std::optional<OwnedValue>& value,
                          Direction direction) {
  key += value ? '\0' : '\1';
  if (!value) return;
  const std::size_t begin = key.size();
  if (value->is_number()) {
    for (int shift = 56; shift >= 0; shift -= 8)
      key += static_cast<char>((value->number() >> shift) & 0xff);
  } else {
    for (const char c : value->bytes()) {
      key += c;
      if (c == '\0') key += '\1';
    }
    key.append(2, '\0');
  }
  if (direction == Direction::ascending) return;
  for (std::size_t i = begin; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
}

void OrderProgram::find(const Part& part, std::size_t step, std::span<const std::uint64_t> body,
                        RecordSource& source, std::optional<OwnedValue>& best) {
  if (step < part.steps.size()) {
    part.steps[step].reader.any(body, [&](const FieldValue& value) {
      const auto next = source.body(AnyKey(part.steps[step].target, KeyWord(value.number())));
      if (next) find(part, step + 1, *next, source, best);
      return false;
    });
    return;
  }
  part.reader.any(body, [&](const FieldValue& value) {
    OwnedValue owned(value);
    const bool is_first =
        part.direction == Direction::ascending ? !best || owned < *best : !best || *best < owned;
    if (is_first) best = std::move(owned);
    return false;
  });
}

}  // namespace coppice
