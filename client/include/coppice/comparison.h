#pragma once

#include <cstdint>
#include <vector>

#include "coppice/key.h"

namespace coppice {

// In what a replica differs from its authority, at one sequence. What the authority has not been
// told yet, and what changed there meanwhile, is no difference.
struct Comparison {
  std::uint64_t sequence = 0;
  std::uint64_t records = 0;      // compared, tombstones included
  std::uint64_t questions = 0;    // asked of the server: one if everything is equal
  std::vector<AnyKey> missing;    // the server has it, and this replica has not
  std::vector<AnyKey> different;  // both have it, and not with the same bytes
  std::vector<AnyKey> surplus;    // this replica has it, and the server has not
  // Every difference is named; false: there are so many that the rest was not looked for.
  bool complete = true;

  bool equal() const { return missing.empty() && different.empty() && surplus.empty(); }
};

}  // namespace coppice
