#pragma once

#include "client/command/command_line.h"
#include "coppice/error.h"
#include "schema/schema_diff.h"

namespace coppice {
struct Done;
}

namespace coppice::command {

// The verbs of the command, each in its verb_NAME.cpp. They print to standard output what was asked
// for, and to standard error what is worth knowing beside it. What they return on failure is a
// sentence that main() prints. They throw what Client::open does.
Result<Done> run(const Place& place, const StatusVerb& verb);
Result<Done> run(const Place& place, const LsVerb& verb);
Result<Done> run(const Place& place, const GetVerb& verb);
Result<Done> run(const Place& place, const WatchVerb& verb);
Result<Done> run(const Place& place, const ImportVerb& verb);
Result<Done> run(const Place& place, const SyncVerb& verb);
Result<Done> run(const Place& place, const CheckVerb& verb);
Result<Done> run(const Place& place, const StatsVerb& verb);
Result<Done> run(const Place& place, const CompactVerb& verb);
Result<Done> run(const Place& place, const QueryVerb& verb);

// verb_borrow.cpp
Result<Done> run(const Place& place, const BorrowVerb& verb);
Result<Done> run(const Place& place, const ReturnVerb& verb);
Result<Done> run(const Place& place, const PrepareVerb& verb);
Result<Done> run(const Place& place, const HeldVerb& verb);
// verb_transfer.cpp
Result<Done> run(const Place& place, const BreakVerb& verb);
Result<Done> run(const Place& place, const TakeOverVerb& verb);
Result<Done> run(const Place& place, const HandOverVerb& verb);
Result<Done> run(const Place& place, const NudgeVerb& verb);
Result<Done> run(const Place& place, const ShelfVerb& verb);
Result<Done> run(const Place& place, const RevokeVerb& verb);
// verb_edit.cpp
Result<Done> run(const Place& place, const EditVerb& verb);
Result<Done> run(const Place& place, const CheckInVerb& verb);
// verb_release.cpp
Result<Done> run(const Place& place, const ReleaseVerb& verb);
Result<Done> run(const Place& place, const ReviseVerb& verb);
Result<Done> run(const Place& place, const StateVerb& verb);
// verb_drawer.cpp
Result<Done> run(const Place& place, const DrawerVerb& verb);
// verb_history.cpp
Result<Done> run(const Place& place, const HistoryVerb& verb);
Result<Done> run(const Place& place, const ExplainVerb& verb);

Result<Done> run(const Place& place, const SchemaShowVerb& verb);
Result<Done> run(const Place& place, const SchemaHistoryVerb& verb);

// The worst of what was found, which becomes the exit code: scripts decide by it.
struct CheckedSchemas {
  Verdict verdict = Verdict::compatible;
};
Result<CheckedSchemas> run(const Place& place, const SchemaCheckVerb& verb);

}  // namespace coppice::command
