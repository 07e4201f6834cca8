#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "server/borrow_notes.h"
#include "server/endings.h"
#include "server/types.h"

namespace coppice::server {

// What a group did that clients are told of beside their answers and the feed, once it is
// committed.
struct News {
  std::vector<Ending> endings;
  // Users to whom something is offered, or no longer.
  std::set<std::string> offered_to;
  struct Nudged {
    ClientNumber holder;
    Nudge nudge;
  };
  std::vector<Nudged> nudges;
  // The earliest time at which a borrow that began is to be given back.
  std::int64_t return_us = std::numeric_limits<std::int64_t>::max();
  // They are sent away.
  std::set<ClientNumber> revoked;
};

}  // namespace coppice::server
