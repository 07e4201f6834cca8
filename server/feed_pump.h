#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "coppice/record.h"
#include "server/clients.h"
#include "server/options.h"
#include "server/tables.h"
#include "server/types.h"
#include "store/database.h"
#include "wire/frame.h"

namespace coppice::server {

// A record on its way to a replica; the view is valid within the read transaction that it came
// from.
struct ChangeView {
  AnyKey key;
  RecordView record;
  bool header_only = false;
};

// Fills one protocol::Change, with the borrow's holder where the header names a borrow.
void fill(protocol::Change::Builder to, const ChangeView& change, const store::Txn& txn,
          const Tables& tables, const Clients& clients);
// About how many bytes it takes in a message.
std::size_t size_in_message(const ChangeView& change);

// Sequences [first, last].
struct SequenceRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// What one read transaction of the authority holds between a cursor and its head, encoded: the unit
// in which a replica moves from one state that existed to another. Larger than unit_bytes_max it is
// cut, and the replica is told that it is catching up.
struct Unit {
  std::vector<wire::Frame> parts;
  // The cursor after it.
  std::uint64_t up_to = 0;
  // false: cut, and the replica is no state that existed until the next ones have followed.
  bool reaches_head = true;
  // Who made fresh records that are in it: not to be sent to those.
  std::set<ClientNumber> fresh_authors;
};

// Turns the feed into units, each encoded once for all sessions that stand at the same cursor.
//
// Records that a client made by itself and that nobody changed since are not sent back to it
// (RecordHeader::kFresh), so a client that made some of a unit's records gets an encoding of its
// own.
//
// Threads: one. Failure: CorruptionError where feed and records disagree.
class FeedPump {
 public:
  FeedPump(store::Database& database, const Tables& tables, const Clients& clients,
           const Options& options)
      : database_(database), tables_(tables), clients_(clients), options_(options) {}

  // One look at the database, shared by all sessions that are fed from it.
  class Pass {
   public:
    explicit Pass(FeedPump& pump);
    std::uint64_t head() const { return head_; }
    // What comes after `cursor`, for `client`; null if there is nothing. `whole` is where the
    // replica was last equal to the authority: bodies up to it are there. Between the pieces of a
    // cut unit that is less than the cursor, for a record may have moved on from a piece that would
    // have brought its body to a later one. `own_fresh` are sequences
    // that are known to be fresh records of this client, in rising order: a hint that saves looking
    // at them.
    std::shared_ptr<const Unit> unit(std::uint64_t cursor, std::uint64_t whole, ClientNumber client,
                                     std::span<const SequenceRange> own_fresh);
    // Says that a replica at `cursor`, which is the head, has everything.
    std::shared_ptr<const Unit> nothing_new(std::uint64_t cursor) const;

   private:
    // What of a unit one message takes.
    struct Part {
      std::vector<ChangeView> changes;
      std::size_t size_bytes = 0;
      std::uint64_t up_to = 0;
    };
    // All parts of a unit, as views.
    struct Draft {
      std::vector<Part> parts;
      std::uint64_t up_to = 0;
      bool skipped_own = false;
      std::set<ClientNumber> fresh_authors;
    };

    Draft collect(std::uint64_t cursor, std::uint64_t whole, ClientNumber client,
                  std::span<const SequenceRange> own_fresh);
    RecordView find(AnyKey key, std::uint64_t sequence);
    Unit encode(const Draft& draft) const;
    wire::Frame encode(const Part& part, bool is_last) const;

    FeedPump& pump_;
    store::ReadTxn txn_;
    std::uint64_t head_ = 0;
    std::map<TreeId, store::Cursor> cursors_;
    // By cursor and `whole`: units of which nothing was left out.
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<const Unit>> shared_;
  };

 private:
  store::Database& database_;
  const Tables& tables_;
  const Clients& clients_;
  const Options& options_;
};

}  // namespace coppice::server
