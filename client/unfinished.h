#pragma once

#include <vector>

#include "client/replica.h"

namespace coppice::client {

// See Client::unfinished().
std::vector<Unfinished> read_unfinished(const Replica& replica, const store::Txn& txn,
                                        std::size_t count_max);

}  // namespace coppice::client
