#pragma once

#include <map>
#include <vector>

#include "client/replica_writer.h"

namespace coppice::client {

// Puts a refused operation into the drawer, whole, with the reasons and with what the authority had
// of its records. Tells the `conflict`. REQUIRES: the operation is in the outbox.
void keep_request_as_conflict(ReplicaWriter& writer, std::uint64_t operation,
                              const std::vector<Error>& reasons);

// The same for an edit that was never handed in.
void keep_edit_as_conflict(ReplicaWriter& writer, AnyKey key, RecordView mine, const Error& why);

// Adds to conflicts with bodies of these trees whose version has no number the schema that
// describes them, unless they have one.
void keep_schemas_in_drawer(ReplicaWriter& writer, const std::map<TreeId, TreeInfoPtr>& schemas);

// What the drawer holds, oldest first.
std::vector<Conflict> read_drawer(const Replica& replica, const store::Txn& txn);

// Whether there was a conflict of this number.
bool discard_from_drawer(Replica& replica, std::uint64_t number);

}  // namespace coppice::client
