#include "schema/body_shape.h"

#include <map>

#include <capnp/any.h>
#include <capnp/serialize.h>

#include "schema/body_walk.h"

namespace coppice {
namespace {

using Node = capnp::schema::Node;
using Field = capnp::schema::Field;
using Type = capnp::schema::Type;

// Builds the shapes of all structs that a root needs. One per compilation.
class Compiler {
 public:
  Compiler(capnp::List<Node>::Reader nodes, std::vector<std::unique_ptr<BodyShape::Struct>>& structs)
      : structs_(structs) {
    for (auto node : nodes) nodes_.emplace(node.getId(), node);
  }

  const BodyShape::Struct* shape_of(std::uint64_t id) {
    if (auto done = shapes_.find(id); done != shapes_.end()) return done->second;
    auto node = nodes_.find(id);
    if (node == nodes_.end() || !node->second.isStruct()) return nullptr;
    structs_.push_back(std::make_unique<BodyShape::Struct>());
    BodyShape::Struct* shape = structs_.back().get();
    shapes_.emplace(id, shape);  // before its fields: a struct may contain itself
    add_fields(node->second, {}, *shape);
    return shape;
  }

 private:
  void add_fields(Node::Reader node, const std::vector<Discriminant>& within, BodyShape::Struct& shape) {
    auto layout = node.getStruct();
    for (auto field : layout.getFields()) {
      auto when = within;
      if (field.getDiscriminantValue() != Field::NO_DISCRIMINANT) {
        when.push_back({layout.getDiscriminantOffset(), field.getDiscriminantValue()});
      }
      if (field.isGroup()) {
        auto group = nodes_.find(field.getGroup().getTypeId());
        if (group != nodes_.end()) add_fields(group->second, when, shape);
        continue;
      }
      auto content = content_of(field.getSlot().getType());
      if (content.kind != Content::Kind::none) {
        shape.slots.push_back({field.getSlot().getOffset(), std::move(when), std::move(content)});
      }
    }
  }

  Content content_of(Type::Reader type) {
    switch (type.which()) {
      case Type::TEXT: return {Content::Kind::text};
      case Type::DATA: return {Content::Kind::data};
      case Type::STRUCT: return {Content::Kind::structure, shape_of(type.getStruct().getTypeId())};
      case Type::LIST: return list_of(type.getList().getElementType());
      case Type::ANY_POINTER: return {Content::Kind::any};
      case Type::INTERFACE: return {Content::Kind::nothing};
      default: return {Content::Kind::none};
    }
  }

  Content list_of(Type::Reader element) {
    Content content{Content::Kind::list};
    content.element_size = element_size(element);
    auto inside = content_of(element);
    if (inside.kind != Content::Kind::none) content.element = std::make_shared<Content>(std::move(inside));
    return content;
  }

  static ElementSize element_size(Type::Reader type) {
    switch (type.which()) {
      case Type::VOID: return ElementSize::empty;
      case Type::BOOL: return ElementSize::bit;
      case Type::INT8:
      case Type::UINT8: return ElementSize::byte1;
      case Type::INT16:
      case Type::UINT16:
      case Type::ENUM: return ElementSize::byte2;
      case Type::INT32:
      case Type::UINT32:
      case Type::FLOAT32: return ElementSize::byte4;
      case Type::INT64:
      case Type::UINT64:
      case Type::FLOAT64: return ElementSize::byte8;
      case Type::STRUCT: return ElementSize::composite;
      default: return ElementSize::pointer;
    }
  }

  std::vector<std::unique_ptr<BodyShape::Struct>>& structs_;
  std::map<std::uint64_t, Node::Reader> nodes_;
  std::map<std::uint64_t, const BodyShape::Struct*> shapes_;
};

Error invalid(std::string why) { return error(Errc::invalid, "The body is not valid: " + std::move(why) + "."); }

// A valid message in another layout than the canonical one. Cap'n Proto's own reader checks it while it copies, with a tight
// traversal limit because the bytes are a stranger's.
Result<bool> canonicalize(std::span<const std::uint64_t> words, std::vector<std::uint64_t>& scratch) {
  kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(words.data()), words.size());
  capnp::ReaderOptions options{.traversalLimitInWords = 2 * words.size() + 64,
                               .nestingLimit = BodyShape::kDepthMax};
  try {
    kj::ArrayPtr<const capnp::word> segments[1] = {segment};
    capnp::SegmentArrayMessageReader reader(segments, options);
    scratch = canonical_words(reader.getRoot<capnp::AnyStruct>());
    return true;
  } catch (const kj::Exception& e) {
    return invalid(e.getDescription().cStr());
  }
}

}  // namespace

BodyShape::BodyShape(std::uint64_t root, capnp::List<Node>::Reader nodes) {
  root_ = Compiler(nodes, structs_).shape_of(root);
}
BodyShape::~BodyShape() = default;
BodyShape::BodyShape(BodyShape&&) noexcept = default;
BodyShape& BodyShape::operator=(BodyShape&&) noexcept = default;

Result<CheckedBody> BodyShape::check(std::span<const std::byte> bytes,
                                     std::vector<std::uint64_t>& scratch) const {
  if (bytes.size() % 8 != 0 || bytes.empty()) return invalid("it is not a whole number of words");
  if (bytes.size() > kBodyBytesMax) {
    return invalid("it has " + std::to_string(bytes.size()) + " bytes, and the limit is " +
                   std::to_string(kBodyBytesMax));
  }
  std::span<const std::uint64_t> words(reinterpret_cast<const std::uint64_t*>(bytes.data()), bytes.size() / 8);
  auto verdict = BodyWalk(words).run(*root_);
  if (verdict.outcome == BodyWalk::Outcome::not_canonical) {
    auto copied = canonicalize(words, scratch);
    if (!copied) return copied.error();
    words = scratch;
    verdict = BodyWalk(words).run(*root_);
  }
  if (verdict.outcome != BodyWalk::Outcome::good) return invalid(verdict.why);
  return CheckedBody(words);
}

std::vector<std::uint64_t> canonical_words(capnp::AnyStruct::Reader root) {
  kj::Array<capnp::word> canonical = root.canonicalize();
  std::vector<std::uint64_t> words(canonical.size());
  std::memcpy(words.data(), canonical.begin(), words.size() * 8);
  return words;
}

}  // namespace coppice
