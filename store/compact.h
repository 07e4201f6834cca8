#pragma once

#include <cstdint>
#include <filesystem>

#include "store/database.h"

namespace coppice::store {

struct Compaction {
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

// Rewrites a database without its free pages, table by table in key order.
//
// The copy is written beside it, flushed, opened and counted against the original; only then it
// takes the original's place, in one step. Whatever ends this before, the original is what it was.
// Needs room on the disk for the copy.
//
// Throws StorageError if any other program has the database open, NoSpaceError, or CorruptionError
// where the copy is not what it should be; nothing was changed then.
Compaction compact(const std::filesystem::path& folder, Role role);

}  // namespace coppice::store
