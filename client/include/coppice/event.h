#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coppice/error.h"
#include "coppice/key.h"

namespace coppice {

enum class Connection {
  offline,     // not connected; reason says why
  connecting,  // trying
  syncing,     // connected, and behind the authority: see Status
  live,        // connected, and everything the authority has is here
  refused,     // the server does not want this replica; reason says why. Not tried again by itself
};
const char* to_string(Connection connection);

// Where a replica stands. A value, true for the moment it was asked for.
struct Status {
  Connection connection = Connection::offline;
  std::string reason;
  std::string server;  // what it calls itself; empty: not connected since the replica was opened
  std::string url;     // where it is, or was the last time; empty: never connected
  std::string database_uuid;       // in hex; empty: never paired
  std::uint64_t cursor = 0;        // everything up to this sequence is here
  std::uint64_t head = 0;          // the authority's last known sequence
  bool first_sync = false;         // a first sync is unfinished
  std::uint64_t records_done = 0;  // of the first sync
  std::uint64_t records_total = 0;
  std::uint64_t outbox = 0;                     // transactions and requests without an answer
  std::uint64_t conflicts = 0;                  // in the drawer
  std::uint64_t unchecked = 0;                  // records edited and not checked in
  std::uint64_t intents = 0;                    // among the outbox: with new lifecycle states
  std::vector<std::string> indexers_set_aside;  // their names; see Indexer
};

// Something that happened, told after it is visible in snapshots and in indexes, once, in order.
struct Event {
  enum class Kind {
    created,  // a record appeared
    changed,  // its body changed
    removed,
    borrowed,  // somebody (holder) has it now
    returned,  // nobody has it any more
    released,
    state,        // its lifecycle state number changed
    accepted,     // the authority accepted our operation `operation`
    conflict,     // it refused it; see error, and the drawer
    queued,       // we wait in line at `place`
    offered,      // it is our turn: check it out before `until_us`
    lease,        // ids of tree key.tree are running out or were leased: `place` percent are left
    connection,   // Client::status() has changed
    pinned,       // a snapshot is held for long and makes the file grow: error.message says whose
    progress,     // of a first sync or an upload; status() has the numbers
    indexer,      // one was set aside, or can be asked again (error.code none); error says more
    missed,       // so many events were not polled that they were dropped: look at everything anew.
                  // With a `query`: so much changed for it at once; ask it anew
    entered,      // a revision came into the answer of the live query `query`
    updated,      // it is in that answer and stays there, and its body changed
    left,         // it is no longer in that answer
    broken,       // the borrow of `holder` was ended by `by`, who says why in `text`
    taken_over,   // it went from one device of a user (holder) to another (by)
    handed_over,  // it went to another user (by), who has accepted it
    hand_over,    // `by` offers our user the borrow of `holder`: accept or decline it
    overdue,      // nobody has heard of `holder` for long, or the return is late
    nudged,       // `by` asks us to return it; see `text`
    warning,      // what we wrote refers to something obsolete (error says which), and was written
  };
  enum class Origin { local, remote };

  Kind kind = Kind::changed;
  AnyKey key;
  Origin origin = Origin::remote;
  std::uint64_t sequence = 0;
  std::uint64_t operation = 0;
  std::uint32_t place = 0;
  std::int64_t until_us = 0;
  std::uint64_t query = 0;  // LiveQuery::number(); 0: the event is none of a live query
  Error error;
  Holder holder;
  Holder by;
  std::string text;
};
const char* to_string(Event::Kind kind);

}  // namespace coppice
