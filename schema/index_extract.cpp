// The part of IndexPlan that reads bodies. They are trusted, so nothing is checked here but what
// older and newer schemas may leave out.

#include <capnp/any.h>
#include <capnp/message.h>

#include "schema/index_nodes.h"

namespace coppice {
namespace {

using capnp::AnyPointer;
using capnp::AnyStruct;
using Node = IndexPlan::Node;
using Data = capnp::Data::Reader;

// The bits of a field of T at `offset`, in units of its size; 0 where the section ends before.
template <typename T>
T bits_at(Data data, std::uint32_t offset) {
  T bits = 0;
  if ((offset + std::size_t{1}) * sizeof bits <= data.size())
    std::memcpy(&bits, data.begin() + offset * sizeof bits, sizeof bits);
  return bits;
}

bool bit_at(Data data, std::uint32_t offset) {
  return offset / 8 < data.size() && ((data[offset / 8] >> (offset % 8)) & 1) != 0;
}

template <typename T, typename Bits = std::make_unsigned_t<T>>
std::uint64_t integer_at(Data data, const Node::Leaf& leaf) {
  const auto bits = static_cast<Bits>(bits_at<Bits>(data, leaf.place.offset) ^ leaf.default_bits);
  return FieldValue::ordered(static_cast<T>(bits));
}

std::uint64_t number_at(Data data, const Node::Leaf& leaf) {
  const std::uint32_t offset = leaf.place.offset;
  switch (leaf.type) {
    case ValueType::boolean:
      return bit_at(data, offset) != (leaf.default_bits != 0);
    case ValueType::int8:
      return integer_at<std::int8_t>(data, leaf);
    case ValueType::int16:
      return integer_at<std::int16_t>(data, leaf);
    case ValueType::int32:
      return integer_at<std::int32_t>(data, leaf);
    case ValueType::int64:
      return integer_at<std::int64_t>(data, leaf);
    case ValueType::uint8:
      return integer_at<std::uint8_t>(data, leaf);
    case ValueType::uint16:
    case ValueType::enumeration:
      return integer_at<std::uint16_t>(data, leaf);
    case ValueType::uint32:
      return integer_at<std::uint32_t>(data, leaf);
    case ValueType::uint64:
      return integer_at<std::uint64_t>(data, leaf);
    case ValueType::float32:
      return FieldValue::ordered(static_cast<double>(std::bit_cast<float>(
          bits_at<std::uint32_t>(data, offset) ^ static_cast<std::uint32_t>(leaf.default_bits))));
    default:
      return FieldValue::ordered(
          std::bit_cast<double>(bits_at<std::uint64_t>(data, offset) ^ leaf.default_bits));
  }
}

// A list of what has no type, which pointers do not give by themselves.
template <typename T>
typename capnp::List<T>::Reader list_of(AnyPointer::Reader pointer) {
  return pointer.getAs<capnp::AnyList>().as<capnp::List<T>>();
}

constexpr bool is_pointer(ValueType type) { return type >= ValueType::text; }

// One walk over one body.
class Extraction {
 public:
  explicit Extraction(IndexSink& sink) : sink_(sink) {}

  void structure(const Node& node, AnyStruct::Reader reader) {
    const Data data = reader.getDataSection();
    const auto pointers = reader.getPointerSection();
    for (const Node::Leaf& leaf : node.leaves) {
      if (!present(leaf.place, data)) continue;
      if (leaf.place.lists == 0 && !is_pointer(leaf.type)) {
        sink_.number(*leaf.index, number_at(data, leaf));
      } else if (leaf.place.offset < pointers.size()) {
        values(leaf, leaf.place.lists, pointers[leaf.place.offset]);
      }
    }
    for (const Node::Branch& branch : node.branches) {
      if (present(branch.place, data) && branch.place.offset < pointers.size())
        structures(*branch.node, branch.place.lists, pointers[branch.place.offset]);
    }
  }

 private:
  static bool present(const Node::Place& place, Data data) {
    for (const Discriminant& condition : place.when) {
      if (bits_at<std::uint16_t>(data, condition.offset) != condition.value) return false;
    }
    return true;
  }

