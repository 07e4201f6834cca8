#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "coppice/migration.h"
#include "schema/catalogue.h"
#include "store/feed.h"
#include "store/index_tables.h"

namespace coppice::server {

// A tree of the database, and what a migration makes of it.
struct TreePlan {
  TreeInfoPtr before;
  TreeInfoPtr after;
  bool has_work() const { return before != after; }
  bool begins_generation() const { return before->generation() != after->generation(); }
};

// Errors: unknown_tree, incompatible_schema.
Result<TreePlan> plan_for(const Catalogue& catalogue, const Migration& migration,
                          std::int64_t now_us);

// A refusal of what is to become of a tree.
Error cannot_be(const TreeInfo& tree, const std::string& why);

// Where a migration writes.
struct MigrationTarget {
  store::WriteTxn& txn;
  const store::Feed& feed;
  const store::IndexTables& indexes;
  const store::Meta& meta;
  std::uint64_t head;  // the last sequence, which moves on
};

// Thrown where somebody does not want to wait any more.
struct MigrationStopped {};

inline constexpr std::size_t kMigrationFailuresMax = 20;
inline constexpr std::size_t kMigrationExamplesMax = 3;
// Records between two looks at the watch: often enough for a person who waits, seldom enough to
// cost nothing.
inline constexpr std::uint64_t kMigrationWatchRecords = 1'000;

}  // namespace coppice::server
