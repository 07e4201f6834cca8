#pragma once

#include <cstdint>

#include "client/replica_writer.h"

namespace coppice::client {

// Brings the bodies of an earlier generation that wait in the outbox to the present one, in the
// requests and where the trees show them. Requests up to `executed` stay as they are: the authority
// has them already, and knows each by its bytes. One whose body the migration refuses stays too;
// the authority will refuse it, and it goes to the drawer whole.
void migrate_outbox(ReplicaWriter& writer, std::uint64_t executed);

}  // namespace coppice::client
