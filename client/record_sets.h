#pragma once

#include <vector>

#include "coppice/snapshot.h"

namespace coppice::client {

// See Client::with_references().
std::vector<AnyKey> with_references(const Snapshot& now, std::vector<AnyKey> records,
                                    const std::vector<TreeId>& trees);

}  // namespace coppice::client
