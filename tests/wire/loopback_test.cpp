// What only the loopback network can do: crashes, cuts, and orders chosen by a seed.

#include "wire/loopback.h"

#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/wire/rigs.h"

using namespace coppice::wire;
using namespace coppice::wire::test;
using Reason = Closed::Reason;

namespace {

LoopbackNetwork::Chooser seeded(std::uint32_t seed) {
  return [random = std::mt19937(seed)](std::size_t count) mutable { return random() % count; };
}

}  // namespace

TEST_CASE("nothing happens before step(), and each step delivers one event", "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = rig.client();
  CHECK_FALSE(rig.network.step());
  client.connect();
  CHECK(rig.log.sessions().empty());
  CHECK(rig.network.step());
  CHECK(rig.log.sessions().size() == 1);
  CHECK_FALSE(client.log.story().opened);
  CHECK(rig.network.step());
  CHECK(client.log.story().opened);
  CHECK_FALSE(rig.network.step());

  client.connection.send(frame_of(1));
  client.connection.send(frame_of(2));
  CHECK(rig.network.run_until_idle() == 3);  // two frames, one drained
  CHECK(client.log.story().drained_count == 1);
}

TEST_CASE("without a chooser events come in the order in which they were caused",
          "[wire][loopback]") {
  LoopbackRig rig;
  auto& a = connected(rig);
  auto& b = connected(rig);
  std::vector<std::size_t> sizes;
  rig.log.on_received = [&](SessionId, const Frame& frame) { sizes.push_back(frame.size_bytes()); };
  a.connection.send(frame_of(1));
  b.connection.send(frame_of(2));
  b.connection.send(frame_of(3));
  a.connection.send(frame_of(4));
  rig.network.run_until_idle();
  CHECK(sizes == std::vector<std::size_t>{1, 2, 3, 4});
}

