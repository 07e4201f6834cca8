#include "schema/body_types.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include <capnp/message.h>

#include "schema/body_shape.h"

namespace coppice {

capnp::Type element_of_lists(capnp::Type type) {
  while (type.isList()) type = type.asList().getElementType();
  return type;
}

BodyTypes body_types(capnp::StructSchema root) {
  BodyTypes types;
  std::unordered_set<capnp::Schema, SchemaHash> seen;
  std::vector<capnp::Schema> pending = {root};
  while (!pending.empty()) {
    auto current = pending.back();
    pending.pop_back();
    if (!seen.insert(current).second) continue;
    types.emplace(current.getProto().getId(), current.getProto());
    if (!current.getProto().isStruct()) continue;
    for (auto field : current.asStruct().getFields()) {
      auto type = element_of_lists(field.getType());
      if (type.isEnum()) pending.push_back(type.asEnum());
      if (type.isStruct()) pending.push_back(type.asStruct());
    }
  }
  return types;
}

std::vector<std::uint64_t> portable_words(capnp::schema::Node::Reader node) {
  capnp::MallocMessageBuilder message;
  message.setRoot(node);
  auto copy = message.getRoot<capnp::schema::Node>();
  std::string name = node.getDisplayName();
  copy.setDisplayName(
      name.substr(std::min<std::size_t>(node.getDisplayNamePrefixLength(), name.size())));
  copy.setDisplayNamePrefixLength(0);
  return canonical_words(copy.asReader());
}

}  // namespace coppice
