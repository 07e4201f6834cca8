#pragma once

#include <cstdint>
#include <vector>

#include "client/replica.h"

namespace coppice::client {

// A body with the version that describes it.
struct HandedIn {
  std::vector<std::uint64_t> body;
  std::uint32_t schema_version = 0;
};

// The body that a record has without an edit that was not handed in: the authority's, or what our
// last unanswered transaction makes of it. Empty: it has none.
HandedIn handed_in_body(const Replica& replica, const store::Txn& txn, AnyKey key);

}  // namespace coppice::client
