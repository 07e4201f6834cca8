#pragma once

#include "coppice/check_report.h"
#include "server/tables.h"
#include "store/database.h"

namespace coppice::server {

// Replays the audit log from its first entry, and reports where what it comes to is not what is
// stored (X10): who has borrowed what, and the lifecycle states of revisions.
//
// What the first versions of the log did not record, and what a migration moved to other trees, is
// not judged. Throws CorruptionError where an entry cannot be read.
void check_audit(const store::Database& database, const store::Txn& txn, const Tables& tables,
                 CheckReport& report);

}  // namespace coppice::server
