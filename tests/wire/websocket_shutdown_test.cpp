// Stopping is an ordinary path: with sessions, without, with peers that don't care.

#include <memory>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/wire/raw_socket.h"
#include "tests/wire/rigs.h"

using namespace coppice::wire;
using namespace coppice::wire::test;
using namespace std::chrono_literals;
using Reason = Closed::Reason;

TEST_CASE("a listener that nobody came to stops, twice too", "[wire]") {
  WebSocketRig rig;
  rig.listener.stop();
  rig.listener.stop();
}

TEST_CASE("a connector that never connected stops", "[wire]") {
  Watch watch;
  ClientLog log(watch);
  const WebSocketConnector connector({}, log);
}

TEST_CASE("a listener that stops sends what is queued and says goodbye to everyone", "[wire]") {
  WebSocketRig rig;
  std::vector<WebSocketRig::Client*> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(&connected(rig));
  for (const SessionId session : rig.log.sessions()) rig.server().send(session, frame_of(500'000));
  rig.listener.stop();

  for (const SessionId session : rig.log.sessions()) {
    CHECK(ended(rig.log.story(session), Reason::orderly));  // before stop() returned
  }
  for (auto* client : clients) {
    REQUIRE(rig.watch.until([&] { return client->log.story().closed.has_value(); }));
    CHECK(ended(client->log.story(), Reason::orderly));
    CHECK(client->log.story().received_bytes == 500'000);
  }
  rig.server().send(rig.log.last(), frame_of(10));  // harmless
  auto& late = rig.client();
  late.connect();
  REQUIRE(rig.watch.until([&] { return late.log.story().closed.has_value(); }));
  CHECK(ended(late.log.story(), Reason::unreachable));
}

TEST_CASE("a listener does not wait for a peer that takes nothing", "[wire]") {
  WebSocketRig rig(SessionLimits{.goodbye_timeout = 100ms});
  RawSocket raw = RawSocket::connect(rig.listener.port());
  raw.send(upgrade_request());
  raw.read_until("\r\n\r\n");
  REQUIRE(rig.watch.until([&] { return rig.log.sessions().size() == 1; }));
  const Frame large = frame_of(20'000'000);
  for (int i = 0; i < 3; ++i) rig.server().send(rig.log.last(), large);
  rig.listener.stop();
  CHECK(rig.log.story(rig.log.last()).closed);
}

TEST_CASE("a listener does not wait for connections that are not sessions yet", "[wire]") {
  WebSocketRig rig;
  const RawSocket silent = RawSocket::connect(rig.listener.port());
  RawSocket slow = RawSocket::connect(rig.listener.port());
  slow.send("GET /shop HTTP/1.1\r\n");
  connected(rig);  // both have been accepted by now
  const auto start = std::chrono::steady_clock::now();
  rig.listener.stop();
  CHECK(std::chrono::steady_clock::now() - start < 5s);  // the handshake timeout is 10 s
  CHECK(rig.log.sessions().size() == 1);
}

TEST_CASE("a connector that is destroyed says goodbye after what it sent", "[wire]") {
  WebSocketRig rig;
  Watch watch;
  ClientLog log(watch);
  {
    WebSocketConnector connector({}, log);
    connector.connect({"ws", "127.0.0.1", rig.listener.port(), "shop"});
    REQUIRE(watch.until([&] { return log.story().opened; }));
    connector.send(frame_of(3'000'000));
  }
  CHECK(ended(log.story(), Reason::orderly));
  const SessionId session = rig.log.last();
  REQUIRE(rig.watch.until([&] { return rig.log.story(session).closed.has_value(); }));
  CHECK(ended(rig.log.story(session), Reason::orderly));
  CHECK(rig.log.story(session).received_bytes == 3'000'000);
}

TEST_CASE("a connector that is destroyed while it connects ends the attempt", "[wire]") {
  RawServer server;
  Watch watch;
  ClientLog log(watch);
  {
    WebSocketConnector connector({}, log);
    connector.connect({"ws", "127.0.0.1", server.port(), "shop"});
  }
  CHECK(ended(log.story(), Reason::orderly));
}

TEST_CASE("everything may stop at once while everybody sends", "[wire]") {
  for (int round = 0; round < 10; ++round) {
    WebSocketRig rig(SessionLimits{.goodbye_timeout = 500ms});
    rig.log.on_received = [&](SessionId session, Frame frame) {
      rig.server().consumed(session, frame.size_bytes());
      rig.server().send(session, std::move(frame));
    };
    std::vector<WebSocketRig::Client*> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(&connected(rig));
    std::thread sender([&] {
      for (int i = 0; i < 500; ++i) {
        for (auto* client : clients) client->connection.send(frame_of(3000));
      }
    });
    std::thread stopper([&] {
      for (auto* client : clients) client->connection.stop();
    });
    rig.listener.stop();
    sender.join();
    stopper.join();
    for (auto* client : clients) {
      CHECK(client->log.story().closed);
      CHECK_FALSE(client->log.story().order_broken);
    }
    for (const SessionId session : rig.log.sessions()) {
      CHECK(rig.log.story(session).closed);
      CHECK_FALSE(rig.log.story(session).order_broken);
    }
  }
}
