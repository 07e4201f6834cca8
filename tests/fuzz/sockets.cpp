// Bytes to a port that is listened on: HTTP, WebSocket frames, and what is none of that.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/targets.h"
#include "wire/websocket.h"

namespace coppice::fuzz {
namespace {

// Takes what comes, and answers every frame with itself.
class Echo final : public wire::ServerEvents {
 public:
  void opened(wire::SessionId, const std::string&, const std::string&) override {}
  void received(wire::SessionId session, wire::Frame frame) override {
    const std::size_t size_bytes = frame.size_bytes();
    listener->send(session, std::move(frame));
    listener->consumed(session, size_bytes);
  }
  void drained(wire::SessionId) override {}
  void closed(wire::SessionId, const wire::Closed&) override {}
  wire::WebSocketListener* listener = nullptr;
};

wire::ServerOptions options() {
  wire::ServerOptions options;
  options.limits.frame_size_bytes_max = 1 << 20;
  return options;
}

struct Port {
  Echo echo;
  wire::WebSocketListener listener{options(), echo};
  Port() { echo.listener = &listener; }
};

constexpr std::string_view kUpgrade =
    "GET /shop HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: coppice.1\r\n\r\n";

void read_to_end(int socket) {
  char room[4096];
  while (::recv(socket, room, sizeof room, 0) > 0) continue;
}

}  // namespace

// The first byte says whether a correct handshake comes before the rest.
void run_socket(Input input) {
  static Port port;
  if (input.empty()) return;
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port.listener.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("The listener is gone.");
  if ((input[0] & std::byte{1}) == std::byte{0})
    static_cast<void>(::send(socket, kUpgrade.data(), kUpgrade.size(), MSG_NOSIGNAL));
  const Input rest = input.subspan(1);
  static_cast<void>(::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL));
  ::shutdown(socket, SHUT_WR);
  read_to_end(socket);
  ::close(socket);
}

std::vector<std::string> socket_seeds() {
  std::vector<std::string> seeds;
  seeds.push_back(std::string(1, '\1') + std::string(kUpgrade));
  seeds.push_back(std::string(1, '\1') + "GET / HTTP/1.1\r\n\r\n");
  const std::string later(1, '\0');
  // Binary, text, ping, close, a frame in two pieces, and one of a length that does not come.
  seeds.push_back(later + std::string("\x82\x83\0\0\0\0abc", 9));
  seeds.push_back(later + std::string("\x81\x83\0\0\0\0abc", 9));
  seeds.push_back(later + std::string("\x89\x80\0\0\0\0", 6));
  seeds.push_back(later + std::string("\x88\x82\0\0\0\0\x03\xe8", 8));
  seeds.push_back(later + std::string("\x02\x81\0\0\0\0a\x80\x81\0\0\0\0b", 14));
  seeds.push_back(later + std::string("\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0", 14));
  return seeds;
}

}  // namespace coppice::fuzz
