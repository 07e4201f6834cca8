#pragma once

#include <cstdint>
#include <span>

#include "server/ledger.h"
#include "server/types.h"

namespace coppice::server {

// Adds a reason for each reference in `body` to a revision that is obsolete, and to which its tree
// wants no new ones (R8). What `before` refers to already is left alone; empty: there was nothing.
// A floating reference stands for the revision that it means now. Judged by what is stored.
void judge_obsolete(Ledger& ledger, const TreeInfo& tree, AnyKey from,
                    std::span<const std::uint64_t> body, std::span<const std::uint64_t> before,
                    std::uint32_t action, Refusals& refusals);

}  // namespace coppice::server
