#pragma once

#include <cstdint>
#include <string>

#include <capnp/schema.h>

namespace coppice {

// Parts of a schema as people write them in its source.

// Stored and published: this never changes.
inline constexpr std::uint64_t kTreeAnnotation = 0xb2c4a1f09d3e5768;

// The name of a declaration without its file: "Outer.Inner".
std::string declared_name(capnp::schema::Node::Reader node);
// "Int64", "List(BomLine)", "Ref(Company)".
std::string type_name(capnp::Type type);
// The number in "name @3 :Text". REQUIRES: it is not a group, which has none.
unsigned field_number(capnp::StructSchema::Field field);
// "@3 :Text", "group".
std::string describe(capnp::StructSchema::Field field);
// A default or an annotation's value: "17", "\"mm\"", "(...)" for what has parts.
std::string value_text(capnp::schema::Value::Reader value);

}  // namespace coppice
