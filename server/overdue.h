#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "server/authority.h"
#include "server/clients.h"

namespace coppice::server {

// Marks borrows whose holder nobody has heard of for long, or that are late (B7, S17, F17).
//
// Time is the server's uptime: what the clock jumps, and what the server does not run, counts for
// nobody. It is looked once in a while (Options::overdue_look_us), and stored every quarter of an
// hour, so a restart loses no more than that. A mark is made once; it goes with the next sign of
// life of the holder, but for a return that is late. A mark is a change of the record's header, so
// every replica learns of it by the feed.
//
// Stored in the table "quiet": the uptime at which the client was last heard of (8).
//
// Threads: one. Failure: as Database::write; NoSpaceError leaves everything for the next look.
class Overdue {
 public:
  explicit Overdue(const Premises& premises);

  // A borrow began that is to be returned then.
  void expect_return(std::int64_t at_us) { next_return_us_ = std::min(next_return_us_, at_us); }
  // The client has come. Returns whether its borrows may have marks, which forgive() takes away.
  bool come(ClientNumber client);
  // It leaves.
  void leave(ClientNumber client) { heard_us_[client] = uptime_us_; }
  // Takes away the marks of a client that is there again. Returns the head of the feed.
  std::uint64_t forgive(ClientNumber client, const WaitingLines& lines, std::int64_t now_us);

  // Whether it is time to look.
  bool is_due(std::int64_t now_us) const { return now_us >= looked_us_ + look_us(); }
  // Looks. Returns the head of the feed if something was marked.
  std::optional<std::uint64_t> look(const WaitingLines& lines, std::int64_t now_us);
  // When to look again; nothing while everybody is here.
  std::optional<std::int64_t> deadline_us() const;

 private:
  using Marked = std::vector<std::pair<AnyKey, Borrow>>;

  std::int64_t look_us() const { return premises_.options.overdue_look_us; }
  void count(std::int64_t now_us);
  std::set<ClientNumber> silent() const;
  bool is_late(const Borrow& borrow, std::int64_t now_us) const;
  void find_next_return(const store::Txn& txn, std::int64_t now_us);
  void store(store::WriteTxn& txn) const;
  // Gives these borrows to the feed.
  std::uint64_t write(store::WriteTxn& txn, const WaitingLines& lines, const Marked& borrows,
                      std::int64_t now_us) const;

  const Premises& premises_;
  std::int64_t uptime_us_ = 0;
  // 0: not yet.
  std::int64_t looked_us_ = 0;
  std::int64_t stored_us_ = 0;  // of the uptime
  std::int64_t next_return_us_ = std::numeric_limits<std::int64_t>::max();
  // The uptime at which each client was last heard of.
  std::map<ClientNumber, std::int64_t> heard_us_;
  // Silent for so long that their borrows have been looked at.
  std::set<ClientNumber> looked_at_;
};

}  // namespace coppice::server
