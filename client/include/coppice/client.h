#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coppice/check_report.h"
#include "coppice/comparison.h"
#include "coppice/error.h"
#include "coppice/event.h"
#include "coppice/indexer.h"
#include "coppice/key.h"
#include "coppice/live_query.h"
#include "coppice/migration.h"
#include "coppice/pending.h"
#include "coppice/record.h"
#include "coppice/ref.h"
#include "coppice/snapshot.h"
#include "coppice/statistics.h"
#include "coppice/transaction.h"

namespace coppice {

// A tree as generated code knows it.
struct TreeDefinition {
  TreeId id;
  std::span<const std::uint64_t> schema;  // a protocol::TreeSchema
};

// What Options::trees wants: `trees<shop::Part, shop::Company>()`.
template <typename... T>
std::vector<TreeDefinition> trees() {
  return {TreeDefinition{TreeOf<T>::id, TreeOf<T>::schema()}...};
}

// A borrow that was granted: the newest revision of each record asked for, with exactly the data
// the authority granted.
struct Borrow {
  std::vector<AnyKey> keys;
};

struct CheckOut {
  std::string reason;
  std::int64_t expected_return_us = 0;  // microseconds since 1970 UTC, 0: not said
};

// What is to be here before the connection is left (B10).
struct Preparation {
  std::vector<AnyKey> records = {};  // to borrow, all or none
  // With what they refer to, and what that refers to; of these trees alone, or if none is named, of
  // all.
  bool with_references = false;
  std::vector<TreeId> trees = {};
  std::vector<std::pair<TreeId, std::uint64_t>> ids = {};  // to have at least so many left
  CheckOut options = {};
};

// Everything is here: the line may be cut.
struct Ready {
  std::vector<AnyKey> borrowed;  // the newest revision of each
};

// A new lifecycle state that was asked for, and that the authority has not answered. It may come
// back refused, as a conflict with the actual state.
struct Intent {
  std::uint64_t operation = 0;
  AnyKey key;
  std::uint16_t from = 0;
  std::uint16_t to = 0;
  std::string comment;
};

// One thing of our own that is not over yet (V3).
struct Unfinished {
  enum class Kind {
    edited,    // edited here, and not checked in
    waiting,   // in the outbox: `number` is the operation
    intent,    // likewise, and asks for a new lifecycle state
    conflict,  // refused: `number` is the conflict's
  };
  Kind kind = Kind::edited;
  std::uint64_t number = 0;
  AnyKey key = {};        // the record, or the first of them; none for what is about no record
  std::string what = {};  // for people: "3 records: tolerance corrected"
};

// Waiting in line: the worst place among the records asked for; 0: all are free, check them out.
struct InLine {
  std::uint32_t place = 0;
};

struct Accepted {
  std::uint64_t operation = 0;
  std::uint64_t sequence = 0;  // the last change it made
  std::int64_t time_us = 0;
};

// Ids [begin, end) were leased to this replica.
struct Leased {
  RecordId begin;
  RecordId end;
};

struct Done {};

// A borrow of somebody that our user may have: accept() it, or decline().
struct HandOver {
  AnyKey record;
  Holder holder;
  Holder by;  // who offers it: mostly the holder
  std::int64_t time_us = 0;
  std::string reason;
};

// Work on the replica itself that may take a while: an index that is built, say.
struct BuildProgress {
  std::string what;  // for people: "index 'where-used'"
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // records
};

// What a transaction would do: Client::what_if's report.
struct WhatIf {
  // Empty: it would be written. Else every reason why not. What only the authority knows, such as
  // what others did since the last sync, is not among them.
  std::vector<Error> refusals;
  // What would be told of it, in order.
  std::vector<Event> changes;
};

struct Compaction {
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

// Work that the authority refused, kept whole until somebody settles it.
struct Conflict {
  struct Item {
    AnyKey key;
    std::string action;               // "create", "check in", ...
    std::vector<std::uint64_t> mine;  // the body handed in; empty if the action has none
    std::vector<std::uint64_t> base;  // the body it was based on; empty for a create
    // The version of the tree's schema by which `mine` is to be read: the program's own, unless the
    // body is of an earlier generation and no migration takes it. `base` is empty if it would be
    // read by another one.
    std::uint32_t schema_version = 0;
    // The schema that describes `mine`, a protocol::TreeSchema, where the catalogue does not have
    // it: the work was done by a schema that the server never saw, before the tree was migrated.
    // Otherwise empty.
    std::vector<std::uint64_t> schema;
    // Of a new lifecycle state, and `to` of a release. What it is in truth is the reason's
    // `actual`.
    std::uint16_t state_from = 0;
    std::uint16_t state_to = 0;
  };
  std::uint64_t number = 0;  // names it in this replica
  std::string comment;
  std::vector<Error> reasons;
  std::vector<Item> items;
};

// A complete local replica, and its line to the authority.
//
// Reading never waits. Writing makes records out of leased ids and edits records that are borrowed;
// both work off line, and everything written is durable before write() returns. A thread of the
// client's own sends what was written and receives what others changed; with Sync::stepped the
// application calls step() instead.
//
// Threads: every function from any thread, except where it says otherwise. Lifetime: snapshots end
// before the client does.
class Client {
 public:
  enum class Sync { own_thread, stepped };
  enum class Access {
    read_write,
    read_only,  // look at a replica that another process uses: no writes, no connection
  };

