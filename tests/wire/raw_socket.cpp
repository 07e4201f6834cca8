#include "tests/wire/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/uuid/detail/sha1.hpp>
#include <stdexcept>
#include <utility>

namespace coppice::wire::test {
namespace {

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
    };
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

std::string frame(Opcode opcode, std::string_view payload, bool masked) {
  std::string bytes;
  const unsigned mask_bit = masked ? 0x80 : 0;
  bytes += static_cast<char>(0x80 | static_cast<unsigned>(opcode));
  if (payload.size() < 126) {
    bytes += static_cast<char>(mask_bit | payload.size());
  } else {
    bytes += static_cast<char>(mask_bit | 126);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size() & 255);
  }
  if (masked) bytes.append(4, '\0');
  return bytes.append(payload);
}

}  // namespace

RawSocket RawSocket::connect(std::uint16_t port) {
  RawSocket socket(::socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = local(port);
  check(::connect(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) == 0,
        "connect");
  return socket;
}

RawSocket::RawSocket(int descriptor) : descriptor_(descriptor) {
  check(descriptor >= 0, "socket");
  const timeval limit{30, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

RawSocket::~RawSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

void RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string RawSocket::read(std::size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  std::size_t have = 0;
  while (have < size_bytes) {
    const ssize_t count = ::recv(descriptor_, bytes.data() + have, size_bytes - have, 0);
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  bytes.resize(have);
  return bytes;
}

std::string RawSocket::read_until(std::string_view end) {
  std::string bytes;
  while (!bytes.ends_with(end)) {
    const std::string next = read(1);
    if (next.empty()) break;
    bytes += next;
  }
  return bytes;
}

std::string RawSocket::read_to_end() {
  std::string bytes;
  for (std::string next = read(1); !next.empty(); next = read(1)) bytes += next;
  return bytes;
}

void RawSocket::reset() {
  const linger now{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(descriptor_, -1));
}

RawServer::RawServer() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = local(0);
  socklen_t size = sizeof address;
  check(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  check(::listen(descriptor_, 8) == 0, "listen");
  check(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
        "getsockname");
  port_ = ntohs(address.sin_port);
}

RawServer::~RawServer() { ::close(descriptor_); }

RawSocket RawServer::accept() { return RawSocket(::accept(descriptor_, nullptr, nullptr)); }

std::string upgrade_request(std::string_view target, std::string_view subprotocol) {
  std::string text = "GET " + std::string(target) +
                     " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (!subprotocol.empty()) text += "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
  return text + "\r\n";
}

std::string upgrade_response(const std::string& request, std::string_view subprotocol) {
  constexpr std::string_view kField = "Sec-WebSocket-Key: ";
  const std::size_t start = request.find(kField) + kField.size();
  const std::string key = request.substr(start, request.find("\r\n", start) - start);
  boost::uuids::detail::sha1 sha1;
  const std::string material = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  sha1.process_bytes(material.data(), material.size());
  unsigned int words[5];
  sha1.get_digest(words);
  std::string digest;
  for (const unsigned int word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) digest += static_cast<char>(word >> shift);
  }
  std::string text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      base64(digest) + "\r\n";
  if (!subprotocol.empty()) text += "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
  return text + "\r\n";
}

std::string client_frame(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, true);
}
std::string server_frame(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, false);
}

}  // namespace coppice::wire::test
