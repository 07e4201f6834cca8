// What a connector does about servers that are not there, or not Coppice servers.

#include <utility>

#include "tests/support/catch.h"
#include "tests/wire/raw_socket.h"
#include "tests/wire/rigs.h"

using namespace coppice::wire;
using namespace coppice::wire::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Reason = Closed::Reason;

namespace {

// A connector whose server is written by hand.
struct Lone {
  explicit Lone(const SessionLimits& limits = {}) : connector(ClientOptions{limits}, log) {}

  void connect(std::uint16_t port, const std::string& host = "127.0.0.1") {
    connector.connect({"ws", host, port, "shop"});
  }
  // Connects to `server`, which chooses `subprotocol`.
  RawSocket shake_hands(RawServer& server, std::string_view subprotocol = "coppice.1") {
    connect(server.port());
    RawSocket raw = server.accept();
    raw.send(upgrade_response(raw.read_until("\r\n\r\n"), subprotocol));
    return raw;
  }
  Closed end() {
    REQUIRE(watch.until([&] { return log.story().closed.has_value(); }));
    CHECK_FALSE(log.story().order_broken);
    return *log.story().closed;
  }

  Watch watch;
  ClientLog log{watch};
  WebSocketConnector connector;
};

}  // namespace

TEST_CASE("a server that is not there is unreachable", "[wire]") {
  std::uint16_t port = 0;
  { port = RawServer().port(); }
  Lone client;
  client.connect(port);
  const Closed why = client.end();
  CHECK(why.reason == Reason::unreachable);
  CHECK(why.text == "The server at 127.0.0.1:" + std::to_string(port) +
                        " cannot be reached: Connection refused.");
  CHECK_FALSE(client.log.story().opened);
}

TEST_CASE("a host name that nobody knows is unreachable", "[wire]") {
  Lone client;
  client.connect(7400, "no-such-host.invalid");
  CHECK(client.end().reason == Reason::unreachable);
}

TEST_CASE("a host may be given by its name", "[wire]") {
  WebSocketRig rig;
  Lone client;
  client.connect(rig.listener.port(), "localhost");
  CHECK(client.watch.until([&] { return client.log.story().opened; }));
}

TEST_CASE("a server that accepts and says nothing is unreachable after the handshake timeout",
          "[wire]") {
  RawServer server;
  Lone client(SessionLimits{.handshake_timeout = 100ms});
  client.connect(server.port());
  const RawSocket raw = server.accept();
  const Closed why = client.end();
  CHECK(why.reason == Reason::unreachable);
}

TEST_CASE("a server that closes without an answer is unreachable", "[wire]") {
  RawServer server;
  Lone client;
  client.connect(server.port());
  { server.accept().read_until("\r\n\r\n"); }
  CHECK(client.end().reason == Reason::unreachable);
}

TEST_CASE("a web server is foreign", "[wire]") {
  RawServer server;
  Lone client;
  client.connect(server.port());
  RawSocket raw = server.accept();
  raw.read_until("\r\n\r\n");
  raw.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const Closed why = client.end();
  CHECK(why.reason == Reason::foreign);
  CHECK_THAT(why.text, ContainsSubstring("is not a Coppice server"));
  CHECK_THAT(why.text, ContainsSubstring("HTTP 200"));
}

TEST_CASE("something that does not speak HTTP is foreign", "[wire]") {
  RawServer server;
  Lone client;
  client.connect(server.port());
  RawSocket raw = server.accept();
  raw.send("220 mail.example ESMTP\r\n\r\n");
  CHECK(client.end().reason == Reason::foreign);
}

TEST_CASE("a WebSocket server that does not choose the subprotocol is foreign", "[wire]") {
  for (const char* subprotocol : {"", "chat"}) {
    RawServer server;
    Lone client;
    const RawSocket raw = client.shake_hands(server, subprotocol);
    const Closed why = client.end();
    CHECK(why.reason == Reason::foreign);
    CHECK_THAT(why.text, ContainsSubstring("not coppice.1"));
    CHECK_FALSE(client.log.story().opened);
  }
}

TEST_CASE("a server that sends with its handshake is heard", "[wire]") {
  RawServer server;
  Lone client;
  client.connect(server.port());
  RawSocket raw = server.accept();
  raw.send(upgrade_response(raw.read_until("\r\n\r\n"), "coppice.1") +
           server_frame(Opcode::binary, "welcome"));
  CHECK(client.watch.until([&] { return client.log.story().received_bytes == 7; }));
}

TEST_CASE("a server that sends text breaks the protocol", "[wire]") {
  RawServer server;
  Lone client;
  RawSocket raw = client.shake_hands(server);
  raw.send(server_frame(Opcode::text, "hello"));
  raw.send(server_frame(Opcode::close, "\x03\xEB"));
  raw.read(8);
  { const RawSocket gone = std::move(raw); }
  CHECK(client.end().reason == Reason::protocol);
}

TEST_CASE("a server that goes without a goodbye is lost", "[wire]") {
  RawServer server;
  Lone client;
  { client.shake_hands(server); }
  CHECK(client.end().reason == Reason::lost);
  CHECK(client.log.story().opened);
}

TEST_CASE("a server that does not answer pings is lost", "[wire]") {
  RawServer server;
  Lone client(SessionLimits{.idle_timeout = 100ms});
  const RawSocket raw = client.shake_hands(server);
  CHECK(client.end().reason == Reason::lost);
}

TEST_CASE("a frame that the server refuses with 1009 was too large", "[wire]") {
  RawServer server;
  Lone client;
  RawSocket raw = client.shake_hands(server);
  raw.send(server_frame(Opcode::close, "\x03\xF1"));
  raw.read(8);
  { const RawSocket gone = std::move(raw); }
  CHECK(client.end().reason == Reason::frame_too_large);
}

TEST_CASE("an attempt to connect may be given up", "[wire]") {
  RawServer server;
  Lone client;
  client.connect(server.port());
  const RawSocket raw = server.accept();
  client.connector.close();
  CHECK(client.end().reason == Reason::orderly);
  CHECK_FALSE(client.log.story().opened);
}