  // Where the replica's file comes from. What is stored was checked when it entered, and is
  // trusted; a file that was mailed, or copied from a machine that one does not know, was not.
  enum class Origin {
    own,
    elsewhere,  // everything is checked before anything is read, which costs a walk over all
                // records. LMDB's own pages are not: that would need a parser of them
  };

  struct Options {
    std::string name = {};         // this device, for people: "bench 3". Default: the host's name
    std::string user = {};         // who works here. Default: the login name
    std::string application = {};  // only databases of the same application are accepted. Default:
                                   // the replica's; "coppice" if new
    std::vector<TreeDefinition> trees = {};
    // For trees that were migrated, or that a newer program waits for: how bodies of earlier
    // schemas are read. See docs/schemas.md.
    std::vector<Migration> migrations = {};
    std::vector<std::shared_ptr<Indexer>> indexers = {};
    // Called now and then while something is built: in open(), and later on the sync thread. Must
    // not call the client.
    std::function<void(const BuildProgress&)> on_progress = nullptr;
    // Called instead of filling poll(), on the sync thread.
    std::function<void(const Event&)> on_event = nullptr;
    Sync sync = Sync::own_thread;
    Access access = Access::read_write;
    Origin origin = Origin::own;
    // A snapshot that is held for longer is told of, once: Event::Kind::pinned.
    std::chrono::seconds snapshot_age_warning{60};
    // false: nothing waits for the disk. For simulations and benchmarks that say so.
    bool wait_for_disk = true;
  };

  // Opens the replica in `folder`, or makes one. Works with no server ever seen. Throws
  // StorageError (in use, damaged, newer, no replica) or RefusedError (a tree's schema is not
  // compatible with what the replica has); the message says what to do.
  static Client open(const std::filesystem::path& folder, Options options);
  Client(Client&&) noexcept;
  ~Client();

  // Returns at once and keeps trying, with growing pauses. `token` is the access token of a user,
  // for a database that has users: it is not stored in the replica. Errors: bad_request for a URL
  // or a token that is none.
  Result<Done> connect(const std::string& url, const std::string& token = {});
  void disconnect();
  // Makes the next connection fetch every record again, as a first sync does, in place of what is
  // here: for a replica that a check found damaged, or that differs from the server. Until then
  // everything stays as it is, and work that the server has not got yet is kept in any case.
  // Errors: bad_request while a connection is wanted.
  Result<Done> fetch_anew();

  // `name` tells people which one it is, where it is held for too long.
  Snapshot snapshot(std::string_view name = {}) const;
  // Who holds snapshots of this replica, in this process and in others, the longest held first.
  std::vector<Pin> pins() const;
  Status status() const;
  // Human readable "parts:4711.2", and back. Errors: bad_request, unknown_tree.
  std::string format(AnyKey key) const;
  Result<AnyKey> parse_key(std::string_view text) const;

