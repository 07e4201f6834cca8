#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/authority.h"
#include "server/clients.h"
#include "server/feed_pump.h"
#include "server/first_sync.h"
#include "server/greeting.h"
#include "server/options.h"
#include "server/overdue.h"
#include "server/shelves.h"
#include "server/tables.h"
#include "server/types.h"
#include "server/waiting_lines.h"
#include "store/database.h"
#include "store/pin_watch.h"
#include "store/run_drain.h"
#include "wire/session.h"

namespace coppice::server {

// A whole server without a socket, a thread or a clock: frames and the time go in, frames come out
// of the ServerSessions. The coppice-server program connects it to the world, the simulator to a
// seeded one.
//
// What it remembers is in the database, but for what ends with a connection: who is on line,
// waiting lines and offers (after a restart clients wait again), and when a client that left
// without a further word was last seen.
//
// Where the database has users (users.h), a client is let in by an access token; else it is whoever
// knows its UUID, and everybody has every right.
//
// Threads: one at a time. Lifetime: database and sessions must outlive it. Failure: step() throws
// StorageError when the machine fails (a full disk aside, which is an answer). It is then unknown
// whether the last group is stored: destroy everything and open the database again; clients send
// their unanswered requests again.
class ServerCore {
 public:
  using Options = server::Options;

  // `random` makes the UUID of a new database.
  ServerCore(store::Database& database, Options options, wire::ServerSessions& sessions,
             std::function<std::uint64_t()> random);
  ~ServerCore();
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  // Events of the wire. `now_us` is microseconds since 1970 UTC here and below; where it goes back
  // it is taken to stand still.
  void opened(wire::SessionId session, const std::string& database, const std::string& peer,
              std::int64_t now_us);
  // Queues what the frame asks for; nothing is decided before step(). Calls
  // ServerSessions::consumed() when the frame is dealt with.
  void received(wire::SessionId session, wire::Frame frame, std::int64_t now_us);
  void drained(wire::SessionId session, std::int64_t now_us);
  // `why` is for people, and empty for an orderly goodbye.
  void closed(wire::SessionId session, std::int64_t now_us, const std::string& why = {});

  // Greets who has come, decides queued requests as one group commit, answers when it is durable,
  // lets offers run out, and feeds the sessions whose socket is drained. Returns whether there is
  // more to do at once.
  bool step(std::int64_t now_us);
  // When step() must be called although nothing came: an offer runs out then, it is looked what is
  // overdue, or runs of indexes are to be drained.
  std::optional<std::int64_t> deadline_us() const;

  // Whether only users with a token are let in.
  bool has_users() const;
  // Bytes of frames that wait for step().
  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  struct Session;

  Session* find(wire::SessionId id);
  void take(Session& session, std::unique_ptr<Incoming> frame);
  void take_request(Session& session, std::unique_ptr<Incoming> frame);
  // Why it cannot be answered; empty: it will be.
  std::string take_compare(Session& session, Incoming& frame);
  void end_with(Session& session, const std::string& text);
  void leave(Session& session);
  void done_with(wire::SessionId session, std::size_t size_bytes);
  void advance_clock(std::int64_t now_us);
  void log(LogLevel level, const std::string& text) const;
  void warn_of_pins();

  // Greeting.
  // Hellos that one step deals with: they share a commit, and requests get their turn between.
  static constexpr std::size_t kGreetedAtOnce = 256;
  struct Greeted;
  void greet_all();
  // Nothing: it was refused.
  std::optional<Greeted> greet(Session& session);
  void store(std::vector<Greeted>& greeted);
  void turn_away(const Greeted& greeted, const Error& why);
  void let_in(Greeted& greeted);
  void describe(Session& session, std::uint16_t protocol);
  void refuse(Session& session, const Error& error);
  void replace_older_session(const Session& session);
  void welcome(Session& session, const Hello& hello, std::int64_t last_seen_us);
  void announce(const Session& except, const wire::Frame& frame);
  // Who the numbers in headers are: told to everybody before the first record that has one.
  void tell_names(std::span<const Client> clients);

  // Deciding.
  std::vector<PendingRequest> next_group();
  void decide_group();
  void remember(std::map<ClientNumber, Client> changed);
  void answer(std::span<const PendingRequest> group, std::vector<Outcome> outcomes);
  void send_answers(wire::SessionId id, std::vector<std::vector<std::uint64_t>> answers);
  void tell_offers();

  // Telling of borrows (server_news.cpp).
  void tell(const News& news);
  void tell_lines();
  void tell_all(const wire::Frame& frame);
  void tell_hand_overs(const std::string& user);
  wire::Frame hand_overs_to(const std::string& user);
  // What the client missed; `last_seen_us` is when it was here before.
  void tell_what_happened(Session& session, const Hello& hello, std::int64_t last_seen_us);
  Session* live_session(ClientNumber client);
  void look_for_overdue();
  void hear(ClientNumber client);

  // Shelves (server_shelves.cpp). Each returns what is wrong with the message; empty: nothing.
  std::string take_shelves(Session& session, Incoming& frame);
  std::string show_shelves(Session& session, Incoming& frame);
  void keep_shelves();

  // Comparing. Returns whether there is more to do.
  bool answer_comparisons();

  // Feeding.
  void feed_all();
  void feed(Session& session, std::unique_ptr<FeedPump::Pass>& pass);
  void send(Session& session, wire::Frame frame);

  // Constant after construction.
  store::Database& database_;
  const Options options_;
  wire::ServerSessions& wire_;
  const Tables tables_;
  Identity identity_;  // but for the application, which the first hello names

  Clients clients_;
  store::Indexes indexes_;
  store::RunDrain drain_;
  const Premises premises_;
  Authority authority_;
  FeedPump pump_;
  Overdue overdue_;
  WaitingLines lines_;
  store::PinWatch pin_watch_;
  std::int64_t pins_looked_at_us_ = 0;
  std::map<wire::SessionId, std::unique_ptr<Session>> sessions_;
  // Those who said hello, in their order.
  std::deque<wire::SessionId> to_greet_;
  std::deque<PendingRequest> queue_;
  std::size_t queued_bytes_ = 0;
  // What came since the last step.
  std::vector<Shelf> shelved_;
  std::uint64_t head_ = 0;
  std::int64_t now_us_ = 0;
};

}  // namespace coppice::server