TEST_CASE("a chooser mixes connections, keeps each one's order, and repeats with its seed",
          "[wire][loopback]") {
  const auto run = [](std::uint32_t seed) {
    LoopbackRig rig({}, seeded(seed));
    std::vector<LoopbackRig::Client*> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(&connected(rig));
    std::vector<std::pair<std::uint64_t, std::size_t>> trace;
    rig.log.on_received = [&](SessionId session, Frame frame) {
      trace.emplace_back(session.value, frame.size_bytes());
      rig.server().send(session, std::move(frame));
    };
    for (std::size_t i = 0; i < 20; ++i) {
      for (auto* client : clients) client->connection.send(frame_of(i));
    }
    rig.network.run_until_idle();
    for (auto* client : clients) {
      const auto received = client->log.story().received;
      REQUIRE(received.size() == 20);
      for (std::size_t i = 0; i < 20; ++i) REQUIRE(received[i].size_bytes() == i);
    }
    return trace;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("a cut loses everything in flight and both ends know it", "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = connected(rig);
  auto& other = connected(rig);
  const SessionId session = rig.log.sessions().front();
  client.connection.send(frame_of(1));
  rig.server().send(session, frame_of(2));
  other.connection.send(frame_of(3));
  rig.network.cut(client.connection);
  rig.server().send(session, frame_of(4));
  client.connection.send(frame_of(5));
  client.connection.close();
  rig.network.run_until_idle();

  CHECK(ended(client.log.story(), Reason::lost));
  CHECK(ended(rig.log.story(session), Reason::lost));
  CHECK(client.log.story().received.empty());
  CHECK(rig.log.story(session).received.empty());
  CHECK(rig.log.story(rig.log.last()).received.size() == 1);
  CHECK_FALSE(other.log.story().closed);

  client.connect();
  rig.network.run_until_idle();
  CHECK(client.log.story().opened);
}

TEST_CASE("a cut is noticed by a side that does not read", "[wire][loopback]") {
  LoopbackRig rig(SessionLimits{.inbound_window_bytes = 10});
  auto& client = connected(rig);
  for (int i = 0; i < 3; ++i) client.connection.send(frame_of(100));
  rig.network.run_until_idle();
  rig.network.cut(client.connection);
  rig.network.run_until_idle();
  CHECK(ended(rig.log.story(rig.log.last()), Reason::lost));
  CHECK(rig.log.story(rig.log.last()).received.size() == 1);
}

TEST_CASE("a cut before the server heard of the connection is nothing to the server",
          "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = rig.client();
  client.connect();
  rig.network.cut(client.connection);
  rig.network.run_until_idle();
  CHECK(ended(client.log.story(), Reason::unreachable));
  CHECK(rig.log.sessions().empty());
}

TEST_CASE("a cut after the server heard of it, but not yet the client, is known to both",
          "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = rig.client();
  client.connect();
  rig.network.step();
  SECTION("by a cut") { rig.network.cut(client.connection); }
  SECTION("by the client, which gives up") { client.connection.close(); }
  rig.network.run_until_idle();
  CHECK(client.log.story().closed);
  CHECK_FALSE(client.log.story().opened);
  CHECK(ended(rig.log.story(rig.log.last()), Reason::lost));
}

TEST_CASE("without a server every client finds it unreachable", "[wire][loopback]") {
  LoopbackRig rig;
  rig.network.detach_server();
  auto& client = rig.client();
  client.connect();
  rig.network.run_until_idle();
  CHECK(ended(client.log.story(), Reason::unreachable));
}

TEST_CASE("a server that crashes loses all its clients, and hears nothing of them when it is back",
          "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = connected(rig);
  auto& opening = rig.client();
  opening.connect();
  const SessionId old = rig.log.sessions().front();
  client.connection.send(frame_of(1));
  rig.server().send(old, frame_of(2));
  rig.network.detach_server();
  rig.server().send(old, frame_of(3));

  ServerLog second(rig.watch);
  ServerSessions& sessions = rig.network.attach_server(second);
  sessions.send(old, frame_of(4));
  rig.network.run_until_idle();
  CHECK(ended(client.log.story(), Reason::lost));
  CHECK(client.log.story().received.empty());
  CHECK(ended(opening.log.story(), Reason::unreachable));
  CHECK(rig.log.story(old).received.empty());
  CHECK_FALSE(rig.log.story(old).closed);  // a crashed server is told nothing
  CHECK(second.sessions().empty());

  client.connect();
  rig.network.run_until_idle();
  CHECK(client.log.story().opened);
  REQUIRE(second.sessions().size() == 1);
  CHECK(second.last() > old);
  rig.network.detach_server();
}

TEST_CASE("a server may crash inside its own events", "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = connected(rig);
  rig.log.on_received = [&](SessionId, const Frame&) { rig.network.detach_server(); };
  client.connection.send(frame_of(1));
  client.connection.send(frame_of(2));
  rig.network.run_until_idle();
  CHECK(rig.log.story(rig.log.last()).received.size() == 1);
  CHECK(ended(client.log.story(), Reason::lost));
}

TEST_CASE("a client that crashes is lost to the server", "[wire][loopback]") {
  LoopbackRig rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  client.connection.send(frame_of(1));
  rig.server().send(session, frame_of(2));

  SECTION("between events") { client.owner.reset(); }
  SECTION("inside one of its events") {
    client.log.on_received = [&](const Frame&) { client.owner.reset(); };
  }
  SECTION("while the server is down") {
    rig.network.detach_server();
    client.owner.reset();
    CHECK(rig.network.run_until_idle() == 0);
    return;
  }
  rig.network.run_until_idle();
  CHECK_FALSE(client.log.story().closed);
  CHECK(ended(rig.log.story(session), Reason::lost));
}

TEST_CASE("whatever is chosen and cut, no event comes out of order and everything ends",
          "[wire][loopback]") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    LoopbackRig rig(SessionLimits{.frame_size_bytes_max = 990, .inbound_window_bytes = 2000},
                    seeded(seed));
    std::vector<LoopbackRig::Client*> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(&rig.client());
    rig.log.on_received = [&](SessionId session, const Frame& frame) {
      if (random() % 3 != 0) rig.server().consumed(session, frame.size_bytes());
      if (random() % 3 == 0) rig.server().send(session, frame);
      if (random() % 50 == 0) rig.server().close(session, "enough");
    };
    for (int i = 0; i < 1000; ++i) {
      auto& client = *clients[random() % clients.size()];
      switch (random() % 40) {
        case 0:
          rig.network.cut(client.connection);
          break;
        case 1:
          client.connection.close();
          break;
        case 2:
          rig.network.detach_server();
          rig.network.attach_server(rig.log);
          break;
        case 3:
        case 4:
        case 5:
          if (client.log.story().closed || !client.log.story().opened) client.connect();
          break;
        case 6:
          client.connection.consumed(500);
          break;
        default:
          client.connection.send(frame_of(random() % 1000));
          rig.network.step();
      }
    }
    for (auto* client : clients) rig.network.cut(client->connection);
    rig.network.run_until_idle();
    for (auto* client : clients) {
      REQUIRE_FALSE(client->log.story().order_broken);
      REQUIRE((!client->log.story().opened || client->log.story().closed));
    }
    for (const SessionId session : rig.log.sessions()) {
      REQUIRE_FALSE(rig.log.story(session).order_broken);
    }
  }
}
