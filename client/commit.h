#pragma once

#include <vector>

#include "client/transaction_state.h"
#include "coppice/event.h"

namespace coppice::client {

struct Committed {
  std::uint64_t operation = 0;  // 0: nothing for the authority to decide
  std::vector<Event> events;
};

// Writes a collected transaction to the replica, with its request to the authority, in one LMDB
// transaction: visible, indexed and durable together. Errors: every reason for which it was
// refused; then nothing was changed, and its ids are free again.
Result<Committed> commit_transaction(Replica& replica, TransactionState& state,
                                     std::int64_t now_us);

// A request of this number, which `fill` completes.
wire::Frame request_frame(std::uint64_t operation,
                          const std::function<void(protocol::Request::Builder)>& fill);

// Stores a request that changes nothing locally (a borrow, a lease, ...), which `fill` completes.
// Returns its operation number.
std::uint64_t queue_request(Replica& replica,
                            const std::function<void(protocol::Request::Builder)>& fill);

// Stores a request to give borrows back, and throws away edits of these records that were not
// handed in. Records we do not hold are left out.
Result<Committed> queue_give_back(Replica& replica, const std::vector<AnyKey>& records);

// Does as commit_transaction would, shows the outcome to `look` (may be null), and undoes it.
WhatIf try_transaction(Replica& replica, TransactionState& state, std::int64_t now_us,
                       const std::function<void(const Snapshot& outcome)>& look);

}  // namespace coppice::client
