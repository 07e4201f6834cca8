#pragma once

#include <cstdint>
#include <optional>

#include "server/clients.h"
#include "server/feed_pump.h"
#include "server/greeting.h"
#include "server/options.h"
#include "server/tables.h"
#include "server/types.h"
#include "store/database.h"
#include "wire/frame.h"

namespace coppice::server {

// One replica's first sync: all trees in the order of their ids, each in key order, part by part.
//
// Every part is read in a transaction of its own, so nothing is pinned while a slow client takes
// hours; what changes meanwhile comes again by the feed, from the sequence at which the first sync
// began. Tombstones come too: they tell which revision numbers are spent, and a client that made a
// record and lost the answer that it is gone.
class FirstSync {
 public:
  explicit FirstSync(const FirstSyncPosition& position) : position_(position) {}

  // The next message; the last one says so, and done() is true after it. REQUIRES: !done().
  wire::Frame next_part(store::Database& database, const Tables& tables, const Clients& clients,
                        const Options& options);
  bool done() const { return done_; }
  // Where the feed goes on.
  std::uint64_t since() const { return position_.since; }

 private:
  // Records of one tree for one message.
  struct Part {
    TreeId tree;
    std::vector<ChangeView> records;
    std::size_t size_bytes = 0;
    bool tree_ended = false;
  };

  Part collect(const store::Txn& txn, TreeId id, store::RecordTree tree,
               const Options& options) const;
  // The first tree, from the position on, that has something to send or is the last one.
  Part next(const store::Txn& txn, const store::Database& database, const Options& options) const;

  FirstSyncPosition position_;
  bool done_ = false;
};

}  // namespace coppice::server
