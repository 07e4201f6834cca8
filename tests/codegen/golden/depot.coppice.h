// Written by capnpc-coppice from depot.capnp. Do not edit it: change the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <coppice/condition.h>
#include <coppice/key.h>

#include "depot.capnp.h"

template <>
struct coppice::TreeOf<depot::Firm> {
  static constexpr coppice::TreeId id{0xdc2db86286c1749a};
  static constexpr std::string_view name = "firms";
  static constexpr bool versioned = false;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

template <>
struct coppice::TreeOf<depot::Article> {
  static constexpr coppice::TreeId id{0xd0830cd318d085e0};
  static constexpr std::string_view name = "articles";
  static constexpr bool versioned = true;
  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.
  static std::span<const std::uint64_t> schema();
};

namespace depot {

using FirmKey = ::coppice::Key<Firm>;
using ArticleKey = ::coppice::Key<Article>;

// What can be asked for: `coppice::query<Firm>().where(...)`.
struct FirmFields {
  static constexpr ::coppice::IndexedField<Firm, ::capnp::Text> name{0xed4458993aa9b5dc};
  static constexpr ::coppice::Field<Firm, ::coppice::schema::Ref<::depot::Firm>> parent{0xda3e03992f678299};
};

// What can be asked for: `coppice::query<Article>().where(...)`.
struct ArticleFields {
  static constexpr ::coppice::IndexedField<Article, ::capnp::Text> number{0xed4458993aa9b5dc};
  static constexpr ::coppice::IndexedField<Article, ::capnp::Text> title{0xed4459993aa9b78f};
  static constexpr ::coppice::IndexedField<Article, ::coppice::schema::Ref<::depot::Firm>> maker{0xda3e00992f677d80};
  static constexpr ::coppice::IndexedField<Article, ::std::int64_t> price{0x6522b3ee34e33bed};
  static constexpr ::coppice::IndexedField<Article, float> weight{0x7f1f22ee439b3488};
  static constexpr ::coppice::IndexedField<Article, ::depot::Kind> kind{0x058d639947ef700b};
  static constexpr ::coppice::IndexedField<Article, bool> obsolete{0x8fe94dfe93eb49cd};
  static constexpr ::coppice::IndexedField<Article, ::capnp::Text> keywords{0x120cb3e1a5207f5d};
  static constexpr ::coppice::IndexedField<Article, ::std::int16_t> levels{0xdf6c646c3267cbaf};
  static constexpr ::coppice::IndexedField<Article, ::capnp::Data> barcode{0xf43a8e993e1faac8};
  struct lines {
    static constexpr ::coppice::IndexedField<Article, ::coppice::schema::Ref<::depot::Article>> article{0xb90b88d1f5dbc7e4};
    static constexpr ::coppice::Field<Article, ::std::uint32_t> count{0xa708784d19e20a7a};
    static constexpr ::coppice::Field<Article, ::capnp::Void> instead{0xd5289f729d6cf48c};
  };
  struct size {
    static constexpr ::coppice::IndexedField<Article, ::std::uint32_t> length{0x49731eee24b96e40};
  };
  static constexpr ::coppice::Field<Article, ::capnp::Void> nowhere{0xa1fc0bedd3a12b18};
  static constexpr ::coppice::IndexedField<Article, ::capnp::Text> address{0x6d44b878f6102493};
  struct place {
    static constexpr ::coppice::IndexedField<Article, ::std::uint16_t> shelf{0x991dc653875952d7};
  };
  static constexpr ::coppice::IndexedField<Article, ::std::uint32_t> serial{0x497320ee24b971a6};
  static constexpr ::coppice::IndexedField<Article, bool> switches{0xf0bf3e6c3c379971};
  static constexpr ::coppice::IndexedField<Article, double> precise{0xfe972a9944797606};
  static constexpr ::coppice::Field<Article, ::coppice::schema::Ref<::depot::Firm>> makers{0xff06d3e199df12e9};
  static constexpr ::coppice::Field<Article, ::capnp::Text> note{0xd4dbfe5eae63398d};
};

}  // namespace depot
