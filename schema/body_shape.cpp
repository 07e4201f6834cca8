#include "schema/body_shape.h"

#include <cstring>
#include <map>
#include <unordered_map>

#include <capnp/any.h>
#include <capnp/schema-loader.h>
#include <capnp/serialize.h>

#include "schema/body_walk.h"

namespace coppice {
namespace {

using Node = capnp::schema::Node;
using Field = capnp::schema::Field;
using Type = capnp::schema::Type;

// Generic structs that contain each other with ever new parameters have bindings without end. No
// honest schema has as many.
constexpr std::size_t kStructsMax = 4096;

struct SchemaHash {
  std::size_t operator()(const capnp::Schema& schema) const { return schema.hashCode(); }
};

// Builds the shapes of all structs that a root needs, with the parameters of generic structs bound.
// One per compilation.
class Compiler {
 public:
  Compiler(capnp::List<Node>::Reader nodes,
           std::vector<std::unique_ptr<BodyShape::Struct>>& structs)
      : structs_(structs) {
    for (auto node : nodes) {
      KJ_REQUIRE(nodes_.emplace(node.getId(), node).second, "a declaration is there twice",
                 node.getDisplayName());
      loader_.load(node);
    }
  }

  const BodyShape::Struct* compile(std::uint64_t root) {
    const BodyShape::Struct* shape = shape_of(loader_.get(root).asStruct());
    // A list of what is left rather than a recursion: a stranger's schema may be a very long chain.
    while (!pending_.empty()) {
      auto [schema, pending] = pending_.back();
      pending_.pop_back();
      add_fields(schema, {}, *pending);
    }
    return shape;
  }

 private:
  BodyShape::Struct* shape_of(capnp::StructSchema schema) {
    if (auto done = shapes_.find(schema); done != shapes_.end()) return done->second;
    auto proto = schema.getProto();
    KJ_REQUIRE(nodes_.count(proto.getId()) > 0, "the struct of a field is missing",
               proto.getDisplayName());
    KJ_REQUIRE(!proto.getStruct().getIsGroup(), "a group is used as a struct",
               proto.getDisplayName());
    KJ_REQUIRE(structs_.size() < kStructsMax, "it needs too many structs");
    structs_.push_back(std::make_unique<BodyShape::Struct>());
    BodyShape::Struct* shape = structs_.back().get();
    shapes_.emplace(schema, shape);
    pending_.emplace_back(schema, shape);
    return shape;
  }

  void add_fields(capnp::StructSchema schema, const std::vector<Discriminant>& within,
                  BodyShape::Struct& shape) {
    auto discriminant = schema.getProto().getStruct().getDiscriminantOffset();
    for (auto field : schema.getFields()) {
      auto proto = field.getProto();
      auto when = within;
      if (proto.getDiscriminantValue() != Field::NO_DISCRIMINANT) {
        when.push_back({discriminant, proto.getDiscriminantValue()});
      }
      if (proto.isGroup()) {
        add_fields(group_of(schema, field), when, shape);
        continue;
      }
      auto content = content_of(field.getType());
      if (content.kind != Content::Kind::none) {
        shape.slots.push_back({proto.getSlot().getOffset(), std::move(when), std::move(content)});
      }
    }
  }

  // A group's fields are read as if they were its struct's, so its node must be the struct's own.
  // SchemaLoader does not look at that: it would accept a group that contains itself. That this
  // ends follows: a node has only one scope.
  capnp::StructSchema group_of(capnp::StructSchema schema, capnp::StructSchema::Field field) {
    auto group = field.getType().asStruct();
    auto proto = group.getProto();
    bool is_own = nodes_.count(proto.getId()) > 0 && proto.getStruct().getIsGroup() &&
                  proto.getScopeId() == schema.getProto().getId();
    KJ_REQUIRE(is_own, "a group is missing or belongs to another struct", proto.getDisplayName());
    return group;
  }

