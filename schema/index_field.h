#pragma once

#include <cstdint>
#include <optional>

#include <capnp/schema.h>

#include "schema/index_plan.h"

// What the schema says of one field that may be indexed.
namespace coppice {

struct IndexWishes {
  bool index = false;
  bool unique = false;
  bool search = false;
  bool any() const { return index || unique || search; }
};
IndexWishes index_wishes(capnp::schema::Field::Reader field);

bool is_reference(capnp::Type type);
// The tree that a reference leads to; 0: to nothing that is known. REQUIRES: is_reference().
std::uint64_t target_of(capnp::Type reference);
// The type inside all lists, and how many there are.
capnp::Type element_of_lists(capnp::Type type, std::uint32_t& lists);
// Nothing: no index can have it.
std::optional<ValueType> value_type(capnp::Type type);

// A default value as the field's data section would hold it, and as an index orders it.
struct IndexDefault {
  std::uint64_t bits = 0;
  std::uint64_t ordered = 0;
};
IndexDefault default_value(ValueType type, capnp::schema::Value::Reader value);
// What an element of a list of numbers is when nobody has set it.
IndexDefault zero_value(ValueType type);

}  // namespace coppice
