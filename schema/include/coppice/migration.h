#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <capnp/dynamic.h>
#include <capnp/message.h>

#include "coppice/key.h"

namespace coppice {

// What a migration is told of the body it is called for.
class MigrationContext {
 public:
  MigrationContext(AnyKey key, std::uint32_t generation) : key_(key), generation_(generation) {}

  AnyKey key() const { return key_; }
  // The generation of the old body: the number of the version that began it, 0 for what was written
  // before the tree's first migration.
  std::uint32_t generation() const { return generation_; }

  // This body cannot be migrated, and why: a sentence for people. The authority then changes
  // nothing at all.
  void refuse(std::string why) { refusal_ = std::move(why); }
  const std::string& refusal() const { return refusal_; }

 private:
  AnyKey key_;
  std::uint32_t generation_;
  std::string refusal_;
};

// How bodies of a tree's earlier generations become bodies of the schema that a program is compiled
// with. Made by migration<T>().
struct Migration {
  TreeId tree;
  std::span<const std::uint64_t> schema;  // that schema, a protocol::TreeSchema
  std::function<void(capnp::DynamicStruct::Reader old, capnp::MessageBuilder& now,
                     MigrationContext& context)>
      run;
};

// A migration of the tree of T, for what Cap'n Proto cannot bridge. `convert` fills a new body from
// one that an earlier schema wrote:
//
//   coppice::migration<shop::Part>([](capnp::DynamicStruct::Reader old, shop::Part::Builder now,
//                                     coppice::MigrationContext& context) {
//     now.setTitle(old.get("title").as<capnp::Text>());
//   });
//
// The same function is called by the authority, once for each record, and by clients, whenever they
// meet a body of an earlier generation: its result must depend on its arguments alone, and stay the
// same as long as there are such bodies, since indexes are made of it. It is called by one thread
// at a time. What it throws counts as a refusal.
template <typename T, typename Convert>
Migration migration(Convert convert) {
  return {TreeOf<T>::id, TreeOf<T>::schema(),
          [convert = std::move(convert)](capnp::DynamicStruct::Reader old,
                                         capnp::MessageBuilder& now, MigrationContext& context) {
            convert(old, now.initRoot<T>(), context);
          }};
}

}  // namespace coppice
