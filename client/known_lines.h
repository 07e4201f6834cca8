#pragma once

#include "client/replica.h"
#include "coppice/protocol.capnp.h"
#include "coppice/snapshot.h"

namespace coppice::client {

// Who waits for what, as the server told it last: one small fact of the replica, since lines are
// short and few.

// Takes what the server tells, all of it or what has changed.
void take_lines(Replica& replica, protocol::Lines::Reader news);
Waiters waiters_of(const Replica& replica, const store::Txn& txn, AnyKey record);

}  // namespace coppice::client
