#include "schema/index_field.h"

#include <bit>

#include "coppice/tree.capnp.h"

namespace coppice {
namespace {

using Type = capnp::schema::Type;

// Published in coppice/tree.capnp: these never change.
constexpr std::uint64_t kIndexAnnotation = 0xd78f98833b4d7af7;
constexpr std::uint64_t kUniqueAnnotation = 0x91e3d16f6336508c;
constexpr std::uint64_t kSearchAnnotation = 0x9d3ca09684bb1e23;

template <typename T>
IndexDefault default_of(T value) {
  return {static_cast<std::uint64_t>(value), FieldValue::ordered(value)};
}

}  // namespace

IndexWishes index_wishes(capnp::schema::Field::Reader field) {
  IndexWishes wishes;
  for (auto annotation : field.getAnnotations()) {
    wishes.index |= annotation.getId() == kIndexAnnotation;
    wishes.unique |= annotation.getId() == kUniqueAnnotation;
    wishes.search |= annotation.getId() == kSearchAnnotation;
  }
  return wishes;
}

bool is_reference(capnp::Type type) {
  return type.isStruct() && type.asStruct().getProto().getId() == capnp::typeId<schema::Ref<>>();
}

std::uint64_t target_of(capnp::Type reference) {
  auto arguments = reference.asStruct().getBrandArgumentsAtScope(capnp::typeId<schema::Ref<>>());
  if (arguments.size() != 1 || !arguments[0].isStruct()) return 0;
  return arguments[0].asStruct().getProto().getId();
}

capnp::Type element_of_lists(capnp::Type type, std::uint32_t& lists) {
  for (lists = 0; type.isList(); ++lists) type = type.asList().getElementType();
  return type;
}

std::optional<ValueType> value_type(capnp::Type type) {
  switch (type.which()) {
    case Type::BOOL:
      return ValueType::boolean;
    case Type::INT8:
      return ValueType::int8;
    case Type::INT16:
      return ValueType::int16;
    case Type::INT32:
      return ValueType::int32;
    case Type::INT64:
      return ValueType::int64;
    case Type::UINT8:
      return ValueType::uint8;
    case Type::UINT16:
      return ValueType::uint16;
    case Type::UINT32:
      return ValueType::uint32;
    case Type::UINT64:
      return ValueType::uint64;
    case Type::FLOAT32:
      return ValueType::float32;
    case Type::FLOAT64:
      return ValueType::float64;
    case Type::ENUM:
      return ValueType::enumeration;
    case Type::TEXT:
      return ValueType::text;
    case Type::DATA:
      return ValueType::data;
    case Type::STRUCT:
      if (is_reference(type)) return ValueType::reference;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

IndexDefault default_value(ValueType type, capnp::schema::Value::Reader value) {
  switch (type) {
    case ValueType::boolean:
      return default_of(value.getBool());
    case ValueType::int8:
      return default_of(value.getInt8());
    case ValueType::int16:
      return default_of(value.getInt16());
    case ValueType::int32:
      return default_of(value.getInt32());
    case ValueType::int64:
      return default_of(value.getInt64());
    case ValueType::uint8:
      return default_of(value.getUint8());
    case ValueType::uint16:
      return default_of(value.getUint16());
    case ValueType::uint32:
      return default_of(value.getUint32());
    case ValueType::uint64:
      return default_of(value.getUint64());
    case ValueType::float32:
      return {std::bit_cast<std::uint32_t>(value.getFloat32()),
              FieldValue::ordered(static_cast<double>(value.getFloat32()))};
    case ValueType::float64:
      return {std::bit_cast<std::uint64_t>(value.getFloat64()),
              FieldValue::ordered(value.getFloat64())};
    case ValueType::enumeration:
      return default_of(value.getEnum());
    default:
      return {};
  }
}

IndexDefault zero_value(ValueType type) {
  const bool is_real = type == ValueType::float32 || type == ValueType::float64;
  const bool is_signed = type >= ValueType::int8 && type <= ValueType::int64;
  if (is_real) return {0, FieldValue::ordered(0.0)};
  return {0, is_signed ? FieldValue::ordered(std::int64_t{0}) : 0};
}

std::optional<std::string> index_objection(capnp::StructSchema::Field field) {
  const IndexWishes wishes = index_wishes(field.getProto());
  if (!wishes.any()) return std::nullopt;
  std::uint32_t lists = 0;
  auto type = element_of_lists(field.getType(), lists);
  const auto value = field.getProto().isGroup() ? std::nullopt : value_type(type);
  if (wishes.search && value != ValueType::text) {
    return "is searched, and only Text and lists of it can be; take $Coppice.search away";
  }
  if (!value) {
    return "is indexed, and only numbers, Bool, enums, Text, Data, references and lists of these "
           "can be; annotate the fields inside it";
  }
  if (is_bytes(*value) && lists == 0) {
    auto preset = field.getProto().getSlot().getDefaultValue();
    const bool has_default = preset.isText() ? preset.getText().size() > 0
                                             : preset.isData() && preset.getData().size() > 0;
    if (has_default) {
      return "is indexed and has a default value, so nobody could tell whether it is set; take one "
             "of them away";
    }
  }
  return std::nullopt;
}

std::string describe(ValueType type, const FieldValue& value) {
  switch (type) {
    case ValueType::text:
      return "'" + std::string(value.bytes()) + "'";
    case ValueType::data:
      return "(" + std::to_string(value.bytes().size()) + " bytes)";
    case ValueType::reference:
      return to_string(KeyWord(value.number()));
    case ValueType::int8:
    case ValueType::int16:
    case ValueType::int32:
    case ValueType::int64:
      return std::to_string(FieldValue::to_signed(value.number()));
    case ValueType::float32:
    case ValueType::float64:
      return std::to_string(FieldValue::to_real(value.number()));
    default:
      return std::to_string(value.number());
  }
}

}  // namespace coppice
