#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coppice/error.h"
#include "coppice/key.h"
#include "wire/session.h"

namespace coppice::server {

// What headers name as author and borrower: clients of one database are counted from 1. 0 is
// nobody.
struct ClientNumber {
  std::uint32_t value = 0;
  auto operator<=>(const ClientNumber&) const = default;
};

// Who asks, in one request.
struct Asker {
  ClientNumber client;
  wire::SessionId session;
  std::uint64_t operation = 0;
};

// One reason why a request was refused, and the index of the action it is about.
struct Refusal {
  static constexpr std::uint32_t kNoAction = 0xffffffff;
  Error error;
  std::uint32_t action = kNoAction;
};
using Refusals = std::vector<Refusal>;

// A borrow that began, or is in force already.
struct Grant {
  AnyKey record;
  std::uint64_t token = 0;
  std::uint64_t sequence = 0;
  std::int64_t since_us = 0;
};

// A transaction that was accepted. first > last: it changed nothing.
struct Accepted {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::int64_t time_us = 0;
  std::vector<Grant> grants;
  // Creates only, none of which keeps its borrow: their maker knows these records by itself.
  bool all_fresh = false;
};

struct Borrowed {
  std::vector<Grant> grants;
};

// Where in the line for a record the asker is: 1 is next, 0 means that it is free.
struct Place {
  AnyKey record;
  std::uint32_t place = 0;
  std::optional<Holder> holder;
};

struct Waiting {
  std::vector<Place> places;
};

struct GaveBack {};

// A break, an offer to hand over, a nudge or a revocation was done.
struct Ended {};

// Ids [begin, end) of a tree that only one client may create records with.
struct Lease {
  TreeId tree;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const Lease&) const = default;
};

// What the authority answers to one request.
using Decision = std::variant<Refusals, Accepted, Borrowed, Waiting, GaveBack, Lease, Ended>;

inline Refusals refused(Error error) {
  Refusals refusals;
  refusals.push_back({std::move(error), Refusal::kNoAction});
  return refusals;
}

// A record that is kept for the first in its line, to be told.
struct Offer {
  wire::SessionId session;
  ClientNumber client;
  AnyKey record;
  std::int64_t until_us = 0;
};

}  // namespace coppice::server
