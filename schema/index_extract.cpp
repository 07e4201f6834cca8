// The part of IndexPlan that reads bodies.

#include <capnp/message.h>

#include "schema/body_values.h"
#include "schema/index_nodes.h"

namespace coppice {
namespace {

using body::list_of;
using capnp::AnyPointer;
using capnp::AnyStruct;
using Node = IndexPlan::Node;

// One walk over one body.
class Extraction {
 public:
  explicit Extraction(IndexSink& sink) : sink_(sink) {}

  void structure(const Node& node, AnyStruct::Reader reader) {
    const body::Data data = reader.getDataSection();
    const auto pointers = reader.getPointerSection();
    for (const Node::Leaf& leaf : node.leaves) {
      const Node::Place& place = leaf.place;
      if (!body::is_there(place.when, data)) continue;
      if (place.lists == 0 && !body::is_pointer(leaf.type)) {
        sink_.number(*leaf.index,
                     body::number_at(leaf.type, data, place.offset, leaf.default_bits));
      } else if (place.offset < pointers.size()) {
        values(leaf, place.lists, pointers[place.offset]);
      }
    }
    for (const Node::Branch& branch : node.branches) {
      if (body::is_there(branch.place.when, data) && branch.place.offset < pointers.size())
        structures(*branch.node, branch.place.lists, pointers[branch.place.offset]);
    }
  }

 private:
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
    } else if (lists == 1 && !body::is_pointer(leaf.type)) {
      body::any_element(leaf.type, pointer, [&](std::uint64_t number) {
        sink_.number(*leaf.index, number);
        return false;
      });
    } else {
      for (auto inner : list_of<AnyPointer>(pointer)) values(leaf, lists - 1, inner);
    }
  }

  void value(const Node::Leaf& leaf, AnyPointer::Reader pointer) {
    switch (leaf.type) {
      case ValueType::text:
        return bytes(leaf, body::text_in(pointer));
      case ValueType::data:
        return bytes(leaf, body::data_in(pointer));
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
    const KeyWord key = body::key_in(reader);
    if (!key) return;
    if (leaf.index) sink_.number(*leaf.index, key.value);
    if (leaf.target.value == 0) return;
    const auto place = reinterpret_cast<const std::byte*>(reader.getDataSection().begin());
    sink_.reference_at(AnyKey(leaf.target, key), place);
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
