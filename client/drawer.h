#pragma once

#include <map>
#include <optional>
#include <vector>

#include "client/drawer.capnp.h"
#include "client/replica_writer.h"

namespace coppice::client {

// Puts a refused operation into the drawer, whole, with the reasons and with what the authority had
// of its records. Tells the `conflict`. REQUIRES: the operation is in the outbox.
void keep_request_as_conflict(ReplicaWriter& writer, std::uint64_t operation,
                              const std::vector<Error>& reasons);

// The same for an edit that was never handed in.
// Somebody else's work, which nobody handed in.
struct ShelvedWork {
  AnyKey key;
  std::uint32_t base_iteration = 0;
  std::uint32_t schema_version = 0;
  std::span<const std::uint64_t> body;
};
void keep_shelf_as_conflict(ReplicaWriter& writer, const ShelvedWork& work, const Error& why);
void keep_edit_as_conflict(ReplicaWriter& writer, AnyKey key, RecordView mine, const Error& why);

// Adds to conflicts with bodies of these trees whose version has no number the schema that
// describes them, unless they have one.
void keep_schemas_in_drawer(ReplicaWriter& writer, const std::map<TreeId, TreeInfoPtr>& schemas);

// What the drawer holds, oldest first.
std::vector<Conflict> read_drawer(const Replica& replica, const store::Txn& txn);
// One of them, and what is stored of it, a view of the transaction; nothing: there is none.
struct StoredConflict {
  Conflict conflict;
  stored::Conflict::Reader stored;  // its actions are conflict.items, in order
};
std::optional<StoredConflict> find_in_drawer(const Replica& replica, const store::Txn& txn,
                                             std::uint64_t number);

// Whether there was a conflict of this number.
bool discard_from_drawer(Replica& replica, std::uint64_t number);

}  // namespace coppice::client
