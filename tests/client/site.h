#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "client/transport.h"
#include "coppice/client.h"
#include "server/migrate.h"
#include "server/server_core.h"
#include "shop.coppice.h"
#include "store/database.h"
#include "tests/support/catch.h"
#include "tests/support/result_text.h"
#include "tests/support/temp_folder.h"
#include "wire/loopback.h"

// A server and its clients in one thread: real stores, the loopback wire, a clock that the test
// moves. tests/simulation asks what holds in every history; here each test tells one.
namespace coppice::test {

class Desk;

class Site final : public wire::ServerEvents {
 public:
  explicit Site(server::Options options = {});
  ~Site() override;

  // Lets everything travel and everybody work until nothing happens any more; the clock moves as
  // long as a client waits to connect again.
  void settle();
  // Lets the server alone do what is due.
  void work();
  void stop_server();
  void start_server();
  // Runs migrations on the database of the stopped server.
  Result<server::MigrationReport> migrate(const std::vector<Migration>& migrations);

  // The value the authority has; nothing: no such record.
  std::optional<std::vector<std::uint64_t>> stored(AnyKey key);
  RecordHeader header(AnyKey key);
  // Records of the tree, tombstones left out.
  std::size_t count(TreeId tree);
  // What the authority's own check finds wrong.
  std::vector<std::string> faults();

  std::filesystem::path data() const { return folder_ / "server"; }
  // What the next start_server() takes.
  server::Options& options() { return options_; }

  std::int64_t now_us = 1'700'000'000'000'000;
  wire::LoopbackNetwork network;
  // Each site its own, so that two have different databases.
  static inline std::uint64_t sites = 0;
  std::mt19937_64 random{++sites};

 private:
  friend class Desk;
  void opened(wire::SessionId session, const std::string& database,
              const std::string& peer) override;
  void received(wire::SessionId session, wire::Frame frame) override;
  void drained(wire::SessionId session) override;
  void closed(wire::SessionId session, const wire::Closed& why) override;
  bool step();

  TempFolder folder_;
  server::Options options_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<server::ServerCore> core_;
  std::vector<Desk*> desks_;
};

// One client. Not opened by itself, so that a test can set its options first.
class Desk {
 public:
  Desk(Site& site, std::string name);
  ~Desk();
  Desk(const Desk&) = delete;

  Client& open();
  void close() { client_.reset(); }
  Client& reopen();
  Client& operator*() { return *client_; }
  Client* operator->() { return &*client_; }
  // open() if it is not, connect(), and settles the site: live, with ids.
  Client& go_on_line();
  void go_off_line();
  void connect();
  // The network between it and the server fails.
  void cut();
  // As if the server had sent it.
  void inject(wire::Frame frame);

  // Everything that poll() gave since the last call.
  std::vector<Event> events();
  std::size_t count(Event::Kind kind);

  // ---- What a test does most

  Key<shop::Part> make_part(const std::string& number, Borrowing borrowing = Borrowing::ends);
  std::string title(Key<shop::Part> key);
  // Checks out, settles, and requires that it was granted.
  void borrow(AnyKey key);
  Result<Done> retitle(Key<shop::Part> key, const std::string& title);
  Result<Done> check_in(AnyKey key, Borrowing borrowing = Borrowing::ends);
  // Borrowed, released and settled.
  void release(AnyKey key);
  // The visible value; nothing: no such record.
  std::optional<std::vector<std::uint64_t>> value(AnyKey key);
  RecordHeader header(AnyKey key);
  bool holds(AnyKey key);

  Client::Options options;
  // Small ones, so that little data is in them.
  store::RunLimits runs{.direct_max = 2, .fan_out = 2, .bytes_max = 1 << 14};
  const std::filesystem::path folder;
  // Given a frame from the server before the client gets it; what it returns is delivered.
  std::function<std::optional<wire::Frame>(wire::Frame)> on_receive;
  // Called when the client tries to connect.
  std::function<void()> on_connect;

 private:
  friend class Site;
  class Line;
  void poll();

  Site& site_;
  Line* line_ = nullptr;
  std::optional<Client> client_;
  std::vector<Event> events_;
};

// Every record the replica shows is the authority's, byte for byte, there are no others, and both
// sides' own checks find nothing.
void check_equal(Site& site, Desk& desk);

inline std::vector<TreeDefinition> shop_trees() {
  return trees<shop::Part, shop::Company, shop::Movement>();
}

// The refusal, if it is one.
template <typename T>
Errc code_of(const Result<T>& result) {
  return result ? Errc::none : result.error().code;
}
template <typename T>
Errc code_of(const Pending<T>& pending) {
  return pending.result() ? code_of(*pending.result()) : Errc::none;
}
template <typename T>
bool accepted(const Pending<T>& pending) {
  return pending.result() && pending.result()->has_value();
}

}  // namespace coppice::test
