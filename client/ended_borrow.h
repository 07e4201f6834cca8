#pragma once

#include <cstdint>
#include <string>

#include "coppice/event.h"

namespace coppice::client {

// A borrow that ended by another's will, as the server told it. A value.
struct EndedBorrow {
  AnyKey record;
  Event::Kind how = Event::Kind::broken;
  Holder holder;  // who had it
  Holder by;      // whose will it was; since_us is when, purpose is why
  // The change that carries it.
  std::uint64_t sequence = 0;
  bool revoked = false;  // with the device
  bool told = false;

  // "Bob on bench 3 has broken your borrow of parts:4711: wrong tolerance."
  std::string sentence(const std::string& name) const;
  Event event() const;
};

}  // namespace coppice::client
