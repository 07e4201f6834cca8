#pragma once

#include <functional>
#include <string>

#include <capnp/schema-loader.h>

#include "schema/compiler_request.h"

namespace coppice::codegen {

// Calls `refused` for each field of a tree's body that cannot be stored, with the sentence that
// says which, why, and what to do: capabilities, untyped pointers, references to what is no tree,
// and annotations of indexes where there can be none. Looks into the structs that the body holds,
// with their type parameters bound, but not into the trees it refers to.
//
// REQUIRES: `loader` has all nodes of the request.
void check_stored_types(const CompilerRequest& request, capnp::StructSchema root,
                        const std::function<void(std::string)>& refused);

}  // namespace coppice::codegen