  // Runs fn(Transaction&), and makes its changes visible and durable. Returns what fn returns, or
  // every reason why not; no_space if the disk is full: nothing was changed, make room and write
  // again. Must not be called inside another write, nor from an indexer.
  template <typename F>
  auto write(F&& fn)
      -> Result<std::conditional_t<std::is_void_v<std::invoke_result_t<F&, Transaction&>>, Done,
                                   std::invoke_result_t<F&, Transaction&>>> {
    using R = std::invoke_result_t<F&, Transaction&>;
    if constexpr (std::is_void_v<R>) {
      auto written = run_write([&](Transaction& t) { fn(t); });
      if (!written) return written.error();
      return Done{};
    } else {
      std::optional<R> value;
      auto written = run_write([&](Transaction& t) { value.emplace(fn(t)); });
      if (!written) return written.error();
      return std::move(*value);
    }
  }
  // The same, for those who want the authority's verdict too.
  Pending<Accepted> submit(const std::function<void(Transaction&)>& fn);

  // Tries a transaction and throws it away: nothing is written, sent or told, and no id is spent.
  // Where nothing refuses it, `look` is shown the state it would leave, with all that is read from
  // a snapshot: records, indexes, indexers' states. That snapshot ends with the call. Nobody else
  // writes meanwhile, so look quickly. Must not be called inside another write.
  WhatIf what_if(const std::function<void(Transaction&)>& fn,
                 const std::function<void(const Snapshot& outcome)>& look = nullptr);

  // Asks a query, and goes on telling of what changes in its answer (docs/queries.md). Costs
  // something with each change, about as an index does. Errors: as Snapshot::select; bad_request
  // inside a write; not_supported in a replica that is only looked at.
  template <typename T>
  Result<LiveQuery<T>> live(const Query<T>& query) {
    auto begun = live(query.any());
    if (!begun) return begun.error();
    return LiveQuery<T>(std::move(*begun));
  }
  Result<AnyLiveQuery> live(const AnyQuery& query);

  // Asks for the exclusive right to edit these records, all or none. Off line: refused with
  // `offline`, at once.
  Pending<Borrow> check_out(std::vector<AnyKey> records, CheckOut options = {});
  Pending<Borrow> check_out(AnyKey record, CheckOut options = {}) {
    return check_out(std::vector<AnyKey>{record}, std::move(options));
  }
  // These records with all that they refer to, directly or not: of these trees alone, or if none is
  // named, of all. Record keys, each once, those given first.
  std::vector<AnyKey> with_references(std::vector<AnyKey> records,
                                      const std::vector<TreeId>& trees = {}) const;
  // Borrows records, fetches ids, and is settled when that and everything the authority has is
  // here. Errors: offline; why the records are not ours, with all that is in the way (ids that were
  // leased stay).
  Pending<Ready> prepare_offline(Preparation preparation);
  // Gets in line for records that others hold; an `offered` event says when it is our turn. On line
  // only.
  Pending<InLine> wait_in_line(std::vector<AnyKey> records, CheckOut options = {});
  // Gives borrows back. Local changes that were not checked in are thrown away: ask first.
  Pending<Done> give_back(std::vector<AnyKey> records);
  // The records this replica has borrowed.
  std::vector<AnyKey> borrowed() const;

  // The following are done all or none, and on line only. Whose borrow ends is told who, when and
  // why; what it has edited and not checked in stays on its device, as a conflict.

