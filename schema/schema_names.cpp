#include "schema/schema_names.h"

#include <kj/string.h>

#include "coppice/tree.capnp.h"

namespace coppice {
namespace {

using Type = capnp::schema::Type;
using Value = capnp::schema::Value;

const char* plain_name(Type::Which which) {
  switch (which) {
    case Type::VOID:
      return "Void";
    case Type::BOOL:
      return "Bool";
    case Type::INT8:
      return "Int8";
    case Type::INT16:
      return "Int16";
    case Type::INT32:
      return "Int32";
    case Type::INT64:
      return "Int64";
    case Type::UINT8:
      return "UInt8";
    case Type::UINT16:
      return "UInt16";
    case Type::UINT32:
      return "UInt32";
    case Type::UINT64:
      return "UInt64";
    case Type::FLOAT32:
      return "Float32";
    case Type::FLOAT64:
      return "Float64";
    case Type::TEXT:
      return "Text";
    case Type::DATA:
      return "Data";
    default:
      return "AnyPointer";
  }
}

std::string struct_name(capnp::StructSchema schema) {
  const std::string name = declared_name(schema.getProto());
  if (schema.getProto().getId() != capnp::typeId<schema::Ref<>>()) return name;
  auto arguments = schema.getBrandArgumentsAtScope(capnp::typeId<schema::Ref<>>());
  if (arguments.size() != 1) return name;
  return name + "(" + type_name(arguments[0]) + ")";
}

}  // namespace

std::string declared_name(capnp::schema::Node::Reader node) {
  const std::string display = node.getDisplayName();
  const auto colon = display.rfind(':');
  return colon == std::string::npos ? display : display.substr(colon + 1);
}

std::string type_name(capnp::Type type) {
  if (type.isList()) return "List(" + type_name(type.asList().getElementType()) + ")";
  if (type.isEnum()) return declared_name(type.asEnum().getProto());
  if (type.isStruct()) return struct_name(type.asStruct());
  if (type.isInterface()) return declared_name(type.asInterface().getProto());
  return plain_name(type.which());
}

unsigned field_number(capnp::StructSchema::Field field) {
  return field.getProto().getOrdinal().getExplicit();
}

std::string describe(capnp::StructSchema::Field field) {
  if (field.getProto().isGroup()) return "group";
  return "@" + std::to_string(field_number(field)) + " :" + type_name(field.getType());
}

std::string value_text(Value::Reader value) {
  switch (value.which()) {
    case Value::VOID:
      return "set";
    case Value::BOOL:
      return value.getBool() ? "true" : "false";
    case Value::INT8:
      return kj::str(value.getInt8()).cStr();
    case Value::INT16:
      return kj::str(value.getInt16()).cStr();
    case Value::INT32:
      return kj::str(value.getInt32()).cStr();
    case Value::INT64:
      return kj::str(value.getInt64()).cStr();
    case Value::UINT8:
      return kj::str(value.getUint8()).cStr();
    case Value::UINT16:
      return kj::str(value.getUint16()).cStr();
    case Value::UINT32:
      return kj::str(value.getUint32()).cStr();
    case Value::UINT64:
      return kj::str(value.getUint64()).cStr();
    case Value::FLOAT32:
      return kj::str(value.getFloat32()).cStr();
    case Value::FLOAT64:
      return kj::str(value.getFloat64()).cStr();
    case Value::ENUM:
      return "@" + std::to_string(value.getEnum());
    case Value::TEXT:
      return "\"" + std::string(value.getText().cStr()) + "\"";
    default:
      return "(...)";
  }
}

}  // namespace coppice
