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

Error misfit(const TreeInfo& tree, const kj::Exception& e) {
  return invalid(std::string("The JSON does not fit tree '") + tree.name() +
                 "': " + e.getDescription().cStr() + ".");
}

// Reads one object. Errors: it is none, or names what the tree does not have.
Result<void> read_object(const TreeInfo& tree, std::string_view json,
                         capnp::json::Value::Builder value) {
  capnp::JsonCodec().decodeRaw(kj::ArrayPtr<const char>(json.data(), json.size()), value);
  if (!value.isObject()) return invalid("A record is a JSON object: { \"field\": value, ... }.");
  auto unknown = unknown_member(value.asReader(), tree.dynamic(), "");
  if (!unknown.empty())
    return invalid("Tree '" + tree.name() + "' has no field '" + unknown + "'.");
  return {};
}

// REQUIRES: read_object accepted it.
void merge(const capnp::JsonCodec& codec, capnp::json::Value::Reader object,
           capnp::DynamicStruct::Builder into) {
  const auto orphanage = capnp::Orphanage::getForMessageContaining(into);
  for (Member member : object.getObject()) {
    const auto field = into.getSchema().getFieldByName(member.getName());
    const auto value = member.getValue();
    // A struct that is not there yet, or another member of a union, is made as it is.
    if (field.getType().isStruct() && value.isObject() && into.has(field)) {
      merge(codec, value, into.get(field).as<capnp::DynamicStruct>());
    } else if (field.getProto().isGroup()) {
      merge(codec, value, into.init(field).as<capnp::DynamicStruct>());
    } else if (value.isNull()) {
      into.clear(field);
    } else {
      into.adopt(field, codec.decode(value, field.getType(), orphanage));
    }
  }
}

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
  try {
    capnp::MallocMessageBuilder parsed;
    auto value = parsed.initRoot<capnp::json::Value>();
    if (auto read = read_object(tree, json, value); !read) return read.error();
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<capnp::DynamicStruct>(tree.dynamic());
    capnp::JsonCodec().decode(value.asReader(), root);
    return canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
  } catch (const kj::Exception& e) {
    return misfit(tree, e);
  }
}

Result<void> merge_json(const TreeInfo& tree, std::string_view json, capnp::MessageBuilder& body) {
  try {
    capnp::MallocMessageBuilder parsed;
    auto value = parsed.initRoot<capnp::json::Value>();
    if (auto read = read_object(tree, json, value); !read) return read.error();
    merge(capnp::JsonCodec(), value.asReader(), body.getRoot<capnp::DynamicStruct>(tree.dynamic()));
    return {};
  } catch (const kj::Exception& e) {
    return misfit(tree, e);
  }
}

}  // namespace coppice
