#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <coppice/client.h>

namespace ldraw {

// A replica, looked at, with the name it has in messages.
struct NamedSnapshot {
  std::string name;
  const coppice::Snapshot& snapshot;
};

struct Comparison {
  std::uint64_t records = 0;             // in the first replica
  std::vector<std::string> differences;  // in words; at most some, the first ones
  bool equal() const { return differences.empty(); }
};

// Compares the trees in several replicas record by record: the same keys, and for each the same
// header, body and content hash. REQUIRES: at least two replicas.
Comparison compare(const std::vector<NamedSnapshot>& replicas,
                   const std::vector<coppice::TreeId>& trees);

}  // namespace ldraw
