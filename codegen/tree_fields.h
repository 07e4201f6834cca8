#pragma once

#include <vector>

#include "codegen/model.h"
#include "schema/compiler_request.h"
#include "schema/tree_info.h"

namespace coppice::codegen {

// The fields of a tree that typed code can name, in the order of its schema.
std::vector<FieldModel> tree_fields(const CompilerRequest& request, const TreeInfo& tree);

}  // namespace coppice::codegen
