#pragma once

#include <vector>

#include "codegen/model.h"
#include "schema/compiler_request.h"
#include "schema/index_plan.h"

namespace coppice::codegen {

// The fields of a tree that typed code can name, in the order of the plan.
std::vector<FieldModel> indexed_fields(const CompilerRequest& request, const IndexPlan& plan);

}  // namespace coppice::codegen
