#pragma once

#include <cstdint>
#include <vector>

#include "client/reading.h"
#include "client/replica_writer.h"

namespace coppice::client {

// Whether `next` has a tree in another generation than the replica.
bool begins_generation(const Catalogue& before, const Catalogue& next);

// Before the replica takes a catalogue in which trees begin a generation: its own work that could
// not be read by that goes to the drawer, whole, with the schema that describes it, and the trees
// show what they show without it. That is work
// - by a schema that the authority never saw, since nobody had it in mind who wrote the migration;
// - that the program's migration refuses;
// - handed in later for a record of such work.
// Work of which only the version has no number yet gets it.
//
// `next`: how the program will read the trees. Requests up to `executed` stay in the outbox: the
// authority has them, and knows each by its bytes. Returns those that do not.
struct LeftBehind {
  std::uint64_t operation;
  Error why;
};
std::vector<LeftBehind> leave_behind(ReplicaWriter& writer, const Reading& next,
                                     std::uint64_t executed);

}  // namespace coppice::client
