#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/comparison.h"
#include "server/incoming.h"
#include "server/server_core.h"

namespace coppice::server {

// What a server knows of one connection. Where it stands is a cursor, not a queue: a slow client
// costs the unit that it is in the middle of, which it shares with others, and nothing else.
struct ServerCore::Session {
  enum class State {
    awaiting_hello,
    greeting,  // its hello waits for the next step
    live,      // welcomed
    closing,   // told goodbye; nothing it says counts any more
  };

  wire::SessionId id;
  // The path of the URL.
  std::string database;
  std::string peer;
  State state = State::awaiting_hello;
  std::unique_ptr<Incoming> hello;
  // Of who only looks at the catalogue.
  std::vector<std::byte> token;

  // From here on: once it is live.
  ClientNumber client;
  std::size_t requests_queued = 0;
  // The last request was refused because the disk is full: later operation numbers that are under
  // way are no mistake.
  bool after_no_space = false;
  // Said with ToServer.acknowledge; stored with the next group.
  std::uint64_t acknowledged = 0;

  // Everything sent so far has left.
  bool drained = true;
  std::optional<FirstSync> first_sync;
  // What has been sent, but for `unit`.
  std::uint64_t cursor = 0;
  // Where its replica was last equal to the authority; below the cursor between the pieces of a cut
  // unit.
  std::uint64_t whole = 0;
  // A first sync has ended and no Changes followed yet: the client waits to hear whether the feed
  // has more for it.
  bool owes_position = false;
  // The first sync is over, and the client waits to hear that it has everything even if nothing
  // happened meanwhile.
  bool owes_unit = false;
  // The unit that is being sent.
  std::shared_ptr<const Unit> unit;
  std::size_t parts_sent = 0;
  // Above the cursor, rising: what this client made by itself on this connection.
  std::vector<SequenceRange> own_fresh;

  // It asked what we have; its answer is being made.
  std::optional<Comparison> comparison;

  // All parts have been sent.
  void finish_unit() {
    cursor = unit->up_to;
    if (unit->reaches_head) whole = cursor;
    unit.reset();
    std::erase_if(own_fresh, [&](const SequenceRange& range) { return range.last <= cursor; });
  }
};

}  // namespace coppice::server
