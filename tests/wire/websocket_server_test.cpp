// What a listener does about peers that are not Coppice clients, or not any more.

#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/wire/raw_socket.h"
#include "tests/wire/rigs.h"

using namespace coppice::wire;
using namespace coppice::wire::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Reason = Closed::Reason;

namespace {

// A session whose client is a raw socket.
RawSocket raw_session(WebSocketRig& rig) {
  const std::size_t before = rig.log.sessions().size();
  RawSocket raw = RawSocket::connect(rig.listener.port());
  raw.send(upgrade_request());
  raw.read_until("\r\n\r\n");
  rig.watch.until([&] { return rig.log.sessions().size() > before; });
  return raw;
}

std::string answer_to(WebSocketRig& rig, std::string_view request) {
  RawSocket raw = RawSocket::connect(rig.listener.port());
  raw.send(request);
  return raw.read_to_end();
}

// How a session ends whose client sends `bytes` after a correct handshake.
Closed end_after(WebSocketRig& rig, std::string_view bytes) {
  {
    RawSocket raw = raw_session(rig);
    raw.send(bytes);
    raw.read_to_end();
  }
  const SessionId session = rig.log.last();
  REQUIRE(rig.watch.until([&] { return rig.log.story(session).closed.has_value(); }));
  CHECK_FALSE(rig.log.story(session).order_broken);
  return *rig.log.story(session).closed;
}

}  // namespace

TEST_CASE("a port that is in use is told with what to do about it", "[wire]") {
  WebSocketRig rig;
  Watch watch;
  ServerLog log(watch);
  ServerOptions options;
  options.port = rig.listener.port();
  CHECK_THROWS_AS(WebSocketListener(options, log), BindError);
  CHECK_THROWS_WITH(WebSocketListener(options, log), ContainsSubstring("choose another port"));
  options.address = "192.0.2.1";
  CHECK_THROWS_WITH(WebSocketListener(options, log),
                    ContainsSubstring("an address of this machine"));
  options.address = "everywhere";
  CHECK_THROWS_WITH(WebSocketListener(options, log), ContainsSubstring("is not an IP address"));
}

