#include "bench/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>
#include <utility>

#include <capnp/serialize.h>

#include "bench/support.h"

namespace coppice::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr int kEventsAtOnce = 256;
constexpr auto kPatience = std::chrono::seconds(120);
// Connections on their way at once: a listener's queue is not endless.
constexpr std::size_t kOpeningMax = 200;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void write_all(int socket, const char* bytes, std::size_t size_bytes) {
  while (size_bytes > 0) {
    const auto written = ::send(socket, bytes, size_bytes, MSG_NOSIGNAL);
    if (written < 0) fail("Cannot send to the server");
    bytes += written;
    size_bytes -= static_cast<std::size_t>(written);
  }
}

// RFC 6455: final, binary, masked with zeros, which leaves the bytes as they are.
void send_frame(int socket, std::uint8_t opcode, const char* bytes, std::size_t size_bytes) {
  std::string head;
  head += static_cast<char>(0x80 | opcode);
  const int length_bytes = size_bytes < 126 ? 0 : size_bytes <= 0xffff ? 2 : 8;
  head += static_cast<char>(0x80 | (length_bytes == 0   ? size_bytes
                                    : length_bytes == 2 ? 126
                                                        : 127));
  for (int i = length_bytes; i-- > 0;) head += static_cast<char>(size_bytes >> (8 * i) & 0xff);
  head += std::string(4, '\0');
  head.append(bytes, size_bytes);
  write_all(socket, head.data(), head.size());
}

}  // namespace

struct Peers::Connection {
  ~Connection() {
    if (socket >= 0) ::close(socket);
  }
  int socket = -1;
  bool upgraded = false;
  bool welcomed = false;
  std::size_t number = 0;
  std::vector<char> received;
  // The pieces of a message that is not whole yet.
  std::vector<char> message;
};

Peers::Peers(const std::string& url, std::string application, Heard heard)
    : application_(std::move(application)),
      heard_(std::move(heard)),
      poll_(::epoll_create1(0)),
      room_(kReadBytes) {
  const auto host = url.find("//") + 2, colon = url.find(':', host), slash = url.find('/', colon);
  if (colon == std::string::npos || slash == std::string::npos)
    throw std::runtime_error("'" + url + "' is not ws://ADDRESS:PORT/DATABASE.");
  address_ = url.substr(host, colon - host);
  port_ = static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1, slash - colon - 1)));
  database_ = url.substr(slash + 1);
  if (poll_ < 0) fail("Cannot wait for sockets");
}

Peers::~Peers() { ::close(poll_); }

void Peers::open(std::size_t count) {
  const std::size_t all = connections_.size() + count;
  take_until([&] {
    while (connections_.size() < all && connections_.size() - welcomed_ < kOpeningMax) {
      connections_.push_back(std::make_unique<Connection>());
      connections_.back()->number = connections_.size() - 1;
      connect(*connections_.back());
    }
    return welcomed_ == all;
  });
}

