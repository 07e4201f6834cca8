#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "client/comparing.h"
#include "client/ended_borrow.h"
#include "client/event_queue.h"
#include "client/promises.h"
#include "client/replica.h"
#include "client/replica_writer.h"
#include "client/transaction_state.h"
#include "client/transport.h"
#include "coppice/protocol.capnp.h"
#include "store/run_drain.h"

namespace coppice::client {

// What happened on the connection, as a value, so that it can wait in line.
struct WireEvent {
  enum class Kind { opened, received, drained, closed };
  Kind kind;
  wire::Frame frame;
  wire::Closed why;
};

// Keeps a replica and its authority together: a state machine without thread, socket or clock.
// Events of the connection and the time go in; frames, connection attempts and changes of the
// replica come out.
//
// Everything it needs to go on after a crash is in the replica: cursor, outbox, position of a first
// sync. What it holds in memory (parts of an unfinished unit, what was sent) is made again by the
// next connection.
//
// Threads: one at a time, the client's writer lock. Failure: a StorageError passes through and
// leaves the replica as it was.
class Sync {
 public:
  struct Identity {
    std::string device;
    std::string user;
    std::string application;
  };

  Sync(Replica& replica, Identity identity, EventQueue& events,
       std::function<std::uint64_t()> random);

  // Constant from before the first step.
  void set_transport(Transport& transport) { transport_ = &transport; }

  // `token`: the bytes of an access token, or empty.
  void connect(std::string url, std::string token, std::int64_t now_us);
  void disconnect();
  // The next connection begins a first sync, which discards what was synced before.
  Result<Done> fetch_anew();

  // Deals with what happened, in order, and does what is due.
  void step(std::deque<WireEvent> happened, std::int64_t now_us);
  // When step() is due though nothing happens: the next connection attempt, the next copy of
  // unfinished work to the server, a piece of what runs of indexes have, or at once while indexes
  // are built.
  std::optional<std::int64_t> deadline_us() const {
    if (replica_.indexes().has_work()) return 0;
    const auto due = connect_at_us_ ? connect_at_us_ : shelve_deadline_us();
    const auto drain = drain_.deadline_us();
    return drain && due ? std::min(*drain, *due) : std::max(drain, due);
  }

  // The replica could not be written (a full disk): the connection is given up, and tried again
  // after a pause.
  void suspend(const std::string& why, std::int64_t now_us);

  Promises& promises() { return promises_; }
  bool on_line() const { return welcomed_; }
  TransactionLimits limits() const { return limits_; }
  void when_flushed(Promise<Done> promise);
  void when_live(Promise<Done> promise);
  // A preparation to leave the line: settled when its parts are, and everything is here.
  struct Preparing {
    std::optional<Pending<Borrow>> borrow;
    std::vector<Pending<Leased>> leases;
    Promise<Ready> promise;
  };
  void when_prepared(Preparing preparing) { preparing_.push_back(std::move(preparing)); }
  // What the replica and the authority do not have in common.
  void compare(Promise<Comparison> promise);
  // Puts what others have left on the server into the drawer.
  void fetch_shelves(const std::vector<AnyKey>& records, Promise<Done> promise);
  // Settles everything that waits for the server with this.
  void refuse_waiting(const Error& why);

  // Any thread.
  Status status() const;
  std::vector<HandOver> hand_overs() const;

 private:
  // Everything that one write transaction of apply() decides and the world learns only after its
  // commit.
  struct Outcome {
    std::vector<std::function<void()>> settle;
    std::vector<Event> events;
    std::uint64_t answered = 0;
    // Endings up to this sequence are among the events.
    std::uint64_t endings_told = 0;
    bool retry_later = false;
    std::optional<Error> broken;
  };
  // Where the replica stands; the words are those of Status.
  struct Position {
    std::uint64_t cursor = 0;
    std::uint64_t head = 0;
    bool first_sync = false;
    bool catching_up = false;
    // The cursor stands between the pieces of a cut unit (Hello.partial).
    bool partial = false;
  };
  // A borrow that was granted and whose data the cursor has not reached yet.
  struct Granted {
    std::uint64_t operation;
    std::uint64_t sequence;
    std::vector<AnyKey> records;
  };

  // Work that is not handed in, on its way to the server.
  struct ShelfCopy {
    AnyKey key;
    std::uint64_t token = 0;
    std::uint64_t digest = 0;
    std::uint32_t base_iteration = 0;
    std::uint32_t schema_version = 0;
    std::span<const std::uint64_t> body = {};  // empty: there is none any more
  };
  // What the server was sent last of a record.
  struct Shelved {
    std::uint64_t token = 0;
    std::uint64_t digest = 0;
    bool operator==(const Shelved&) const = default;
  };

