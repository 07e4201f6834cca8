#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <capnp/any.h>

#include "schema/body_walk.h"
#include "schema/index_plan.h"

// How values are read out of trusted bodies by the places where they lie. Nothing is checked here
// but what older and newer schemas may leave out.
namespace coppice::body {

using Data = capnp::Data::Reader;

// The bits of a field of T at `offset`, in units of its size; 0 where the section ends before.
template <typename T>
T bits_at(Data data, std::uint32_t offset) {
  T bits = 0;
  if ((offset + std::size_t{1}) * sizeof bits <= data.size())
    std::memcpy(&bits, data.begin() + offset * sizeof bits, sizeof bits);
  return bits;
}

inline bool bit_at(Data data, std::uint32_t offset) {
  return offset / 8 < data.size() && ((data[offset / 8] >> (offset % 8)) & 1) != 0;
}

// Whether the members of unions that a field lies in are the ones that are set.
inline bool is_there(const std::vector<Discriminant>& when, Data data) {
  for (const Discriminant& condition : when) {
    if (bits_at<std::uint16_t>(data, condition.offset) != condition.value) return false;
  }
  return true;
}

template <typename T, typename Bits = std::make_unsigned_t<T>>
std::uint64_t integer_at(Data data, std::uint32_t offset, std::uint64_t default_bits) {
  return FieldValue::ordered(
      static_cast<T>(static_cast<Bits>(bits_at<Bits>(data, offset) ^ default_bits)));
}

// A number in the order of an index (coppice/field.h). `default_bits` are what the stored ones are
// XORed with. REQUIRES: the type is a number, Bool or an enum.
inline std::uint64_t number_at(ValueType type, Data data, std::uint32_t offset,
                               std::uint64_t default_bits) {
  switch (type) {
    case ValueType::boolean:
      return bit_at(data, offset) != (default_bits != 0);
    case ValueType::int8:
      return integer_at<std::int8_t>(data, offset, default_bits);
    case ValueType::int16:
      return integer_at<std::int16_t>(data, offset, default_bits);
    case ValueType::int32:
      return integer_at<std::int32_t>(data, offset, default_bits);
    case ValueType::int64:
      return integer_at<std::int64_t>(data, offset, default_bits);
    case ValueType::uint8:
      return integer_at<std::uint8_t>(data, offset, default_bits);
    case ValueType::uint16:
    case ValueType::enumeration:
      return integer_at<std::uint16_t>(data, offset, default_bits);
    case ValueType::uint32:
      return integer_at<std::uint32_t>(data, offset, default_bits);
    case ValueType::uint64:
      return integer_at<std::uint64_t>(data, offset, default_bits);
    case ValueType::float32:
      return FieldValue::ordered(static_cast<double>(std::bit_cast<float>(
          bits_at<std::uint32_t>(data, offset) ^ static_cast<std::uint32_t>(default_bits))));
    default:
      return FieldValue::ordered(
          std::bit_cast<double>(bits_at<std::uint64_t>(data, offset) ^ default_bits));
  }
}

// A list of what has no type, which pointers do not give by themselves.
template <typename T>
typename capnp::List<T>::Reader list_of(capnp::AnyPointer::Reader pointer) {
  return pointer.getAs<capnp::AnyList>().as<capnp::List<T>>();
}

// Whether values of the type lie behind pointers, rather than in the data section.
constexpr bool is_pointer(ValueType type) {
  return type >= ValueType::text && type <= ValueType::reference;
}

// The key in a Ref's struct; 0: it refers to nothing.
inline KeyWord key_in(capnp::AnyStruct::Reader reference) {
  return KeyWord(bits_at<std::uint64_t>(reference.getDataSection(), 0));
}

// Calls take(number) for each element of a list of T until it returns true. Returns whether it did.
template <typename T, typename Take>
bool any_element_of(capnp::AnyPointer::Reader list, Take&& take) {
  for (auto element : list.getAs<capnp::List<T>>()) {
    if constexpr (std::is_same_v<T, float>) {
      if (take(FieldValue::ordered(static_cast<double>(element)))) return true;
    } else {
      if (take(FieldValue::ordered(element))) return true;
    }
  }
  return false;
}

// The same where only the schema knows the type. REQUIRES: as number_at.
template <typename Take>
bool any_element(ValueType type, capnp::AnyPointer::Reader list, Take&& take) {
  switch (type) {
    case ValueType::boolean:
      return any_element_of<bool>(list, take);
    case ValueType::int8:
      return any_element_of<std::int8_t>(list, take);
    case ValueType::int16:
      return any_element_of<std::int16_t>(list, take);
    case ValueType::int32:
      return any_element_of<std::int32_t>(list, take);
    case ValueType::int64:
      return any_element_of<std::int64_t>(list, take);
    case ValueType::uint8:
      return any_element_of<std::uint8_t>(list, take);
    case ValueType::uint16:
    case ValueType::enumeration:
      return any_element_of<std::uint16_t>(list, take);
    case ValueType::uint32:
      return any_element_of<std::uint32_t>(list, take);
    case ValueType::uint64:
      return any_element_of<std::uint64_t>(list, take);
    case ValueType::float32:
      return any_element_of<float>(list, take);
    default:
      return any_element_of<double>(list, take);
  }
}

inline std::string_view text_in(capnp::AnyPointer::Reader pointer) {
  const auto text = pointer.getAs<capnp::Text>();
  return {text.cStr(), text.size()};
}

inline std::string_view data_in(capnp::AnyPointer::Reader pointer) {
  const auto data = pointer.getAs<capnp::Data>();
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

}  // namespace coppice::body
