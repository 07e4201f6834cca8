#pragma once

#include <string>

#include "schema/tree_info.h"

namespace coppice {

// A tree's schema as people would write it: the struct, then the structs and enums that it holds,
// with annotations and doc comments. For reading; imports are left out, so it does not compile.
std::string schema_text(const TreeInfo& tree);

}  // namespace coppice
