#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coppice/error.h"
#include "coppice/migration.h"
#include "store/database.h"

namespace coppice::server {

// What a migration does to one tree, or would do.
struct TreeReport {
  std::string tree;
  std::uint32_t before = 0;     // its newest version
  std::uint32_t after = 0;      // the version that the migration makes; the same: nothing to do
  std::uint64_t rewritten = 0;  // drafts and live records, which become bodies of the new schema
  std::uint64_t kept = 0;  // released revisions, which keep their bytes and are read through the
                           // migration
  // Records for which there is no new body, with the reason: the first of `failed`.
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

// Migrates a database that no server serves: each tree whose stored schema is not compatible with
// its migration's. Such a tree gets a version that begins a generation. Every record that is not
// released is rewritten and goes to the head of the feed, so that replicas follow by sync; its key,
// state, borrow and iteration stay. A released revision is not touched, but must be one that the
// migration can read. One entry of the audit log tells of it.
//
// A dry run only needs to read. Errors: unknown_tree (the database has no such tree),
// incompatible_schema (what no migration can change). Throws StorageError.
Result<MigrationReport> migrate(store::Database& database, const std::vector<Migration>& migrations,
                                MigrationRun run, std::int64_t now_us);

}  // namespace coppice::server
