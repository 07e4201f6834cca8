#pragma once

#include <vector>

#include "client/replica.h"

namespace coppice::client {

// The lifecycle states that unanswered transactions ask for.
std::vector<Intent> read_intents(const Replica& replica, const store::Txn& txn);

}  // namespace coppice::client
