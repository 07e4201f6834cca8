#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "coppice/key.h"
#include "coppice/tree.capnp.h"

namespace coppice {

// Names a field of a tree for ever, whatever it is called: a hash of where in a body its values
// lie.
struct FieldId {
  std::uint64_t value = 0;
  auto operator<=>(const FieldId&) const = default;
};

// A value of a field, as an index orders it. Numbers, enums, Bool and references become
// one number whose order is theirs; texts and data are ordered byte by byte.
//
// A value that looks: the bytes are the caller's.
class FieldValue {
 public:
  constexpr FieldValue(bool value) : number_(value) {}
  template <typename T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) constexpr FieldValue(T value)
      : number_(ordered(value)) {}
  template <typename T>
  requires std::is_enum_v<T>
  constexpr FieldValue(T value) : number_(static_cast<std::uint16_t>(value)) {}
  constexpr FieldValue(double value) : number_(ordered(value)) {}
  constexpr FieldValue(std::string_view text) : bytes_(text), is_number_(false) {}
  constexpr FieldValue(const char* text) : FieldValue(std::string_view(text)) {}
  FieldValue(std::span<const std::byte> data)
      : bytes_(reinterpret_cast<const char*>(data.data()), data.size()), is_number_(false) {}
  constexpr FieldValue(KeyWord key) : number_(key.value) {}
  template <typename T>
  constexpr FieldValue(Key<T> key) : number_(key.word.value) {}

  // A value in the order of its index already.
  static constexpr FieldValue of_ordered(std::uint64_t number) { return KeyWord(number); }

  constexpr bool is_number() const { return is_number_; }
  constexpr std::uint64_t number() const { return number_; }
  constexpr std::string_view bytes() const { return bytes_; }

  // Numbers as unsigned ones of the same order: the sign bit turned round; of reals, all bits of
  // the negative ones. Both zeros are one value, and so are all NaNs, which come last.
  template <typename T>
  requires std::is_integral_v<T>
  static constexpr std::uint64_t ordered(T value) {
    if constexpr (std::is_unsigned_v<T>) return value;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) ^ kSignBit;
  }
  static constexpr std::uint64_t ordered(double value) {
    if (value != value) return ~std::uint64_t{0};
    if (value == 0) return kSignBit;
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return bits & kSignBit ? ~bits : bits | kSignBit;
  }
  // Back from an ordered number.
  static constexpr std::int64_t to_signed(std::uint64_t ordered) {
    return static_cast<std::int64_t>(ordered ^ kSignBit);
  }
  static constexpr double to_real(std::uint64_t ordered) {
    return std::bit_cast<double>(ordered & kSignBit ? ordered ^ kSignBit : ~ordered);
  }

 private:
  static constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
  bool is_number_ = true;
};

// What is asked for in a field of type V: V itself, but a text for Text, bytes for Data and a key
// for Ref.
template <typename V>
struct FieldArgument {
  using Type = V;
};
template <>
struct FieldArgument<capnp::Text> {
  using Type = std::string_view;
};
template <>
struct FieldArgument<capnp::Data> {
  using Type = std::span<const std::byte>;
};
template <typename T>
struct FieldArgument<schema::Ref<T>> {
  using Type = Key<T>;
};

}  // namespace coppice
