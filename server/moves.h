#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coppice/tree_move.h"
#include "server/migrate.h"

namespace coppice::server {

// What becomes of the records of a tree that may go to another, or would become.
struct MoveReport {
  std::string from;
  std::string into;
  bool makes_tree = false;   // the database did not have `into` yet
  std::uint64_t moved = 0;   // records
  std::uint64_t stayed = 0;  // those that the program leaves where they are
  std::uint64_t kept = 0;    // those that have a released revision, and are not asked about
  // Records that should go and cannot, with the reason: the first of `failed`.
  std::vector<Error> failures;
  std::uint64_t failed = 0;
  // By the keys that they had; those that they have differ only in the tree.
  std::vector<TreeReport::Example> examples;
};

// References in a tree's live revisions that name a moved record where it was.
struct LeftReferences {
  std::string tree;
  std::uint64_t fixed = 0;
  std::uint64_t floating = 0;
};

struct MovesReport {
  MigrationReport migrations;
  std::vector<MoveReport> moves;
  std::vector<LeftReferences> references;  // of trees that have any
  std::uint64_t failed() const;
};

// As migrate(), and then moves records from tree to tree, all in one transaction. A record goes
// with its id, its revision, state, iteration, author and time; a tombstone stays in its place, and
// both go to the head of the feed. The ids that came are given to no client any more.
//
// Records with a released revision stay. One that is borrowed, an id that the other tree has given
// out, and a unique value that two records would have are failures. References are only counted.
//
// Errors: as migrate(), and incompatible_schema for trees of moves that the program does not fit,
// bad_request for moves out of a tree that others move into.
Result<MovesReport> migrate_and_move(store::Database& database,
                                     const std::vector<Migration>& migrations,
                                     const std::vector<TreeMove>& moves, MigrationRun run,
                                     std::int64_t now_us, const MigrationWatch& watch = nullptr);

}  // namespace coppice::server
