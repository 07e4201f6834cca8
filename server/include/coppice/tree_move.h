#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "coppice/migration.h"

namespace coppice {

// Whether a record goes to the other tree.
enum class Move { goes, stays };

// Which records of a tree go to another tree of the program, and what they are there. Made by
// move_records<From, Into>(), and carried out by migration_main().
struct TreeMove {
  TreeId from;
  // The schemas that the program is compiled with, each a protocol::TreeSchema.
  std::span<const std::uint64_t> from_schema;
  TreeId into;
  std::span<const std::uint64_t> into_schema;
  // `old` is a body of the tree `from`, as its migration leaves it. Valid during the call.
  std::function<Move(std::span<const std::uint64_t> old, capnp::MessageBuilder& now,
                     MigrationContext& context)>
      run;
};

// Moves records to another tree, which is in the database or will be made:
//
//   coppice::move_records<shop::Part, shop::Tool>([](shop::Part::Reader old, shop::Tool::Builder
//   now,
//                                                    coppice::MigrationContext& context) {
//     if (!old.getIsTool()) return coppice::Move::stays;
//     now.setTitle(old.getTitle());
//     return coppice::Move::goes;
//   })
//
// `convert` is called once or twice for each record without released revisions, by one thread; its
// result must depend on its arguments alone. With context.refuse(), or where it throws, nothing at
// all is changed. What moves, and what cannot: docs/schemas.md, "Moving records to another tree".
template <typename From, typename Into, typename Convert>
TreeMove move_records(Convert convert) {
  return {TreeOf<From>::id, TreeOf<From>::schema(), TreeOf<Into>::id, TreeOf<Into>::schema(),
          [convert = std::move(convert)](std::span<const std::uint64_t> old,
                                         capnp::MessageBuilder& now, MigrationContext& context) {
            return convert(
                capnp::readMessageUnchecked<From>(reinterpret_cast<const capnp::word*>(old.data())),
                now.initRoot<Into>(), context);
          }};
}

}  // namespace coppice
