// Written by capnpc-coppice from shop.capnp. Do not edit it: change the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <coppice/condition.h>
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

// What can be asked for: `coppice::query<Company>().where(...)`.
struct CompanyFields {
  static constexpr ::coppice::Field<Company, ::capnp::Text> name{0xed4458993aa9b5dc};
  static constexpr ::coppice::Field<Company, ::capnp::Text> city{0xed4459993aa9b78f};
};

// What can be asked for: `coppice::query<Part>().where(...)`.
struct PartFields {
  static constexpr ::coppice::Field<Part, ::capnp::Text> number{0xed4458993aa9b5dc};
  static constexpr ::coppice::Field<Part, ::capnp::Text> title{0xed4459993aa9b78f};
  static constexpr ::coppice::Field<Part, ::coppice::schema::Ref<::shop::Company>> maker{0xda3e00992f677d80};
  static constexpr ::coppice::Field<Part, ::std::int64_t> price{0x6522b3ee34e33bed};
  struct bom {
    static constexpr ::coppice::Field<Part, ::coppice::schema::Ref<::shop::Part>> part{0x75eb848328c10d6b};
    static constexpr ::coppice::Field<Part, ::std::uint32_t> count{0xabf828c8de2c655b};
    static constexpr ::coppice::Field<Part, ::capnp::Text> position{0xa9e4858346313a1a};
    static constexpr ::coppice::Field<Part, ::capnp::Void> alternatives{0xe16fa6eaa368260c};
  };
  static constexpr ::coppice::Field<Part, ::shop::Unit> unit{0x058d659947ef7371};
  struct size {
    static constexpr ::coppice::Field<Part, ::std::uint32_t> length{0x497325ee24b97a25};
    static constexpr ::coppice::Field<Part, ::std::uint32_t> width{0x49731eee24b96e40};
    static constexpr ::coppice::Field<Part, ::std::uint32_t> height{0x49731fee24b96ff3};
  };
  struct source {
    static constexpr ::coppice::Field<Part, ::capnp::Void> unknown{0x11840c044060a9b2};
    static constexpr ::coppice::Field<Part, ::capnp::Text> bought{0x2e1f24c104aba694};
    struct made {
      static constexpr ::coppice::Field<Part, ::capnp::Text> machine{0xfed30a158dea6c2b};
      static constexpr ::coppice::Field<Part, ::std::uint16_t> minutes{0x5434f8c70fa54362};
      static constexpr ::coppice::Field<Part, ::capnp::Void> manual{0x1f924be1a2da72bf};
      static constexpr ::coppice::Field<Part, ::capnp::Data> program{0x388a60092ad2b6a9};
      struct instructions {
        static constexpr ::coppice::Field<Part, ::capnp::Text> text{0x30c4668b419e52cb};
        static constexpr ::coppice::Field<Part, ::capnp::Text> tool{0x30c4658b419e5118};
      };
    };
    static constexpr ::coppice::Field<Part, ::capnp::Text> drawings{0xaf1a8abe8bc22df6};
  };
  static constexpr ::coppice::Field<Part, ::capnp::Text> keywords{0x120cade1a520752b};
  static constexpr ::coppice::Field<Part, ::coppice::schema::Ref<::shop::Part>> replacements{0xff06dce199df2234};
  static constexpr ::coppice::Field<Part, ::capnp::Data> thumbnail{0xf43a90993e1fae2e};
  static constexpr ::coppice::Field<Part, ::std::int32_t> priceTable{0xf1d96d99d9316708};
  static constexpr ::coppice::Field<Part, double> measured{0x235f7fe1aef03555};
  static constexpr ::coppice::Field<Part, bool> inspected{0x4c71dcea525fa362};
  static constexpr ::coppice::Field<Part, float> weight{0x7f1f26ee439b3b54};
  static constexpr ::coppice::Field<Part, bool> obsolete{0x86c8a2fe8e9dd32d};
};

// What can be asked for: `coppice::query<Movement>().where(...)`.
struct MovementFields {
  static constexpr ::coppice::Field<Movement, ::coppice::schema::Ref<::shop::Part>> part{0xda3e02992f6780e6};
  static constexpr ::coppice::Field<Movement, ::std::int32_t> delta{0x288076ee128b7ba0};
  static constexpr ::coppice::Field<Movement, ::capnp::Text> note{0xed4459993aa9b78f};
};

}  // namespace shop
