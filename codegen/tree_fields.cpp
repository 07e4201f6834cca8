#include "codegen/tree_fields.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codegen/cpp_names.h"

namespace coppice::codegen {
namespace {

// Nothing: it is a struct, whose fields are named instead, or its type is nowhere declared.
std::optional<std::string> cpp_type(const CompilerRequest& request, const FieldMap::Field& field,
                                    bool has_fields) {
  const auto named = request.find(field.type_id);
  switch (field.type) {
    case ValueType::boolean:
      return "bool";
    case ValueType::int8:
      return "::std::int8_t";
    case ValueType::int16:
      return "::std::int16_t";
    case ValueType::int32:
      return "::std::int32_t";
    case ValueType::int64:
      return "::std::int64_t";
    case ValueType::uint8:
      return "::std::uint8_t";
    case ValueType::uint16:
      return "::std::uint16_t";
    case ValueType::uint32:
      return "::std::uint32_t";
    case ValueType::uint64:
      return "::std::uint64_t";
    case ValueType::float32:
      return "float";
    case ValueType::float64:
      return "double";
    case ValueType::enumeration:
      if (!named) return std::nullopt;
      return cpp_qualified(request, *named);
    case ValueType::text:
      return "::capnp::Text";
    case ValueType::data:
      return "::capnp::Data";
    case ValueType::presence:
      if (has_fields) return std::nullopt;
      return "::capnp::Void";
    case ValueType::reference:
      break;
  }
  if (!named) return std::nullopt;
  return "::coppice::schema::Ref<" + cpp_qualified(request, *named) + ">";
}

std::vector<std::string> way_of(const std::string& name) {
  std::vector<std::string> way;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    std::string part = cpp_field(name.substr(begin, end - begin));
    // A member cannot be called as its class.
    if (!way.empty() && way.back() == part) part += "_";
    way.push_back(std::move(part));
    begin = end + 1;
  }
  return way;
}

// Whether fields[i] is a struct with fields of its own: the next one's name goes on from its name.
bool has_fields(const std::vector<FieldMap::Field>& fields, std::size_t i) {
  return i + 1 < fields.size() && fields[i + 1].name.starts_with(fields[i].name + ".");
}

}  // namespace

std::vector<FieldModel> tree_fields(const CompilerRequest& request, const TreeInfo& tree) {
  const auto& fields = tree.fields().fields();
  std::vector<FieldModel> models;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto type = cpp_type(request, fields[i], has_fields(fields, i));
    if (!type) continue;
    const auto index = tree.indexes().find(fields[i].id);
    models.push_back({way_of(fields[i].name), fields[i].id.value, *type, index.has_value()});
  }
  return models;
}

}  // namespace coppice::codegen
