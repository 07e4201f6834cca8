// Written by capnpc-coppice from tool.capnp. Do not edit it: change the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <coppice/key.h>

#include "tool.capnp.h"

// A tool.
//
// Its comment ends in a backslash:
template <>
struct coppice::TreeOf<acme::workshop::Drawer::Tool> {
  static constexpr coppice::TreeId id{0x9b0d7c51e2f8a463};
  static constexpr std::string_view name = "tools";
  static constexpr bool versioned = false;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

template <>
struct coppice::TreeOf<acme::workshop::Human> {
  static constexpr coppice::TreeId id{0xe87a1b5c3d902f64};
  static constexpr std::string_view name = "people-1";
  static constexpr bool versioned = true;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

namespace acme::workshop {

using DrawerToolKey = ::coppice::Key<Drawer::Tool>;
using HumanKey = ::coppice::Key<Human>;

}  // namespace acme::workshop
