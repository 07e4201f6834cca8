// Written by capnpc-coppice from tool.capnp. Do not edit it: change the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <coppice/condition.h>
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

// What can be asked for: `coppice::query<Drawer::Tool>().where(...)`.
struct DrawerToolFields {
  static constexpr ::coppice::Field<Drawer::Tool, ::capnp::Text> name{0xed4458993aa9b5dc};
  static constexpr ::coppice::Field<Drawer::Tool, ::coppice::schema::Ref<::acme::workshop::Human>> lentTo{0xda3e03992f678299};
  static constexpr ::coppice::Field<Drawer::Tool, ::acme::workshop::Kind> kind{0x058d699947ef7a3d};
  struct previous {
    static constexpr ::coppice::Field<Drawer::Tool, ::std::uint8_t> count{0x6d86cec5146673b8};
    static constexpr ::coppice::Field<Drawer::Tool, ::acme::workshop::Kind> content{0x26a7caea3a94ec5f};
  };
};

// What can be asked for: `coppice::query<Human>().where(...)`.
struct HumanFields {
  static constexpr ::coppice::Field<Human, ::capnp::Text> name{0xed4458993aa9b5dc};
};

}  // namespace acme::workshop
