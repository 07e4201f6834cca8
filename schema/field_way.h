#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <capnp/schema.h>

#include "schema/index_plan.h"

namespace coppice {

// The way to a struct or field inside a tree's struct: as people write it, and where it leads in a
// body. Only the latter is stored, as a hash: renaming changes nothing.
struct FieldWay {
  std::string name;      // "bom.part"; of a struct with a '.' behind it
  std::string location;  // never changes for a field: FieldId is made of it

  // To a field of the struct here; `discriminant`: where its union says which member is set.
  FieldWay to(capnp::schema::Field::Reader field, std::uint32_t discriminant) const;
  // Into the group here.
  FieldWay into_group() const { return {name + ".", location}; }
  // Into the struct that this pointer leads to, through so many lists.
  FieldWay into_struct(std::uint32_t lists, std::uint32_t offset) const;
  // Where values of this type lie.
  std::string values(std::uint32_t lists, ValueType type, std::uint32_t offset) const;
};

// What a FieldId is for ever: FNV-1a of a location.
FieldId field_id(std::string_view location);

}  // namespace coppice
