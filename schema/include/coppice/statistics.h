#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coppice {

// An open snapshot. It keeps the pages of its moment from being used again, so the file grows with
// every change while it is held.
struct Pin {
  std::int64_t process = 0;
  std::string name;          // of a snapshot of this process that was given one
  std::int64_t held_us = 0;  // of another process's: since it was first seen from here
  std::uint64_t behind = 0;  // commits made since; 0 for those of this process

  // "The snapshot 'report' has been held for 75 s ...": who, what that means, what to do.
  std::string sentence() const;
};

struct TreeStatistics {
  std::string name;
  std::uint64_t live = 0;         // revisions that are not removed
  std::uint64_t removed = 0;      // tombstones
  std::uint64_t released = 0;     // of the live ones
  std::uint64_t value_bytes = 0;  // headers, bodies and hashes, tombstones too
  std::uint64_t pages = 0;
  unsigned depth = 0;  // pages from the root to a record
};

// Any other table: the catalogue, indexes, the outbox ...
struct TableStatistics {
  std::string name;
  std::uint64_t entries = 0;
  std::uint64_t pages = 0;
};

// What a database is made of, at one moment.
struct Statistics {
  std::uint64_t page_bytes = 0;
  std::uint64_t pages = 0;       // of the file, used or free
  std::uint64_t free_pages = 0;  // used again before the file grows; compaction gives them back
  std::uint64_t map_bytes = 0;   // address space for it, which grows by itself
  std::vector<TreeStatistics> trees;
  std::vector<TableStatistics> tables;
};

}  // namespace coppice