void Peers::connect(Connection& connection) {
  connection.socket = ::socket(AF_INET, SOCK_STREAM, 0);
  if (connection.socket < 0) fail("Cannot open a socket; see ulimit -n");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  if (::inet_pton(AF_INET, address_.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("'" + address_ + "' is no IPv4 address.");
  if (::connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("Cannot connect to " + address_);
  const int on = 1;
  ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
  if (::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event) != 0)
    fail("Cannot wait for a socket");
  const std::string request = "GET /" + database_ + " HTTP/1.1\r\nHost: " + address_ +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Protocol: coppice.1\r\n\r\n";
  write_all(connection.socket, request.data(), request.size());
}

void Peers::say_hello(Connection& connection) {
  std::random_device random;
  std::array<std::uint32_t, 4> uuid;
  for (auto& word : uuid) word = random();
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  hello.setClient(kj::arrayPtr(reinterpret_cast<const kj::byte*>(uuid.data()), sizeof uuid));
  hello.setDevice("peer " + std::to_string(connection.number));
  hello.setUser("bench");
  hello.setApplication(application_);
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = words.asChars();
  send_frame(connection.socket, 2, bytes.begin(), bytes.size());
}

void Peers::take_until(const std::function<bool()>& is_enough) {
  auto deadline = Clock::now() + kPatience;
  while (!is_enough()) {
    epoll_event events[kEventsAtOnce];
    const int count = ::epoll_wait(poll_, events, kEventsAtOnce, 20);
    if (count < 0 && errno != EINTR) fail("Cannot wait for sockets");
    if (Clock::now() > deadline) throw std::runtime_error("The server has nothing more to say.");
    if (count > 0) deadline = Clock::now() + kPatience;
    for (int i = 0; i < count; ++i) take(*static_cast<Connection*>(events[i].data.ptr));
  }
}

void Peers::take(Connection& connection) {
  const auto size = ::recv(connection.socket, room_.data(), room_.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) fail("Cannot receive");
  if (size == 0) throw std::runtime_error("The server ended a connection.");
  auto& received = connection.received;
  received.insert(received.end(), room_.begin(), room_.begin() + size);
  if (!connection.upgraded) {
    static constexpr std::string_view kEnd = "\r\n\r\n";
    const auto end = std::search(received.begin(), received.end(), kEnd.begin(), kEnd.end());
    if (end == received.end()) return;
    if (std::string_view(received.data(), 12) != "HTTP/1.1 101")
      throw std::runtime_error("The server did not let a connection in: " +
                               std::string(received.begin(), received.end()));
    received.erase(received.begin(), end + static_cast<std::ptrdiff_t>(kEnd.size()));
    connection.upgraded = true;
    say_hello(connection);
  }
  take_frames(connection);
}

void Peers::take_frames(Connection& connection) {
  auto& received = connection.received;
  std::size_t at = 0;
  while (received.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(received[at + i]); };
    const std::uint8_t opcode = byte(0) & 0x0f;
    std::size_t head = 2;
    std::uint64_t size = byte(1) & 0x7f;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (received.size() - at < head + more) break;
    if (more != 0) size = 0;
    for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(2 + i);
    head += more;
    if (received.size() - at < head + size) break;
    const char* payload = received.data() + at + head;
    if (opcode == 0 || opcode == 2) {
      take_piece(connection, payload, size, (byte(0) & 0x80) != 0);
    } else if (opcode == 9) {
      send_frame(connection.socket, 10, payload, size);
    } else if (opcode == 8) {
      throw std::runtime_error("The server said goodbye: " + std::string(payload, size).substr(2));
    }
    at += head + size;
  }
  received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(at));
}

// A large message comes in several frames.
void Peers::take_piece(Connection& connection, const char* bytes, std::size_t size_bytes,
                       bool is_last) {
  auto& message = connection.message;
  if (is_last && message.empty()) return take_message(connection, bytes, size_bytes);
  message.insert(message.end(), bytes, bytes + size_bytes);
  if (!is_last) return;
  take_message(connection, message.data(), message.size());
  message.clear();
}

void Peers::take_message(Connection& connection, const char* bytes, std::size_t size_bytes) {
  aligned_.resize(size_bytes / sizeof(std::uint64_t));
  std::memcpy(aligned_.data(), bytes, size_bytes);
  capnp::FlatArrayMessageReader reader(
      {reinterpret_cast<const capnp::word*>(aligned_.data()), aligned_.size()},
      {.traversalLimitInWords = ~std::uint64_t{0}});
  const auto message = reader.getRoot<protocol::ToClient>();
  if (message.isRefused())
    throw std::runtime_error(std::string("The server refused: ") +
                             message.getRefused().getText().cStr());
  if (message.isWelcome()) {
    if (!std::exchange(connection.welcomed, true)) ++welcomed_;
    return;
  }
  heard_(connection.number, message);
}

void Peers::send(std::size_t peer, capnp::MessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = words.asChars();
  send_frame(connections_.at(peer)->socket, 2, bytes.begin(), bytes.size());
}

}  // namespace coppice::bench
