#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <capnp/schema.h>

namespace coppice {

// What the bodies of a tree are made of: the nodes of its structs, groups and enums by their ids.
// Left out are the nodes that only name something: the trees that references point to, which change
// on their own, and the declarations of annotations. Views of the schema.
using BodyTypes = std::map<std::uint64_t, capnp::schema::Node::Reader>;

BodyTypes body_types(capnp::StructSchema root);

// A node's words without the path of its file, which depends on where and how it was compiled.
std::vector<std::uint64_t> portable_words(capnp::schema::Node::Reader node);

// The type in a list, in a list of lists, and so on.
capnp::Type element_of_lists(capnp::Type type);

struct SchemaHash {
  std::size_t operator()(const capnp::Schema& schema) const { return schema.hashCode(); }
};

}  // namespace coppice
