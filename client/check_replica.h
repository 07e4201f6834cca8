#pragma once

#include <string>
#include <vector>

namespace coppice::client {

class Replica;

// What must hold of a replica, in words; empty if all does:
// - of every record what store::check_records says, own unanswered work aside;
// - a record carries a local mark exactly if it has a base or was created here, and its operation
// is in the outbox;
// - every base belongs to a record with a local mark;
// - operations are numbered without a gap below the last one, and what waits for the cursor is in
// the outbox;
// - each index is what its indexer makes of the trees.
std::vector<std::string> check_replica(Replica& replica);

}  // namespace coppice::client