  Content content_of(capnp::Type type) {
    switch (type.which()) {
      case Type::TEXT:
        return {Content::Kind::text};
      case Type::DATA:
        return {Content::Kind::data};
      case Type::STRUCT:
        return {Content::Kind::structure, shape_of(type.asStruct())};
      case Type::LIST:
        return list_of(type.asList().getElementType());
      case Type::ANY_POINTER:
        return {Content::Kind::any};
      case Type::INTERFACE:
        return {Content::Kind::nothing};
      default:
        return {Content::Kind::none};
    }
  }

  Content list_of(capnp::Type element) {
    Content content{Content::Kind::list};
    content.element_size = element_size(element);
    auto inside = content_of(element);
    if (inside.kind != Content::Kind::none)
      content.element = std::make_shared<Content>(std::move(inside));
    return content;
  }

  static ElementSize element_size(capnp::Type type) {
    switch (type.which()) {
      case Type::VOID:
        return ElementSize::empty;
      case Type::BOOL:
        return ElementSize::bit;
      case Type::INT8:
      case Type::UINT8:
        return ElementSize::byte1;
      case Type::INT16:
      case Type::UINT16:
      case Type::ENUM:
        return ElementSize::byte2;
      case Type::INT32:
      case Type::UINT32:
      case Type::FLOAT32:
        return ElementSize::byte4;
      case Type::INT64:
      case Type::UINT64:
      case Type::FLOAT64:
        return ElementSize::byte8;
      case Type::STRUCT:
        return ElementSize::composite;
      default:
        return ElementSize::pointer;
    }
  }

  std::vector<std::unique_ptr<BodyShape::Struct>>& structs_;
  std::map<std::uint64_t, Node::Reader> nodes_;
  capnp::SchemaLoader loader_;
  std::unordered_map<capnp::Schema, BodyShape::Struct*, SchemaHash> shapes_;
  std::vector<std::pair<capnp::StructSchema, BodyShape::Struct*>> pending_;
};

Error invalid(std::string why) {
  return error(Errc::invalid, "The body is not valid: " + std::move(why) + ".");
}

Error too_large(std::size_t bytes) {
  return invalid("it has " + std::to_string(bytes) + " bytes, and the limit is " +
                 std::to_string(BodyShape::kBodyBytesMax));
}

// A valid message in another layout than the canonical one. Cap'n Proto's own reader checks it
// while it copies, with a tight traversal limit because the bytes are a stranger's: it reads the
// root, then everything twice, to measure and to copy.
Result<bool> canonicalize(std::span<const std::uint64_t> words,
                          std::vector<std::uint64_t>& scratch) {
  kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(words.data()),
                                          words.size());
  // Each element of a list counts as a level here, and as none in our own walk.
  capnp::ReaderOptions options{
      .traversalLimitInWords = 3 * words.size() + 2 * BodyShape::kEmptyElementsMax + 64,
      .nestingLimit = 2 * BodyShape::kDepthMax};
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
  root_ = Compiler(nodes, structs_).compile(root);
}
BodyShape::~BodyShape() = default;
BodyShape::BodyShape(BodyShape&&) noexcept = default;
BodyShape& BodyShape::operator=(BodyShape&&) noexcept = default;

Result<CheckedBody> BodyShape::check(std::span<const std::byte> bytes,
                                     std::vector<std::uint64_t>& scratch) const {
  if (bytes.size() % 8 != 0 || bytes.empty()) return invalid("it is not a whole number of words");
  if (bytes.size() > kBodyBytesMax) return too_large(bytes.size());
  std::span<const std::uint64_t> words(reinterpret_cast<const std::uint64_t*>(bytes.data()),
                                       bytes.size() / 8);
  auto verdict = BodyWalk(words).run(*root_);
  if (verdict.outcome == BodyWalk::Outcome::not_canonical) {
    auto copied = canonicalize(words, scratch);
    if (!copied) return copied.error();
    words = scratch;
    // Objects that several pointers shared are several now.
    if (words.size_bytes() > kBodyBytesMax) return too_large(words.size_bytes());
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