  // Ends the borrows that others have, by the right to break, or while waiting in line for what is
  // overdue. Errors: comment_needed (no reason), no_right, not_overdue, already_free.
  Pending<Done> break_borrow(std::vector<AnyKey> records, std::string reason);
  // Moves borrows of our user from other devices to this one. Errors: held (another user's),
  // already_free.
  Pending<Borrow> take_over(std::vector<AnyKey> records, CheckOut options = {});
  // Offers borrows to another user, until it accepts or declines; empty: takes the offer back. Who
  // may break borrows may offer those of others. Errors: pending_changes, no_right, bad_request (no
  // such user).
  Pending<Done> hand_over(std::vector<AnyKey> records, std::string user, std::string reason = {});
  // What is offered to our user now. Empty while off line.
  std::vector<HandOver> hand_overs() const;
  // Takes what is offered. Errors: offer_gone.
  Pending<Borrow> accept(std::vector<AnyKey> records, CheckOut options = {});
  // Wants it not. What is not offered any more counts as declined.
  Pending<Done> decline(std::vector<AnyKey> records);
  // Asks the holders to return records; they are told now, or when they come next. Errors:
  // too_soon, already_free.
  Pending<Done> nudge(std::vector<AnyKey> records, std::string text = {});
  // Copies of work that is edited and not checked in go to the server every few seconds, while on
  // line. This fetches those of others in these records into the drawer, where they can be looked
  // at, and applied under a borrow of ours: for the same user on another device, who got the borrow
  // by a hand-over, and administrators. Errors: unknown_record (there is none), offline.
  Pending<Done> fetch_shelves(std::vector<AnyKey> records);
  // By an administrator: the device, or every device of the user and its access tokens, is refused
  // from now on, and its borrows are broken. A device is named by Holder::client. Errors: no_right,
  // comment_needed, bad_request.
  Pending<Done> revoke_device(std::uint32_t number, std::string reason);
  Pending<Done> revoke_user(std::string name, std::string reason);

  // Ids for records to be made off line. More are asked for by themselves; this is for those who
  // know they need many.
  Pending<Leased> lease(TreeId tree, std::uint64_t count);
  template <typename T>
  Pending<Leased> lease(std::uint64_t count) {
    return lease(TreeOf<T>::id, count);
  }
  // Ids left for new records.
  std::uint64_t ids_left(TreeId tree) const;

  // Settled when every operation made so far has its answer.
  Pending<Done> flushed();
  // Settled when the replica is live: everything the authority has is here.
  Pending<Done> synced();

  // Everything of our own that is not over, in one list: edits, the outbox, conflicts; of each at
  // most so many, the oldest first. Status has how many there are.
  std::vector<Unfinished> unfinished(std::size_t count_max = 100) const;
  // New lifecycle states that wait for the authority's answer, in the order they were asked for.
  std::vector<Intent> intents() const;
  // Work that was refused, oldest first.
  std::vector<Conflict> conflicts() const;
  // Throws a conflict away. Errors: unknown_record if there is none of this number.
  Result<Done> discard_conflict(std::uint64_t number);

  // Events since the last call, in order; also runs the callbacks of answers that have come. Call
  // it once per frame.
  std::vector<Event> poll();
  // Waits up to that long for something to poll.
  bool wait_for_events(std::chrono::milliseconds at_most);

  // Sync::stepped only: deals with what has come, sends what is due. `now_us` as the application
  // tells time.
  void step(std::int64_t now_us);

  // Compares everything here with what the authority has, by digests: one question if it is the
  // same. Neither side has to stand still. Errors: offline (not live), cancelled (the server
  // changes too fast). Other writers of this replica wait while our own digests are made.
  Pending<Comparison> compare();

  // What the replica is made of. Walks every record.
  Statistics statistics() const;
  // Rewrites a replica that nobody has open without its free pages. Whatever goes wrong, it is what
  // it was. Throws StorageError (in use, no replica, damaged) or NoSpaceError.
  static Compaction compact(const std::filesystem::path& folder);

  // Checks what must hold of a replica, and reports what does not. Walks everything.
  void check(CheckReport& report) const;
  // The same, in words; empty if all holds.
  std::vector<std::string> check_invariants() const;

  class Implementation;
  // For client/transport.h; programs use open().
  explicit Client(std::unique_ptr<Implementation> implementation);

 private:
  Result<std::uint64_t> run_write(const std::function<void(Transaction&)>& fn);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace coppice
