// What both implementations of wire/session.h promise, said once and held by both.

#include <vector>

#include "tests/support/catch.h"
#include "tests/wire/rigs.h"

using namespace coppice::wire;
using namespace coppice::wire::test;
using Reason = Closed::Reason;

#define FOR_BOTH_WIRES(name) TEMPLATE_TEST_CASE(name, "[wire]", LoopbackRig, WebSocketRig)

FOR_BOTH_WIRES("a client that connects is announced to the server with its database and its peer") {
  TestType rig;
  auto& client = connected(rig);
  CHECK(client.log.story().opened);
  CHECK(rig.log.story(rig.log.last()).database == "shop");
  CHECK_THAT(rig.log.story(rig.log.last()).peer, Catch::Matchers::ContainsSubstring(":"));
}

FOR_BOTH_WIRES("many frames arrive in order in both directions at once") {
  constexpr std::size_t kCount = 2000;
  TestType rig;
  rig.log.on_received = [&](SessionId session, Frame frame) {
    rig.server().consumed(session, frame.size_bytes());
    rig.server().send(session, std::move(frame));
  };
  auto& client = connected(rig);
  client.log.on_received = [&](const Frame& frame) {
    client.connection.consumed(frame.size_bytes());
  };
  for (std::uint32_t i = 0; i < kCount; ++i) client.connection.send(frame_of(i % 300, i));
  REQUIRE(rig.watch.until([&] { return client.log.story().received.size() == kCount; }));

  const auto received = client.log.story().received;
  std::size_t wrong_count = 0;
  for (std::uint32_t i = 0; i < kCount; ++i)
    wrong_count += !same_bytes(received[i], frame_of(i % 300, i));
  CHECK(wrong_count == 0);
  CHECK_FALSE(client.log.story().order_broken);
  CHECK_FALSE(rig.log.story(rig.log.last()).order_broken);
}

FOR_BOTH_WIRES("a frame of any size arrives byte for byte and aligned") {
  TestType rig;
  auto& client = connected(rig);
  const std::vector<std::size_t> sizes = {
      0,     1,     7,      8,      9,       125,     126,       1536,      4096, 4097,
      65535, 65536, 524288, 524289, 1 << 20, 1000001, 3'000'000, 5'000'003, 3};
  rig.log.on_received = [&](SessionId session, const Frame& frame) {
    rig.server().consumed(session, frame.size_bytes());
  };
  client.log.on_received = [&](const Frame& frame) {
    client.connection.consumed(frame.size_bytes());
  };
  for (const std::size_t size : sizes) {
    client.connection.send(frame_of(size));
    rig.server().send(rig.log.last(), frame_of(size));
  }
  const auto check = [&](const Story& story) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      INFO("size " << sizes[i]);
      CHECK(same_bytes(story.received[i], frame_of(sizes[i])));
      CHECK(is_aligned(story.received[i]));
    }
  };
  REQUIRE(rig.watch.until([&] {
    return client.log.story().received.size() == sizes.size() &&
           rig.log.story(rig.log.last()).received.size() == sizes.size();
  }));
  check(rig.log.story(rig.log.last()));
  check(client.log.story());
}

