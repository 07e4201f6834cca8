#include <random>

#include "server/options.h"
#include "tests/e2e/site.h"
#include "tests/wire/raw_socket.h"

// Peers of a server that do not speak its language. Whatever they send, they are cut off, and
// nobody else notices.

namespace coppice::test {
namespace {

using wire::test::RawSocket;

// The server's limit, which it also tells in its Welcome.
constexpr std::size_t kFrameBytesMax = std::size_t{32} << 20;

std::string random_bytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A session with the server, opened as the protocol wants it.
RawSocket opened(const Site& site) {
  RawSocket socket = RawSocket::connect(site.server.port());
  socket.send(wire::test::upgrade_request("/shop"));
  const std::string answer = socket.read_until("\r\n\r\n");
  REQUIRE(answer.find("101") != std::string::npos);
  return socket;
}

// The head of a masked binary frame that promises `size` bytes.
std::string head_of_frame(std::uint64_t size) {
  std::string head = "\x82\xff";
  for (int shift = 56; shift >= 0; shift -= 8) head += static_cast<char>(size >> shift);
  return head + std::string(4, '\0');
}

void check_others_are_served(Site& site, Client& alice) {
  const auto key = write_part(alice, "meanwhile");
  settle(alice);
  Client bob = site.live_client("bob", 0);
  CHECK(bob.snapshot().get(key).has_value());
  CHECK(difference(contents(alice), contents(bob)) == "");
  site.stop_and_check();
}

TEST_CASE("garbage on the socket harms nobody else", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");

  SECTION("instead of a request") {
    RawSocket socket = RawSocket::connect(site.server.port());
    socket.send(random_bytes(10'000) + "\r\n\r\n");
    socket.read_to_end();
  }
  SECTION("a request of a browser") {
    RawSocket socket = RawSocket::connect(site.server.port());
    socket.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const std::string answer = socket.read_to_end();
    CHECK(answer.find("HTTP/1.1 4") == 0);
  }
  SECTION("as a message") {
    RawSocket socket = opened(site);
    socket.send(wire::test::client_frame(wire::test::Opcode::binary, random_bytes(1000)));
    socket.read_to_end();
  }
  SECTION("as an empty message") {
    RawSocket socket = opened(site);
    socket.send(wire::test::client_frame(wire::test::Opcode::binary, ""));
    socket.read_to_end();
  }
  SECTION("as text") {
    RawSocket socket = opened(site);
    socket.send(wire::test::client_frame(wire::test::Opcode::text, "hello"));
    socket.read_to_end();
  }
  SECTION("as a frame") {
    RawSocket socket = opened(site);
    socket.send(random_bytes(1000));
    socket.read_to_end();
  }
  SECTION("and then a reset") {
    RawSocket socket = opened(site);
    socket.send(wire::test::client_frame(wire::test::Opcode::binary, "x"));
    socket.reset();
  }
  check_others_are_served(site, alice);
}

TEST_CASE("a frame over the limit ends its session", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");
  RawSocket socket = opened(site);
  socket.send(head_of_frame(std::uint64_t{1} << 40));
  socket.send(std::string(kFrameBytesMax + 1, 'x'));
  const std::string goodbye = socket.read_to_end();
  CHECK(goodbye.find("over the size limit") != std::string::npos);
  check_others_are_served(site, alice);
}

}  // namespace
}  // namespace coppice::test
