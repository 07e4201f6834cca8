#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <capnp/serialize.h>

#include "coppice/protocol.capnp.h"
#include "coppice/record.h"
#include "server/invariants.h"
#include "server/server_core.h"
#include "server/users.h"
#include "shop.capnp.h"
#include "shop.coppice.h"
#include "store/database.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace coppice::server::test {

using Words = std::vector<std::uint64_t>;
using Records = std::map<AnyKey, std::vector<std::byte>>;

// The wire, as a list of what was given to it.
class RecordedWire final : public wire::ServerSessions {
 public:
  void send(wire::SessionId session, wire::Frame frame) override {
    frames[session].push_back(std::move(frame));
  }
  void close(wire::SessionId session, const std::string& text) override { closed[session] = text; }
  void consumed(wire::SessionId, std::size_t size_bytes) override { consumed_bytes += size_bytes; }

  std::map<wire::SessionId, std::deque<wire::Frame>> frames;
  std::map<wire::SessionId, std::string> closed;
  std::size_t consumed_bytes = 0;
};

class Peer;

// A server over a real store in a folder of its own, which starts, stops and is asked without a
// network.
class TestServer {
 public:
  explicit TestServer(Options options = {});
  ~TestServer();

  // Ends and starts again over the same folder. All connections are gone.
  void restart();
  void stop();
  void start();

  // One step, and no drained(): sends pile up.
  bool step();
  // Steps, and takes away what was sent, until nothing happens any more.
  void run();
  // Lets the time pass, then runs.
  void wait_us(std::int64_t us);

  ServerCore& core() { return *core_; }
  store::Database& database() { return *database_; }
  RecordedWire& wire() { return wire_; }
  std::vector<std::string> faults() { return check_invariants(*database_); }
  // Everything stored, tombstones included.
  Records records();
  std::optional<RecordHeader> header(AnyKey key);
  std::uint64_t number(const std::string& name);

  // Makes a user, as an administrator does, and gives a token of it.
  AccessToken add_user(const std::string& name, const std::string& role,
                       std::vector<std::string> trees = {});

  std::int64_t now_us = 1'000'000'000;

 private:
  friend class Peer;
  Options options_;
  coppice::test::TempFolder folder_;
  RecordedWire wire_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<ServerCore> core_;
  std::uint64_t random_ = 0;
  std::uint64_t sessions_ = 0;
};

// A message from the server, opened.
struct Message {
  std::unique_ptr<capnp::FlatArrayMessageReader> reader;
  wire::Frame frame;
  protocol::ToClient::Reader root;
};

// The other end of the protocol: says what a test wants it to say, and keeps what it hears. Its
// `records` are what a replica would have: changes applied unit by unit.
class Peer {
 public:
  // Connects and says hello with the shop's schemas.
  Peer(TestServer& server, std::string user, std::string device = "desk",
       std::optional<AccessToken> token = std::nullopt);

  using Hello = protocol::Hello::Builder;
  using Request = protocol::Request::Builder;

  // A new connection, and a hello from where this peer stands; `change` may spoil it.
  void connect(const std::function<void(Hello)>& change = {});
  // A new connection that asks what there is instead of saying hello.
  void look(std::uint16_t protocol = protocol::VERSION, const std::string& database = "main");
  // The same on the connection there is.
  void look_again(std::uint16_t protocol = protocol::VERSION);
  void disconnect();
  // Why the server ended the connection; nothing if it did not.
  std::optional<std::string> closed() const;

  // Sends without a step. Returns the operation.
  std::uint64_t send(const std::function<void(Request)>& fill);
  // Sends, runs the server, and gives the answer. Valid as long as the peer.
  protocol::Answer::Reader ask(const std::function<void(Request)>& fill);
  // Sends a request again, as it was.
  void send_again(std::uint64_t operation);
  void send_bytes(wire::Frame frame);
  // The last answer to an operation.
  protocol::Answer::Reader answer(std::uint64_t operation) const;
  std::size_t count_of_answers(std::uint64_t operation) const;

  // The last message of a kind; fails the test if there is none.
  protocol::Welcome::Reader welcome() const {
    return last(protocol::ToClient::WELCOME).getWelcome();
  }
  protocol::Refusal::Reader refusal() const {
    return last(protocol::ToClient::REFUSED).getRefused();
  }
  protocol::ToClient::Reader last(protocol::ToClient::Which kind) const;
  std::size_t count(protocol::ToClient::Which kind) const;
  const std::vector<Message>& heard() const { return heard_; }
  void forget() { heard_.clear(); }

