#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "coppice/error.h"
#include "coppice/migration.h"
#include "store/database.h"

namespace coppice::server {

// What a migration does to one tree, or would do.
struct TreeReport {
  std::string tree;
  std::uint32_t before = 0;        // its newest version
  std::uint32_t after = 0;         // the version that the migration makes; the same: nothing to do
  bool begins_generation = false;  // false: records stay as they are, and only the schema is new
  std::uint64_t rewritten = 0;     // drafts and live records, which become bodies of the new schema
  std::uint64_t kept = 0;  // released revisions, which keep their bytes and are read through the
                           // migration
  // Records for which there is no new body, and unique values that two records would have, with
  // the reason: the first of `failed`.
  std::vector<Error> failures;
  std::uint64_t failed = 0;

  struct Example {
    AnyKey key;
    std::string before;  // JSON
    std::string after;
  };
  std::vector<Example> examples;
};

struct MigrationReport {
  std::vector<TreeReport> trees;
  std::uint64_t failed() const;
};

enum class MigrationRun {
  dry,   // only the report
  real,  // everything in one write transaction, or, if anything fails, nothing
};

// How far it is: records of a tree that were looked at, of how many.
struct MigrationProgress {
  std::string_view tree;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};
// Called now and then; returns whether to go on.
using MigrationWatch = std::function<bool(const MigrationProgress&)>;

// Migrates a database that no server serves: each tree whose stored schema is not compatible with
// its migration's. Such a tree gets a version that begins a generation. Every record that is not
// released is rewritten and goes to the head of the feed, so that replicas follow by sync; its key,
// state, borrow and iteration stay. A released revision is not touched, but must be one that the
// migration can read. What is unique must be so among all of them as the migration reads them, and
// the authority's indexes are made anew from that. One entry of the audit log tells of it.
//
// Where the stored schema is compatible with a newer one of the migration's, that is adopted as if
// a program had brought it; what becomes unique by it is looked for in bodies of earlier
// generations too, which a server cannot read.
//
// A dry run only needs to read. Errors: unknown_tree (the database has no such tree),
// incompatible_schema (what no migration can change, or the tree was migrated past this schema
// already), cancelled (by the watch; nothing was changed). Throws StorageError.
Result<MigrationReport> migrate(store::Database& database, const std::vector<Migration>& migrations,
                                MigrationRun run, std::int64_t now_us,
                                const MigrationWatch& watch = nullptr);

}  // namespace coppice::server
