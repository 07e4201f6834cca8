#include "codegen/indexed_fields.h"

#include <algorithm>

#include "codegen/cpp_names.h"

namespace coppice::codegen {
namespace {

std::string cpp_type(const CompilerRequest& request, const IndexPlan::Index& index) {
  auto named = request.find(index.type_id);
  switch (index.type) {
    case ValueType::boolean:
      return "bool";
    case ValueType::int8:
      return "std::int8_t";
    case ValueType::int16:
      return "std::int16_t";
    case ValueType::int32:
      return "std::int32_t";
    case ValueType::int64:
      return "std::int64_t";
    case ValueType::uint8:
      return "std::uint8_t";
    case ValueType::uint16:
      return "std::uint16_t";
    case ValueType::uint32:
      return "std::uint32_t";
    case ValueType::uint64:
      return "std::uint64_t";
    case ValueType::float32:
      return "float";
    case ValueType::float64:
      return "double";
    case ValueType::enumeration:
      return cpp_qualified(request, *named);
    case ValueType::text:
      return "::capnp::Text";
    case ValueType::data:
      return "::capnp::Data";
    case ValueType::reference:
      break;
  }
  return "::coppice::schema::Ref<" + cpp_qualified(request, *named) + ">";
}

std::vector<std::string> way_of(const std::string& name) {
  std::vector<std::string> way;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    way.push_back(cpp_field(name.substr(begin, end - begin)));
    begin = end + 1;
  }
  return way;
}

}  // namespace

std::vector<FieldModel> indexed_fields(const CompilerRequest& request, const IndexPlan& plan) {
  std::vector<FieldModel> fields;
  for (const auto& index : plan.indexes()) {
    // Search and references are of all fields together.
    if (index.name.empty()) continue;
    fields.push_back({way_of(index.name), index.field.value, cpp_type(request, index)});
  }
  return fields;
}

}  // namespace coppice::codegen