  // Takes what the server sent.
  void listen();
  // Takes no more than so many frames; the rest waits.
  void listen(std::size_t frames_max);

  std::string user;
  std::string device;
  std::vector<std::byte> uuid;
  std::optional<AccessToken> token;
  std::uint64_t cursor = 0;
  std::uint64_t last_operation = 0;
  std::uint64_t acknowledged = 0;
  Records records;
  // false: `records` is left alone, for a peer that does not know what it said.
  bool keeps_records = true;
  std::uint32_t number = 0;
  wire::SessionId session;
  // Set while a first sync is under way.
  std::optional<FirstSyncPosition> first_sync;

 private:
  void apply(protocol::ToClient::Reader message);
  void apply(protocol::Change::Reader change);
  // What a transaction of creates made, worked out as protocol.capnp says that a client can.
  void apply_own(protocol::Answer::Reader answer);

  TestServer& server_;
  std::vector<std::byte> database_;
  std::uint16_t epoch_ = 0;
  std::vector<Message> heard_;
  std::map<std::uint64_t, wire::Frame> sent_;
  std::vector<wire::Frame> unit_;
};

// --------------------------------------------------------------------------------------------------------
// What is said

inline constexpr TreeId kParts = TreeOf<shop::Part>::id;
inline constexpr TreeId kCompanies = TreeOf<shop::Company>::id;

AnyKey part(std::uint64_t id, std::uint32_t revision = 1);
AnyKey company(std::uint64_t id);
Words part_body(const std::string& number, const std::string& title = "");
Words company_body(const std::string& name);
wire::Frame frame_of(capnp::MessageBuilder& message);
constexpr std::uint64_t of_operation(std::uint64_t operation) {
  return kTokenOfOperation | operation;
}

// A transaction, said action by action.
class Work {
 public:
  Work& create(AnyKey key, Words body, bool keep = false);
  Work& check_in(AnyKey key, std::uint64_t token, std::uint32_t base, Words body,
                 bool keep = false);
  Work& release(AnyKey key, std::uint64_t token, std::uint32_t base, std::uint16_t state = 0);
  Work& next_revision(AnyKey key, std::uint64_t token, Words body = {});
  Work& set_state(AnyKey key, std::uint16_t from, std::uint16_t to);
  Work& remove(AnyKey key, std::uint64_t token, std::uint32_t base);
  Work& comment(std::string text);
  // The set_state before goes a step that is not declared.
  Work& overriding();
  // The version that the program knows which edited the bodies; 0: as by_version().
  Work& writer(std::uint32_t version);
  // The version of the schema that wrote the bodies: 1, unless said.
  Work& by_version(std::uint32_t version);

  void operator()(protocol::Request::Builder request) const;

 private:
  struct Step {
    protocol::Action::Kind kind;
    AnyKey key;
    std::uint64_t token = 0;
    std::uint32_t base = 0;
    std::uint16_t from = 0;
    std::uint16_t to = 0;
    bool keep = false;
    Words body;
    bool overriding = false;
  };
  std::vector<Step> steps_;
  std::string comment_;
  std::uint32_t version_ = 1;
  std::uint32_t writer_ = 0;
};

std::function<void(protocol::Request::Builder)> borrow(std::vector<AnyKey> records,
                                                       std::string purpose = "");
std::function<void(protocol::Request::Builder)> wait_for(std::vector<AnyKey> records);
std::function<void(protocol::Request::Builder)> give_back(AnyKey record, std::uint64_t token);
std::function<void(protocol::Request::Builder)> lease(TreeId tree, std::uint64_t count);

// -------------------------------------------------------------------------------------------------------
// What is heard

// "accepted", "borrowed", "gave back" ..., or the codes of all reasons: "stale_base, invalid".
std::string outcome(protocol::Answer::Reader answer);
// The token of the first grant of an answer.
std::uint64_t token_of(protocol::Answer::Reader answer);

// A peer with a lease of ids 1 to 100 of parts (or the next 100, ...), and as many companies.
class Maker : public Peer {
 public:
  Maker(TestServer& server, std::string user, std::string device = "desk",
        std::optional<AccessToken> token = std::nullopt);
  std::uint64_t first_id = 0;
};

}  // namespace coppice::server::test
