#pragma once

#include <cstdint>
#include <string>

#include "schema/compiler_request.h"

namespace coppice::codegen {

// Published with capnp/c++.capnp: these never change.
inline constexpr std::uint64_t kCppNamespaceAnnotation = 0xb9c6f99ebf805f2c;
inline constexpr std::uint64_t kCppNameAnnotation = 0xf264a779fef191ce;

// The name that generated C++ has for a declaration: $Cxx.name, or the declared one.
std::string cpp_identifier(capnp::schema::Node::Reader node);

// The same with namespace and outer structs: "::shop::Outer::Inner".
std::string cpp_qualified(const CompilerRequest& request, capnp::schema::Node::Reader node);

// A field's name as an identifier of C++: what is a keyword there gets a '_'.
std::string cpp_field(const std::string& name);

}  // namespace coppice::codegen
