#pragma once

#include <string>
#include <vector>

#include "coppice/check_report.h"
#include "store/database.h"

namespace coppice::server {

// Checks what must hold of every authority's database, and reports what does not. Walks everything:
// - store::check_records and store::check_indexes, and feed and records name each other: each
// record's sequence is in the feed with its key, each entry of
//   the feed is a record's, the head is at or above all;
// - headers and the table of borrows agree, only newest revisions are borrowed, no token is in
// force twice or yet to be granted;
// - offers to hand over and nudges are about grants in force; tokens are of users, whose roles
// there are;
// - every id lies in a lease, and leases of a tree do not overlap;
// - authors and borrowers are clients; stored answers lie above the acknowledged mark and at or
// below the last operation;
// - the audit log, replayed from empty, comes to the table of borrows and the lifecycle states;
// - what released revisions refer to and could be removed is in the table that keeps it.
void check_database(store::Database& database, CheckReport& report);
// The same, in words; empty if all holds.
std::vector<std::string> check_invariants(store::Database& database);

}  // namespace coppice::server
