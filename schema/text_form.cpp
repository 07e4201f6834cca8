#include "schema/text_form.h"

#include <capnp/compat/json.h>
#include <capnp/dynamic.h>
#include <capnp/message.h>

namespace coppice {
namespace {

using Member = capnp::json::Value::Field::Reader;

// The path of the first member of `object` that `schema` has no field for; empty if there is none.
std::string unknown_member(capnp::json::Value::Reader object, capnp::StructSchema schema,
                           const std::string& path);

std::string unknown_inside(capnp::json::Value::Reader value, capnp::Type type,
                           const std::string& path) {
  if (type.isStruct() && value.isObject()) return unknown_member(value, type.asStruct(), path);
  if (!type.isList() || !value.isArray()) return {};
  std::size_t index = 0;
  for (auto element : value.getArray()) {
    auto found = unknown_inside(element, type.asList().getElementType(),
                                path + "[" + std::to_string(index++) + "]");
    if (!found.empty()) return found;
  }
  return {};
}

std::string unknown_member(capnp::json::Value::Reader object, capnp::StructSchema schema,
                           const std::string& path) {
  for (Member member : object.getObject()) {
    std::string name = path + (path.empty() ? "" : ".") + member.getName().cStr();
    KJ_IF_MAYBE (field, schema.findFieldByName(member.getName())) {
      auto found = unknown_inside(member.getValue(), field->getType(), name);
      if (!found.empty()) return found;
    } else {
      return name;
    }
  }
  return {};
}

Error invalid(std::string why) { return error(Errc::invalid, std::move(why)); }

}  // namespace

std::string body_to_json(const TreeInfo& tree, std::span<const std::uint64_t> body) {
  capnp::JsonCodec codec;
  codec.setPrettyPrint(true);
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  kj::String text = codec.encode(root.getAs<capnp::DynamicStruct>(tree.dynamic()));
  return {text.begin(), text.end()};
}

Result<std::vector<std::uint64_t>> body_from_json(const TreeInfo& tree, std::string_view json) {
  capnp::JsonCodec codec;
  kj::ArrayPtr<const char> input(json.data(), json.size());
  try {
    capnp::MallocMessageBuilder parsed;
    auto value = parsed.initRoot<capnp::json::Value>();
    codec.decodeRaw(input, value);
    if (!value.isObject()) return invalid("A record is a JSON object: { \"field\": value, ... }.");
    auto unknown = unknown_member(value.asReader(), tree.dynamic(), "");
    if (!unknown.empty())
      return invalid("Tree '" + tree.name() + "' has no field '" + unknown + "'.");
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<capnp::DynamicStruct>(tree.dynamic());
    codec.decode(value.asReader(), root);
    return canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
  } catch (const kj::Exception& e) {
    return invalid(std::string("The JSON does not fit tree '") + tree.name() +
                   "': " + e.getDescription().cStr() + ".");
  }
}

}  // namespace coppice
