#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <capnp/message.h>

#include "schema/body_values.h"
#include "schema/field_map.h"

namespace coppice {

// Reads the values of one field out of bodies, and nothing else of them: a FieldMap cut down to the
// ways that lead there.
//
// Immutable, shared by threads; needs no FieldMap any more. REQUIRES of bodies: trusted.
class FieldReader {
 public:
  // Calls take(FieldValue) for each value until it returns true; returns whether it did. Bytes are
  // never empty and references never nothing. Of a presence, the value is 1.
  template <typename Take>
  bool any(std::span<const std::uint64_t> body, Take&& take) const {
    if (body.empty()) return false;
    const auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(body.data()));
    return in_struct(nodes_.front(), root.getAs<capnp::AnyStruct>(), take);
  }

 private:
  friend class FieldMap;
  using Slot = FieldMap::Slot;
  using Pointer = capnp::AnyPointer::Reader;

  struct Node {
    std::optional<Slot> value;
    std::vector<Slot> branches;
  };

  template <typename Take>
  bool in_struct(const Node& node, capnp::AnyStruct::Reader reader, Take& take) const {
    const body::Data data = reader.getDataSection();
    if (node.value && body::is_there(node.value->when, data) && at(*node.value, reader, data, take))
      return true;
    if (node.branches.empty()) return false;
    const auto pointers = reader.getPointerSection();
    for (const Slot& branch : node.branches) {
      if (branch.offset < pointers.size() && body::is_there(branch.when, data) &&
          in_structs(nodes_[*branch.below], branch.lists, pointers[branch.offset], take))
        return true;
    }
    return false;
  }

  template <typename Take>
  bool in_structs(const Node& node, std::uint32_t lists, Pointer pointer, Take& take) const {
    if (pointer.isNull()) return false;
    if (lists == 0) return in_struct(node, pointer.getAs<capnp::AnyStruct>(), take);
    if (lists == 1) {
      for (auto element : body::list_of<capnp::AnyStruct>(pointer)) {
        if (in_struct(node, element, take)) return true;
      }
      return false;
    }
    for (auto list : body::list_of<capnp::AnyPointer>(pointer)) {
      if (in_structs(node, lists - 1, list, take)) return true;
    }
    return false;
  }

  template <typename Take>
  bool at(const Slot& slot, capnp::AnyStruct::Reader reader, body::Data data, Take& take) const {
    const bool is_presence = slot.type == ValueType::presence;
    if (slot.lists == 0 && !is_presence && !body::is_pointer(slot.type))
      return take(
          FieldValue::of_ordered(body::number_at(slot.type, data, slot.offset, slot.default_bits)));
    if (is_presence && !slot.has_pointer) return take(FieldValue::of_ordered(1));
    const auto pointers = reader.getPointerSection();
    if (slot.offset >= pointers.size() || pointers[slot.offset].isNull()) return false;
    const Pointer pointer = pointers[slot.offset];
    if (!is_presence) return in_values(slot, slot.lists, pointer, take);
    const bool is_set = slot.lists == 0 || pointer.getAs<capnp::AnyList>().size() > 0;
    return is_set && take(FieldValue::of_ordered(1));
  }

  template <typename Take>
  bool in_values(const Slot& slot, std::uint32_t lists, Pointer pointer, Take& take) const {
    if (pointer.isNull()) return false;
    if (lists == 0) return value(slot, pointer, take);
    if (lists == 1 && slot.type == ValueType::reference) {
      for (auto element : body::list_of<capnp::AnyStruct>(pointer)) {
        if (reference(element, take)) return true;
      }
      return false;
    }
    if (lists == 1 && !body::is_pointer(slot.type)) {
      return body::any_element(slot.type, pointer, [&](std::uint64_t number) {
        return take(FieldValue::of_ordered(number));
      });
    }
    for (auto inner : body::list_of<capnp::AnyPointer>(pointer)) {
      if (in_values(slot, lists - 1, inner, take)) return true;
    }
    return false;
  }

  template <typename Take>
  bool value(const Slot& slot, Pointer pointer, Take& take) const {
    if (slot.type == ValueType::reference)
      return reference(pointer.getAs<capnp::AnyStruct>(), take);
    const std::string_view bytes =
        slot.type == ValueType::text ? body::text_in(pointer) : body::data_in(pointer);
    return !bytes.empty() && take(FieldValue(bytes));
  }

  template <typename Take>
  bool reference(capnp::AnyStruct::Reader reader, Take& take) const {
    const KeyWord key = body::key_in(reader);
    return key && take(FieldValue(key));
  }

  std::vector<Node> nodes_;
};

}  // namespace coppice
