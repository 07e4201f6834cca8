#pragma once

#include <functional>

#include "coppice/check_report.h"
#include "store/database.h"

namespace coppice::store {

class OldBodies;

// Checks what must hold of every database, and reports what does not. Walks every record of every
// tree:
// - the tables of trees and the catalogue name each other;
// - key and value fit together: revision not 0, value 8-byte aligned, the header's lengths are the
// value's;
// - a body passes the shape of the version that describes it; a released revision's hash is its
// body's;
// - only the newest revision of a record is unreleased or carries a borrow; an unversioned record
// has one revision.
// What cannot be read is reported, and the rest is looked at.
void check_records(Database& database, const Txn& txn, CheckReport& report);

// check_indexes() for a report. It reads bodies that it trusts, so it is left out where one is
// damaged. `old`: null where nobody can read bodies of earlier generations.
void check_declared_indexes(Database& database, const Txn& txn, CheckReport& report,
                            const OldBodies* old = nullptr);

// Visits the records of a tree that are whole, for checks of what is between records: damaged ones
// were reported by check_records(). Ends early if the report's check does.
void visit_whole_records(const Txn& txn, RecordTree tree, CheckReport& report,
                         const std::function<void(KeyWord, RecordView)>& visit);

}  // namespace coppice::store