TEST_CASE("a browser that opens the port is told what this is", "[wire]") {
  WebSocketRig rig;
  const std::string answer = answer_to(rig, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_THAT(answer, ContainsSubstring("HTTP/1.1 426 Upgrade Required"));
  CHECK_THAT(answer, ContainsSubstring("This is a Coppice server."));
  CHECK(rig.log.sessions().empty());
}

TEST_CASE("a WebSocket client that does not offer the subprotocol is refused with HTTP 400",
          "[wire]") {
  WebSocketRig rig;
  for (const char* subprotocol : {"", "chat", "coppice.2, chat"}) {
    const std::string answer = answer_to(rig, upgrade_request("/shop", subprotocol));
    CHECK_THAT(answer, ContainsSubstring("HTTP/1.1 400 Bad Request"));
    CHECK_THAT(answer, ContainsSubstring("must offer the WebSocket subprotocol coppice.1"));
  }
  CHECK(rig.log.sessions().empty());
}

TEST_CASE("a client may offer other subprotocols besides", "[wire]") {
  WebSocketRig rig;
  RawSocket raw = RawSocket::connect(rig.listener.port());
  raw.send(upgrade_request("/shop", "chat, coppice.1"));
  const std::string answer = raw.read_until("\r\n\r\n");
  CHECK_THAT(answer, ContainsSubstring("101 Switching Protocols"));
  CHECK_THAT(answer, ContainsSubstring("Sec-WebSocket-Protocol: coppice.1\r\n"));
}

TEST_CASE("a path that is not a database name is refused with HTTP 404", "[wire]") {
  WebSocketRig rig;
  for (const char* target : {"/", "/..", "/a/b", "/shop?x=1", "http://localhost/shop"}) {
    CHECK_THAT(answer_to(rig, upgrade_request(target)),
               ContainsSubstring("HTTP/1.1 404 Not Found"));
  }
  CHECK(rig.log.sessions().empty());
}

TEST_CASE("garbage at the port is answered or cut, and the server goes on", "[wire]") {
  WebSocketRig rig(SessionLimits{.handshake_timeout = 200ms});
  std::string noise;
  for (int i = 0; i < 100'000; ++i) noise += static_cast<char>((i * 7919) >> 3);
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02", 4), std::string("\r\n\r\n\r\n"), std::string(20'000, 'A'),
        std::string("GET "), std::string(1, '\0'), std::string("GET / HTTP/9.9\r\n\r\n"), noise,
        "GET / HTTP/1.1\r\nX: " + std::string(50'000, 'x') + "\r\n\r\n", std::string()}) {
    const std::string answer = answer_to(rig, garbage);  // it ends: that is the test
    CHECK((answer.empty() || answer.starts_with("HTTP/1.1 4")));
  }
  RawSocket::connect(rig.listener.port()).reset();
  CHECK(rig.log.sessions().empty());
  CHECK(connected(rig).log.story().opened);
}

TEST_CASE("a client that sends before it is let in is refused", "[wire]") {
  WebSocketRig rig;
  const std::string answer =
      answer_to(rig, upgrade_request() + client_frame(Opcode::binary, "early"));
  CHECK_THAT(answer, ContainsSubstring("HTTP/1.1 400"));
}

TEST_CASE("a text message breaks the protocol", "[wire]") {
  WebSocketRig rig;
  {
    RawSocket raw = raw_session(rig);
    raw.send(client_frame(Opcode::text, "hello"));
    const std::string goodbye = raw.read(4);
    CHECK(goodbye.substr(0, 1) == "\x88");
    CHECK(goodbye.substr(2) == "\x03\xEB");  // 1003, unacceptable data
    raw.send(client_frame(Opcode::close, "\x03\xEB"));
  }
  REQUIRE(rig.watch.until([&] { return rig.log.story(rig.log.last()).closed.has_value(); }));
  CHECK(ended(rig.log.story(rig.log.last()), Reason::protocol));
  CHECK(rig.log.story(rig.log.last()).received.empty());
}

TEST_CASE("frames that break the WebSocket rules end the session as protocol", "[wire]") {
  WebSocketRig rig(SessionLimits{.idle_timeout = 400ms, .goodbye_timeout = 200ms});
  CHECK(end_after(rig, server_frame(Opcode::binary, "not masked")).reason == Reason::protocol);
  CHECK(end_after(rig, std::string("\x83\x80\0\0\0\0", 6)).reason == Reason::protocol);  // opcode 3
  CHECK(end_after(rig, std::string("\xF2\x80\0\0\0\0", 6)).reason == Reason::protocol);  // RSV bits
  CHECK(end_after(rig, std::string("\x80\x80\0\0\0\0", 6)).reason == Reason::protocol);  // cont
}

TEST_CASE("a frame over the limit is refused with 1009 before it has come whole", "[wire]") {
  WebSocketRig rig(SessionLimits{.frame_size_bytes_max = 1000});
  RawSocket raw = raw_session(rig);
  raw.send(client_frame(Opcode::binary, std::string(60'000, 'x')).substr(0, 1100));
  const std::string goodbye = raw.read(4);
  CHECK(goodbye.substr(0, 1) == "\x88");
  CHECK(goodbye.substr(2) == "\x03\xF1");
  raw.reset();
  REQUIRE(rig.watch.until([&] { return rig.log.story(rig.log.last()).closed.has_value(); }));
  CHECK(ended(rig.log.story(rig.log.last()), Reason::frame_too_large));
}

TEST_CASE("a peer that goes without a goodbye is lost", "[wire]") {
  WebSocketRig rig;
  SECTION("by closing its socket") { raw_session(rig); }
  SECTION("by a reset") { raw_session(rig).reset(); }
  SECTION("in the middle of a frame") {
    raw_session(rig).send(client_frame(Opcode::binary, "half of it").substr(0, 9));
  }
  REQUIRE(rig.watch.until([&] { return rig.log.story(rig.log.last()).closed.has_value(); }));
  CHECK(ended(rig.log.story(rig.log.last()), Reason::lost));
  CHECK(rig.log.story(rig.log.last()).received.empty());
}

TEST_CASE("a peer that does not answer pings is lost, one that does is not", "[wire]") {
  WebSocketRig rig(SessionLimits{.idle_timeout = 1000ms});
  auto& living = connected(rig);
  const SessionId living_session = rig.log.last();
  for (int i = 0; i < 2; ++i) {  // each time takes the idle timeout: the silent peer is our clock
    RawSocket raw = raw_session(rig);
    CHECK(raw.read(2) == std::string("\x89\0", 2));
    REQUIRE(rig.watch.until([&] { return rig.log.story(rig.log.last()).closed.has_value(); }));
    CHECK(ended(rig.log.story(rig.log.last()), Reason::lost));
  }
  CHECK_FALSE(rig.log.story(living_session).closed);
  CHECK_FALSE(living.log.story().closed);
}

TEST_CASE("a server that does not read tells its client that it lives, and suspects nobody",
          "[wire]") {
  WebSocketRig rig(SessionLimits{.inbound_window_bytes = 1000, .idle_timeout = 200ms});
  RawSocket raw = raw_session(rig);
  const SessionId session = rig.log.last();
  raw.send(client_frame(Opcode::binary, std::string(2000, 'x')));
  raw.send(client_frame(Opcode::binary, "next"));
  for (int i = 0; i < 8; ++i) CHECK(raw.read(2) == std::string("\x8A\0", 2));  // 50 ms apart
  CHECK_FALSE(rig.log.story(session).closed);
  CHECK(rig.log.story(session).received.size() == 1);
  rig.server().consumed(session, 2000);
  CHECK(rig.watch.until([&] { return rig.log.story(session).received.size() == 2; }));
}

TEST_CASE("the server answers pings", "[wire]") {
  WebSocketRig rig;
  RawSocket raw = raw_session(rig);
  raw.send(client_frame(Opcode::ping, "are you there"));
  CHECK(raw.read(15) == server_frame(Opcode::pong, "are you there"));
}

TEST_CASE("who comes when all connections are taken is told so with HTTP 503", "[wire]") {
  WebSocketRig rig(ServerOptions{.connections_max = 1});
  auto& first = connected(rig);
  CHECK_THAT(answer_to(rig, upgrade_request()), ContainsSubstring("HTTP/1.1 503"));

  auto& second = rig.client();
  second.connect();
  REQUIRE(rig.watch.until([&] { return second.log.story().closed.has_value(); }));
  CHECK(ended(second.log.story(), Reason::refused));
  CHECK_THAT(second.log.story().closed->text,
             ContainsSubstring("as many connections as it allows"));

  const SessionId first_session = rig.log.last();
  first.connection.close();
  REQUIRE(rig.watch.until([&] { return rig.log.story(first_session).closed.has_value(); }));
  second.connect();
  CHECK(rig.watch.until([&] { return second.log.story().opened; }));
}

TEST_CASE("many threads may send to one session, and the order of each is kept", "[wire]") {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kCount = 2500;
  WebSocketRig rig;
  auto& client = connected(rig);
  const SessionId session = rig.log.last();
  const auto number = [](std::uint32_t thread, std::uint32_t i) {
    const std::uint32_t words[2] = {thread, i};
    return Frame::copy_of(std::as_bytes(std::span(words)));
  };
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < kCount; ++i) rig.server().send(session, number(t, i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(
      rig.watch.until([&] { return client.log.story().received_bytes == 8 * kThreads * kCount; }));
  std::vector<std::uint32_t> next(kThreads, 0);
  for (const Frame& frame : client.log.story().received) {
    std::uint32_t words[2];
    std::memcpy(words, frame.bytes().data(), sizeof words);
    REQUIRE(words[1] == next.at(words[0])++);
  }
}
