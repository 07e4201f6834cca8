#pragma once

#include "coppice/check_report.h"

namespace coppice::client {

class Replica;

// Checks what must hold of a replica, and reports what does not:
// - of every record what store::check_records says, own unanswered work aside;
// - a record carries a local mark exactly if it has a base or was created here, and its operation
// is in the outbox;
// - every base belongs to a record with a local mark;
// - operations are numbered without a gap below the last one, and what waits for the cursor is in
// the outbox;
// - each index is what its indexer makes of the trees. Indexers are the application's: of those
// that it did not give, the tables are not looked at.
void check_replica(Replica& replica, CheckReport& report);

}  // namespace coppice::client