  // Connection (sync_connection.cpp).
  void deal_with(const WireEvent& event, std::int64_t now_us);
  void try_connect(std::int64_t now_us);
  void send_hello();
  void tell_known(protocol::Hello::Builder hello) const;
  bool has_first_sync_position() const;
  void lost(const wire::Closed& why, std::int64_t now_us);
  void fail(const Error& why);
  void welcome(protocol::Welcome::Reader welcome);
  void migrate_unsent(std::uint64_t executed);
  void bind(protocol::Welcome::Reader welcome);
  void discard_synced_records();
  void refused(protocol::Refusal::Reader refusal);
  // The server refused what we offered with our hello, and another without it was welcome. Whether
  // this connection goes on.
  bool settle_refused_offers(std::size_t offers_before);
  void give_up(Error why);
  void set_connection(Connection connection, std::string reason);
  void refresh_status();
  // What the server sends (sync.cpp).
  void receive(const wire::Frame& frame);
  // False: one of them is none, or we cannot go on with them, and the connection was given up.
  // `executed`: the last request that the server has, where nothing is on its way to it.
  bool adopt(capnp::List<protocol::TreeSchema>::Reader schemas,
             std::optional<std::uint64_t> executed);
  void apply_batch();
  void apply(ReplicaWriter& writer, const wire::Frame& frame, Outcome& outcome);
  void apply_answers(ReplicaWriter& writer, capnp::List<protocol::Answer>::Reader answers,
                     Outcome& outcome);
  void apply_answer(ReplicaWriter& writer, protocol::Answer::Reader answer, Outcome& outcome);
  void apply_changes(ReplicaWriter& writer, protocol::Changes::Reader changes, Outcome& outcome);
  void apply_snapshot(ReplicaWriter& writer, protocol::SnapshotPart::Reader part, Outcome& outcome);
  void apply_names(capnp::List<protocol::ClientName>::Reader names);
  void apply_lease(ReplicaWriter& writer, std::uint64_t operation, protocol::Lease::Reader lease,
                   Outcome& outcome);
  // What it tells of borrows (sync_borrows.cpp).
  void ended(capnp::List<protocol::Ending>::Reader endings);
  void offered(capnp::List<protocol::HandOverOffer>::Reader offers);
  void nudged(capnp::List<protocol::Nudged>::Reader nudges);
  void lines(protocol::Lines::Reader lines);
  void tell_endings(ReplicaWriter& writer, std::uint64_t up_to, Outcome& outcome);
  void forget_endings();
  void conclude(Outcome outcome);
  void settle_grants();
  // What we send (sync_send.cpp).
  void send(capnp::MessageBuilder& message);
  void send_requests();
  Error too_large(const wire::Frame& frame) const;
  void ask_for_ids();
  std::set<TreeId> leases_in_outbox() const;
  void warn_of_ids();
  void tell_of_ids(TreeId tree, int percent);
  void settle_waiting();
  // Whether it is over.
  bool settle(Preparing& preparing) const;
  bool is_live() const;
  // Shelves (sync_shelves.cpp).
  void shelve(std::int64_t now_us);
  std::optional<std::int64_t> shelve_deadline_us() const;
  std::vector<ShelfCopy> edited_records(const store::Txn& txn) const;
  void send_shelves(std::span<const ShelfCopy> copies);
  void shelves(capnp::List<protocol::Shelf>::Reader shelves);
  bool keep_shelf(ReplicaWriter& writer, protocol::Shelf::Reader shelf);
  void send_fetch();
  void end_fetch(Result<Done> result);
  // Comparing (sync_compare.cpp).
  void ask_compare();
  void compared(protocol::Compared::Reader answer);
  void end_compare(Result<Comparison> result);

  // Constant after construction.
  Replica& replica_;
  const Identity identity_;
  EventQueue& events_;
  const std::function<std::uint64_t()> random_;
  Transport* transport_ = nullptr;

  // Writer lock only.
  store::RunDrain drain_;
  Promises promises_;
  struct Flush {
    std::uint64_t operation;  // the last one when it was asked for
    Promise<Done> promise;
  };
  std::vector<Flush> flush_promises_;
  std::vector<Promise<Done>> live_promises_;
  std::vector<Preparing> preparing_;
  struct Compare {
    Comparing comparing;
    Promise<Comparison> promise;
  };
  std::unique_ptr<Compare> compare_;  // null: nobody asked
  std::vector<Granted> granted_;
  struct Fetch {
    std::vector<AnyKey> records;  // empty: the question was sent
    Promise<Done> promise;
  };
  std::optional<Fetch> fetch_;
  std::map<AnyKey, Shelved> shelved_;  // on this connection, by record
  std::int64_t shelve_at_us_ = 0;
  std::uint64_t shelved_commit_ = 0;
  // Borrows that others have ended, by changes that are not here yet; rising.
  std::vector<EndedBorrow> endings_;
  // Accepted operations whose effect has not come yet, and when the server did them.
  std::map<std::uint64_t, std::int64_t> accepted_at_us_;
  std::deque<WireEvent> waiting_;  // what happened and was not dealt with yet
  std::string url_;
  std::string token_;
  bool wanted_ = false;  // connect() was called, and neither disconnect() nor a final refusal came
  bool connected_ = false;  // the transport has a connection, or tries to
  bool welcomed_ = false;
  std::optional<std::int64_t> connect_at_us_;
  int attempts_ = 0;
  std::string why_given_up_;      // of the connection that is ending; empty: we did not
  std::optional<Error> gave_up_;  // why; until connect() is called again
  // Why the server refused the schemas that we offered: the next hello has none, to learn what it
  // has itself.
  std::optional<Error> refused_offers_;
  TransactionLimits limits_;
  std::uint32_t in_flight_max_ = 64;
  std::deque<std::uint64_t> in_flight_;
  std::uint64_t next_to_send_ = 1;
  std::vector<wire::Frame> held_;   // parts of a unit that is not complete
  std::vector<wire::Frame> batch_;  // to be applied together
  std::size_t batch_bytes_ = 0;
  std::set<TreeId> leases_asked_;
  std::map<TreeId, int> ids_warned_;  // the lowest percentage told
  std::uint64_t first_sync_total_ = 0;
  Position position_;  // as stored

  // Any thread.
  mutable std::mutex status_mutex_;
  Status status_;
  std::vector<HandOver> hand_overs_;
};

}  // namespace coppice::client
