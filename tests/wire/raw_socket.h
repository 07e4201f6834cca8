#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coppice::wire::test {

// A plain TCP connection of 127.0.0.1, for peers that speak wrongly or not at all. Every wait ends
// after 30 seconds, with what there is.
class RawSocket {
 public:
  static RawSocket connect(std::uint16_t port);
  explicit RawSocket(int descriptor);
  ~RawSocket();
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;

  void send(std::string_view bytes);
  // Until `size_bytes` have come, or the peer has closed.
  std::string read(std::size_t size_bytes);
  std::string read_until(std::string_view end);
  std::string read_to_end();
  // Goes as a crashed machine does that is asked later: with a reset.
  void reset();

 private:
  int descriptor_;
};

class RawServer {
 public:
  RawServer();
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  RawSocket accept();

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

// A correct request to open a session, offering `subprotocol` (none if empty).
std::string upgrade_request(std::string_view target = "/shop",
                            std::string_view subprotocol = "coppice.1");
// The answer to the request `request` that a WebSocket server gives which chooses `subprotocol`.
std::string upgrade_response(const std::string& request, std::string_view subprotocol);

// A WebSocket frame, final, of at most 65535 bytes; a client's is masked, with a mask of zeros.
enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
std::string client_frame(Opcode opcode, std::string_view payload);
std::string server_frame(Opcode opcode, std::string_view payload);

}  // namespace coppice::wire::test
