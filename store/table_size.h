#pragma once

#include <cstdint>

#include "store/environment.h"

namespace coppice::store {

// A table's place in the file.
struct TableSize {
  std::uint64_t entries = 0;
  std::uint64_t pages = 0;
  unsigned depth = 0;
  std::uint64_t page_bytes = 0;
};

// In environment.cpp, where LMDB is.
TableSize size_of(const Txn& txn, Table table);

}  // namespace coppice::store
