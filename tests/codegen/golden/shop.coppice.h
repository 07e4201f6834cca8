// Written by capnpc-coppice from shop.capnp. Do not edit it: change the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <coppice/key.h>

#include "shop.capnp.h"

// Who makes or sells parts. Not versioned: it has one revision, which lives on.
template <>
struct coppice::TreeOf<shop::Company> {
  static constexpr coppice::TreeId id{0xf1460dbe5a92c387};
  static constexpr std::string_view name = "companies";
  static constexpr bool versioned = false;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

// Something that is made or bought, after its drawing.
template <>
struct coppice::TreeOf<shop::Part> {
  static constexpr coppice::TreeId id{0xd8a9c06b31f45e72};
  static constexpr std::string_view name = "parts";
  static constexpr bool versioned = true;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

// Parts that went into the store room (delta > 0) or out of it.
template <>
struct coppice::TreeOf<shop::Movement> {
  static constexpr coppice::TreeId id{0xb5e7214fd09c8a36};
  static constexpr std::string_view name = "movements";
  static constexpr bool versioned = false;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

namespace shop {

using CompanyKey = ::coppice::Key<Company>;
using PartKey = ::coppice::Key<Part>;
using MovementKey = ::coppice::Key<Movement>;

}  // namespace shop