FOR_BOTH_WIRES("one frame goes to many sessions without a copy of its own for each") {
  TestType rig;
  std::vector<typename TestType::Client*> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(&connected(rig));
  const Frame batch = frame_of(100'000);
  for (const SessionId session : rig.log.sessions()) rig.server().send(session, batch);
  for (auto* client : clients) {
    REQUIRE(rig.watch.until([&] { return client->log.story().received.size() == 1; }));
    CHECK(same_bytes(client->log.story().received[0], batch));
  }
}

FOR_BOTH_WIRES("a frame of exactly the limit passes, one byte more ends the session for both") {
  TestType rig(SessionLimits{.frame_size_bytes_max = 10'000});
  auto& client = connected(rig);
  const SessionId session = rig.log.last();

  SECTION("from the client") {
    client.connection.send(frame_of(10'000));
    client.connection.send(frame_of(10'001));
  }
  SECTION("from the server") {
    rig.server().send(session, frame_of(10'000));
    rig.server().send(session, frame_of(10'001));
  }
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  CHECK(ended(client.log.story(), Reason::frame_too_large));
  CHECK(ended(rig.log.story(session), Reason::frame_too_large));
  CHECK(client.log.story().received_bytes + rig.log.story(session).received_bytes == 10'000);
}

FOR_BOTH_WIRES("a server that closes with a text is understood as a refusal, after what it sent") {
  TestType rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  for (std::uint32_t i = 0; i < 50; ++i) rig.server().send(session, frame_of(20'000, i));
  rig.server().close(session, "Your program is too old; get version 2.");
  rig.server().send(session, frame_of(1));
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  CHECK(client.log.story().received.size() == 50);
  CHECK(ended(client.log.story(), Reason::refused));
  CHECK(client.log.story().closed->text == "Your program is too old; get version 2.");
  CHECK(ended(rig.log.story(session), Reason::orderly));
}

FOR_BOTH_WIRES("a text of refusal that is too long is cut between two characters") {
  TestType rig;
  auto& client = connected(rig);
  rig.server().close(rig.log.last(), std::string(122, 'x') + "ü");
  REQUIRE(rig.watch.until([&] { return client.log.story().closed.has_value(); }));
  CHECK(ended(client.log.story(), Reason::refused));
  CHECK(client.log.story().closed->text == std::string(122, 'x'));
}

FOR_BOTH_WIRES("a server that closes without a text ends the session in good order") {
  TestType rig;
  auto& client = connected(rig);
  rig.server().close(rig.log.last(), "");
  REQUIRE(rig.watch.until([&] { return client.log.story().closed.has_value(); }));
  CHECK(ended(client.log.story(), Reason::orderly));
}

FOR_BOTH_WIRES("a client that closes ends the session in good order, after what it sent") {
  TestType rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  for (std::uint32_t i = 0; i < 50; ++i) client.connection.send(frame_of(20'000, i));
  client.connection.close();
  client.connection.send(frame_of(1));
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  CHECK(rig.log.story(session).received.size() == 50);
  CHECK(ended(client.log.story(), Reason::orderly));
  CHECK(ended(rig.log.story(session), Reason::orderly));
  CHECK_FALSE(client.log.story().order_broken);
  CHECK_FALSE(rig.log.story(session).order_broken);
}

FOR_BOTH_WIRES("both sides may say goodbye at the same time") {
  TestType rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  client.connection.close();
  rig.server().close(session, "");
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  CHECK(ended(client.log.story(), Reason::orderly));
  CHECK(ended(rig.log.story(session), Reason::orderly));
}

FOR_BOTH_WIRES("whatever is done to a closed or unknown session is harmless") {
  TestType rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  client.connection.close();
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  for (const SessionId gone : {session, SessionId{0}, SessionId{987654321}}) {
    rig.server().send(gone, frame_of(10));
    rig.server().consumed(gone, 10);
    rig.server().close(gone, "again");
  }
  client.connection.send(frame_of(10));
  client.connection.consumed(10);
  client.connection.close();

  auto& second = connected(rig);  // everything before has been dealt with by now
  CHECK(second.log.story().opened);
  CHECK_FALSE(client.log.story().order_broken);
  CHECK_FALSE(rig.log.story(session).order_broken);
}

FOR_BOTH_WIRES("a session's number is never used again") {
  TestType rig;
  auto& client = rig.client();
  for (std::size_t i = 1; i <= 3; ++i) {
    client.connect();
    REQUIRE(rig.watch.until([&] { return client.log.story().opened; }));
    client.connection.close();
    REQUIRE(rig.watch.until([&] { return client.log.story().closed.has_value(); }));
    CHECK(rig.log.sessions().size() == i);
  }
}

FOR_BOTH_WIRES("a client may connect again from inside closed()") {
  // Before the rig, which closes the client's connections at its end.
  bool again = true;
  TestType rig;
  auto& client = rig.client();
  client.log.on_opened = [&] { client.connection.close(); };
  client.log.on_closed = [&] {
    if (std::exchange(again, false)) client.connect();
  };
  client.connect();
  REQUIRE(
      rig.watch.until([&] { return rig.log.sessions().size() == 2 && client.log.story().closed; }));
}

FOR_BOTH_WIRES("connecting twice makes one connection") {
  TestType rig;
  auto& client = rig.client();
  client.connect();
  client.connect();
  REQUIRE(rig.watch.until([&] { return client.log.story().opened; }));
  client.connect();
  client.connection.send(frame_of(10));
  REQUIRE(rig.watch.until([&] { return rig.log.story(rig.log.last()).received.size() == 1; }));
  CHECK(rig.log.sessions().size() == 1);
}

FOR_BOTH_WIRES("drained() comes when what was sent has gone, and more may be sent from inside it") {
  // Before the rig, whose thread calls back until its end.
  std::uint32_t left_count = 20;
  TestType rig;
  rig.log.on_opened = [&](SessionId session) { rig.server().send(session, frame_of(1000, 20)); };
  rig.log.on_drained = [&](SessionId session) {
    if (--left_count > 0) rig.server().send(session, frame_of(1000, left_count));
  };
  auto& client = connected(rig);
  REQUIRE(rig.watch.until([&] {
    return client.log.story().received.size() == 20 &&
           rig.log.story(rig.log.last()).drained_count == 20;
  }));
  for (std::uint32_t i = 0; i < 20; ++i) {
    CHECK(same_bytes(client.log.story().received[i], frame_of(1000, 20 - i)));
  }
  client.connection.send(frame_of(1000));
  REQUIRE(rig.watch.until([&] { return client.log.story().drained_count == 1; }));
}

FOR_BOTH_WIRES("a side that does not consume never holds more than its window and one frame") {
  constexpr std::size_t kFrame = 10'000;
  constexpr std::size_t kWindow = 45'000;  // four frames fit, the fifth crosses it
  constexpr std::size_t kCount = 300;
  TestType rig(SessionLimits{.inbound_window_bytes = kWindow});
  auto& client = connected(rig);
  const SessionId session = rig.log.last();

  SECTION("the server") {
    for (std::uint32_t i = 0; i < kCount; ++i) client.connection.send(frame_of(kFrame, i));
    for (std::size_t consumed = 0; consumed + 5 <= kCount; ++consumed) {
      REQUIRE(
          rig.watch.until([&] { return rig.log.story(session).received.size() == consumed + 5; }));
      consume(rig, session, kFrame);
    }
    CHECK(rig.log.story(session).unconsumed_bytes_max == 5 * kFrame);
    for (std::uint32_t i = 0; i < kCount; ++i) {
      REQUIRE(same_bytes(rig.log.story(session).received[i], frame_of(kFrame, i)));
    }
  }
  SECTION("the client") {
    for (std::uint32_t i = 0; i < kCount; ++i) rig.server().send(session, frame_of(kFrame, i));
    for (std::size_t consumed = 0; consumed + 5 <= kCount; ++consumed) {
      REQUIRE(rig.watch.until([&] { return client.log.story().received.size() == consumed + 5; }));
      client.consume(kFrame);
    }
    CHECK(client.log.story().unconsumed_bytes_max == 5 * kFrame);
  }
}

FOR_BOTH_WIRES("a session that is closed while it does not read ends all the same") {
  TestType rig(SessionLimits{.inbound_window_bytes = 1000});
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  for (int i = 0; i < 10; ++i) client.connection.send(frame_of(2000));
  REQUIRE(rig.watch.until([&] { return rig.log.story(session).received.size() == 1; }));
  rig.server().close(session, "too much");
  REQUIRE(
      rig.watch.until([&] { return client.log.story().closed && rig.log.story(session).closed; }));
  CHECK(ended(client.log.story(), Reason::refused));
  CHECK(rig.log.story(session).received.size() == 1);
}
