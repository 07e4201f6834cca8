#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <string>

#include "tests/wire/logs.h"
#include "wire/loopback.h"
#include "wire/websocket.h"

namespace coppice::wire::test {

// A server and its clients over real sockets, as the shared tests see them.
class WebSocketRig {
 public:
  struct Client {
    Client(WebSocketRig& rig, const SessionLimits& limits)
        : log(rig.watch), connection(ClientOptions{limits}, log), rig_(rig) {}
    void connect() {
      log.begin();
      connection.connect({"ws", "127.0.0.1", rig_.listener.port(), "shop"});
    }
    void consume(std::size_t size_bytes) {
      log.note_consumed(size_bytes);
      connection.consumed(size_bytes);
    }
    ClientLog log;
    WebSocketConnector connection;

   private:
    WebSocketRig& rig_;
  };

  explicit WebSocketRig(const SessionLimits& limits = {})
      : WebSocketRig(ServerOptions{.limits = limits}) {}
  explicit WebSocketRig(const ServerOptions& options)
      : log(watch), listener(options, log), limits_(options.limits) {}
  ~WebSocketRig() {
    listener.stop();
    clients_.clear();
  }

  ServerSessions& server() { return listener; }
  Client& client() { return *clients_.emplace_back(std::make_unique<Client>(*this, limits_)); }

  Watch watch;
  ServerLog log;
  WebSocketListener listener;

 private:
  const SessionLimits limits_;
  std::deque<std::unique_ptr<Client>> clients_;
};

// The same in one process.
class LoopbackRig {
 public:
  struct Client {
    explicit Client(LoopbackRig& rig)
        : log(rig.watch), owner(rig.network.client(log)), connection(*owner) {}
    void connect() {
      log.begin();
      connection.connect("shop");
    }
    void consume(std::size_t size_bytes) {
      log.note_consumed(size_bytes);
      connection.consumed(size_bytes);
    }
    ClientLog log;
    std::unique_ptr<LoopbackConnection> owner;
    LoopbackConnection& connection;
  };

  explicit LoopbackRig(const SessionLimits& limits = {}, LoopbackNetwork::Chooser chooser = {})
      : log(watch), network(limits, std::move(chooser)), sessions_(network.attach_server(log)) {
    watch.step_with([this] { return network.step(); });
  }

  ServerSessions& server() { return sessions_; }
  Client& client() { return *clients_.emplace_back(std::make_unique<Client>(*this)); }

  Watch watch;
  ServerLog log;
  LoopbackNetwork network;

 private:
  ServerSessions& sessions_;
  std::deque<std::unique_ptr<Client>> clients_;
};

// Connects one more client and waits for both sides; the server's id of it is rig.log.last().
template <class Rig>
typename Rig::Client& connected(Rig& rig) {
  auto& client = rig.client();
  const std::size_t before = rig.log.sessions().size();
  client.connect();
  rig.watch.until([&] { return client.log.story().opened && rig.log.sessions().size() > before; });
  return client;
}

template <class Rig>
void consume(Rig& rig, SessionId session, std::size_t size_bytes) {
  rig.log.note_consumed(session, size_bytes);
  rig.server().consumed(session, size_bytes);
}

// Bytes that tell a frame from every other of another size or seed.
inline Frame frame_of(std::size_t size_bytes, std::uint32_t seed = 0) {
  std::vector<std::byte> bytes(size_bytes);
  std::uint32_t state = seed * 2654435761u + static_cast<std::uint32_t>(size_bytes) + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(state >> 24);
  }
  return Frame::copy_of(bytes);
}

inline bool same_bytes(const Frame& a, const Frame& b) {
  return a.size_bytes() == b.size_bytes() &&
         (a.size_bytes() == 0 ||
          std::memcmp(a.bytes().data(), b.bytes().data(), a.size_bytes()) == 0);
}

inline bool is_aligned(const Frame& frame) {
  return reinterpret_cast<std::uintptr_t>(frame.bytes().data()) % 8 == 0;
}

inline bool ended(const Story& story, Closed::Reason reason) {
  return story.closed && story.closed->reason == reason;
}

}  // namespace coppice::wire::test
