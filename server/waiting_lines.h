#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "server/types.h"

namespace coppice::server {

// Who waits for which record, and for whom a record is kept that has become free.
//
// When a borrow ends, the record is offered to the first in its line: until the offer runs out only
// that client may borrow it. Then the next one's turn comes; after the last one the record is free.
// A place and an offer belong to a session: both end with it, and with the process (clients that
// come back wait again).
//
// A value, so that a group of requests works on a copy and keeps it only when its commit has
// worked. `record` is a key whose revision is 0. Threads: one.
class WaitingLines {
 public:
  struct Waiter {
    wire::SessionId session;
    ClientNumber client;
  };
  struct Kept {
    Waiter waiter;
    std::int64_t until_us = 0;
  };

  explicit WaitingLines(std::int64_t offer_us) : offer_us_(offer_us) {}

  // The place in the line, counted from 1; the same again for who is in it already.
  std::uint32_t join(AnyKey record, Waiter waiter);
  // For whom the record is kept.
  std::optional<Kept> kept(AnyKey record) const;

  // Whether this client is in the line.
  bool waits(AnyKey record, ClientNumber client) const;

  // The record's borrow has ended: the first in line gets an offer.
  void freed(AnyKey record, std::int64_t now_us);
  // `client` has borrowed the record: it does not wait for it any more.
  void taken(AnyKey record, ClientNumber client);
  // `client` wants it no more.
  void leave(AnyKey record, ClientNumber client, std::int64_t now_us);
  // The record is no more: nobody waits for it.
  void drop(AnyKey record);
  // A session has ended: its places and its offers too.
  void leave_all(wire::SessionId session, std::int64_t now_us);
  // Offers that have run out go to the next in line.
  void expire(std::int64_t now_us);
  // When the first offer runs out.
  std::optional<std::int64_t> deadline_us() const;

  // Offers made since the last time, to be told.
  std::vector<Offer> take_offers() { return std::exchange(offers_, {}); }

  // A record, the clients in its line, and for whom it is kept.
  struct Standing {
    AnyKey record;
    std::vector<ClientNumber> waiting;
    std::optional<Kept> kept;
  };
  std::vector<Standing> all() const;
  // What has changed since the last time, to be told; an empty line is over.
  std::vector<Standing> take_changes();

 private:
  struct Line {
    std::deque<Waiter> waiters;
    std::optional<Kept> kept;
  };

  Standing standing(AnyKey record) const;
  void offer_to_next(AnyKey record, Line& line, std::int64_t now_us);
  void drop_if_empty(AnyKey record);

  std::int64_t offer_us_;
  std::map<AnyKey, Line> lines_;
  std::vector<Offer> offers_;
  std::set<AnyKey> changed_;
};

}  // namespace coppice::server
