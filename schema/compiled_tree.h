#pragma once

#include <cstdint>
#include <vector>

#include "schema/compiler_request.h"

namespace coppice {

// The protocol::TreeSchema of a tree, as generated code embeds it and every database's catalogue
// stores it: a canonical single segment, the same for the same schema wherever it was compiled.
//
// Its nodes are the root, then in the order of ids: the structs, groups and enums of the body, the
// declarations of the annotations on them, and, by themselves alone, the generic structs' files and
// the trees that references point to. What is missing (the fields of a referenced tree, say) a
// SchemaLoader replaces by placeholders.
//
// REQUIRES: `root` is a struct with the tree annotation.
std::vector<std::uint64_t> compiled_tree(const CompilerRequest& request,
                                         capnp::schema::Node::Reader root);

}  // namespace coppice
