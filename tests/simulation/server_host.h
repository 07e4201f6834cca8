#pragma once

// The server of a simulation: the authority over a real store, with the network and the clock of
// the simulation, and crashes.

#include <memory>
#include <optional>

#include "server/server_core.h"
#include "store/database.h"
#include "tests/simulation/world.h"

namespace coppice::simulation {

class ServerHost final : public wire::ServerEvents {
 public:
  explicit ServerHost(World& world);
  ~ServerHost();

  void start();
  void crash();
  // It dies when it sends for the nth time from now: what it has committed stays, what it wanted to
  // say is never heard.
  void crash_at_send(int sends) { crash_point_.arm(sends); }
  bool running() const { return core_ != nullptr; }

  // Lets the authority work. True: it has more to do at once.
  bool step();
  // Ends the process whose crash point was reached.
  void bury();
  std::optional<std::int64_t> deadline_us() const;
  // What the authority's own check finds wrong. Walks everything.
  std::vector<std::string> check_invariants();
  // REQUIRES: running().
  store::Database& database() { return *database_; }

  void opened(wire::SessionId session, const std::string& database,
              const std::string& peer) override;
  void received(wire::SessionId session, wire::Frame frame) override;
  void drained(wire::SessionId session) override;
  void closed(wire::SessionId session, const wire::Closed& why) override;

 private:
  // What the authority says passes by the tap, or dies with the process.
  class Mouth final : public wire::ServerSessions {
   public:
    explicit Mouth(ServerHost& host) : host_(host) {}
    void send(wire::SessionId session, wire::Frame frame) override;
    void close(wire::SessionId session, const std::string& text) override;
    void consumed(wire::SessionId session, std::size_t size_bytes) override;

   private:
    ServerHost& host_;
  };

  void stop();
  void observe();

  World& world_;
  const std::filesystem::path folder_;
  Mouth mouth_{*this};
  CrashPoint crash_point_;
  wire::ServerSessions* sessions_ = nullptr;
  bool busy_ = false;  // something has come that may change the store
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<server::ServerCore> core_;
};

}  // namespace coppice::simulation