  void structures(const Node& node, std::uint32_t lists, AnyPointer::Reader pointer) {
    if (pointer.isNull()) return;
    if (lists == 0) return structure(node, pointer.getAs<AnyStruct>());
    if (lists == 1) {
      for (auto element : list_of<AnyStruct>(pointer)) structure(node, element);
      return;
    }
    for (auto list : list_of<AnyPointer>(pointer)) structures(node, lists - 1, list);
  }

  void values(const Node::Leaf& leaf, std::uint32_t lists, AnyPointer::Reader pointer) {
    if (pointer.isNull()) return;
    if (lists == 0) return value(leaf, pointer);
    if (lists == 1 && leaf.type == ValueType::reference) {
      for (auto element : list_of<AnyStruct>(pointer)) reference(leaf, element);
    } else if (lists == 1 && !is_pointer(leaf.type)) {
      numbers(leaf, pointer);
    } else {
      for (auto inner : list_of<AnyPointer>(pointer)) values(leaf, lists - 1, inner);
    }
  }

  void value(const Node::Leaf& leaf, AnyPointer::Reader pointer) {
    switch (leaf.type) {
      case ValueType::text: {
        auto text = pointer.getAs<capnp::Text>();
        return bytes(leaf, {text.cStr(), text.size()});
      }
      case ValueType::data: {
        auto data = pointer.getAs<capnp::Data>();
        return bytes(leaf, {reinterpret_cast<const char*>(data.begin()), data.size()});
      }
      default:
        return reference(leaf, pointer.getAs<AnyStruct>());
    }
  }

  void bytes(const Node::Leaf& leaf, std::string_view bytes) {
    if (bytes.empty()) return;
    if (leaf.index) sink_.bytes(*leaf.index, bytes);
    if (leaf.searched) sink_.text(bytes);
  }

  void reference(const Node::Leaf& leaf, AnyStruct::Reader reader) {
    const KeyWord key(bits_at<std::uint64_t>(reader.getDataSection(), 0));
    if (!key) return;
    if (leaf.index) sink_.number(*leaf.index, key.value);
    if (leaf.target.value != 0) sink_.reference(AnyKey(leaf.target, key));
  }

  template <typename T>
  void elements(const Node::Leaf& leaf, AnyPointer::Reader pointer) {
    for (auto element : pointer.getAs<capnp::List<T>>()) {
      if constexpr (std::is_same_v<T, float>) {
        sink_.number(*leaf.index, FieldValue::ordered(static_cast<double>(element)));
      } else {
        sink_.number(*leaf.index, FieldValue::ordered(element));
      }
    }
  }

  void numbers(const Node::Leaf& leaf, AnyPointer::Reader pointer) {
    switch (leaf.type) {
      case ValueType::boolean:
        return elements<bool>(leaf, pointer);
      case ValueType::int8:
        return elements<std::int8_t>(leaf, pointer);
      case ValueType::int16:
        return elements<std::int16_t>(leaf, pointer);
      case ValueType::int32:
        return elements<std::int32_t>(leaf, pointer);
      case ValueType::int64:
        return elements<std::int64_t>(leaf, pointer);
      case ValueType::uint8:
        return elements<std::uint8_t>(leaf, pointer);
      case ValueType::uint16:
      case ValueType::enumeration:
        return elements<std::uint16_t>(leaf, pointer);
      case ValueType::uint32:
        return elements<std::uint32_t>(leaf, pointer);
      case ValueType::uint64:
        return elements<std::uint64_t>(leaf, pointer);
      case ValueType::float32:
        return elements<float>(leaf, pointer);
      default:
        return elements<double>(leaf, pointer);
    }
  }

  IndexSink& sink_;
};

}  // namespace

void IndexPlan::extract(std::span<const std::uint64_t> body, IndexSink& sink) const {
  if (!root_ || body.empty()) return;
  auto root =
      capnp::readMessageUnchecked<AnyPointer>(reinterpret_cast<const capnp::word*>(body.data()));
  Extraction(sink).structure(*root_, root.getAs<AnyStruct>());
}

}  // namespace coppice
