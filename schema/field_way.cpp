#include "schema/field_way.h"

namespace coppice {

FieldWay FieldWay::to(capnp::schema::Field::Reader field, std::uint32_t discriminant) const {
  FieldWay way{name + field.getName().cStr(), location};
  const auto member = field.getDiscriminantValue();
  if (member != capnp::schema::Field::NO_DISCRIMINANT)
    way.location += "u" + std::to_string(discriminant) + "=" + std::to_string(member) + ".";
  return way;
}

FieldWay FieldWay::into_struct(std::uint32_t lists, std::uint32_t offset) const {
  return {name + ".", location + std::string(lists, '*') + "p" + std::to_string(offset) + "."};
}

std::string FieldWay::values(std::uint32_t lists, ValueType type, std::uint32_t offset) const {
  return location + std::string(lists, '*') + "t" + std::to_string(static_cast<int>(type)) + "@" +
         std::to_string(offset);
}

FieldId field_id(std::string_view location) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : location) hash = (hash ^ c) * 0x100000001b3;
  return FieldId{hash};
}

}  // namespace coppice
