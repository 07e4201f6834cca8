#pragma once

#include <cstddef>

namespace coppice::store {

// When entries become runs, and how many of these there may be. Smaller ones are for simulations.
struct RunLimits {
  // A transaction with no more entries writes them into the table, while there are no runs: it
  // changes fewer pages than a drain is worth.
  std::size_t direct_max = 256;
  // Runs of a level, each up to so many times as large as one of the level below, until they become
  // one of the next. REQUIRES: at least 2.
  std::size_t fan_out = 16;
  // Of all runs: beyond that, a transaction drains them all. 64 MB are two million entries, drained
  // in about a second.
  std::size_t bytes_max = std::size_t{64} << 20;
};

}  // namespace coppice::store
