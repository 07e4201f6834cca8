#include "coppice/any_condition.h"

#include <utility>

#include "coppice/check.h"

namespace coppice {

AnyCondition::AnyCondition(Node node) : node_(std::make_shared<const Node>(std::move(node))) {}

AnyCondition::AnyCondition() {
  static const auto kEverything = std::make_shared<const Node>();
  node_ = kEverything;
}

AnyCondition AnyCondition::joined(Kind kind, std::vector<AnyCondition> parts) {
  std::vector<AnyCondition> flat;
  for (AnyCondition& part : parts) {
    if (part.kind() == kind) {
      flat.insert(flat.end(), part.parts().begin(), part.parts().end());
    } else {
      flat.push_back(std::move(part));
    }
  }
  if (flat.size() == 1) return std::move(flat.front());
  return AnyCondition(Node{.kind = kind, .parts = std::move(flat)});
}

AnyCondition AnyCondition::all(std::vector<AnyCondition> parts) {
  return joined(Kind::all, std::move(parts));
}

AnyCondition AnyCondition::any(std::vector<AnyCondition> parts) {
  return joined(Kind::any, std::move(parts));
}

AnyCondition AnyCondition::none(AnyCondition part) {
  if (part.kind() == Kind::none) return part.parts().front();
  return AnyCondition(Node{.kind = Kind::none, .parts = {std::move(part)}});
}

AnyCondition AnyCondition::test(FieldId field, Test test, std::vector<OwnedValue> values) {
  return AnyCondition(
      Node{.kind = Kind::test, .field = field, .test = test, .values = std::move(values)});
}

AnyCondition AnyCondition::through(FieldId reference, TreeId target, AnyCondition part,
                                   SchemaFunction schema) {
  return AnyCondition(Node{.kind = Kind::through,
                           .parts = {std::move(part)},
                           .field = reference,
                           .target = target,
                           .schema = schema});
}

bool AnyCondition::operator==(const AnyCondition& other) const {
  if (node_ == other.node_) return true;
  const Node& a = *node_;
  const Node& b = *other.node_;
  return a.kind == b.kind && a.field == b.field && a.test == b.test && a.values == b.values &&
         a.target == b.target && a.parts == b.parts;
}

}  // namespace coppice
