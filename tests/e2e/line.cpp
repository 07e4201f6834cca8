#include "tests/e2e/line.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace coppice::test {
namespace {

using Clock = std::chrono::steady_clock;

// On its way in one direction at most: a line holds no more, and its ends feel that.
constexpr std::size_t kUnderWayBytesMax = std::size_t{1} << 20;
constexpr std::size_t kReadBytes = 16 << 10;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int new_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  if (socket < 0) fail("no socket");
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void reset(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
}

// Bytes from one socket to another, each chunk when it is due.
struct Direction {
  int from = -1;
  int to = -1;
  struct Chunk {
    Clock::time_point due;
    std::vector<char> bytes;
    std::size_t sent = 0;
  };
  std::deque<Chunk> chunks;
  std::size_t under_way_bytes = 0;
  // When the last byte that was taken will have left a narrow line.
  Clock::time_point busy_until{};
  bool ended = false;      // nothing more comes
  bool shut_down = false;  // and the other side knows

  bool wants_to_read() const { return !ended && under_way_bytes < kUnderWayBytesMax; }
  bool due(Clock::time_point now) const { return !chunks.empty() && chunks.front().due <= now; }
};

struct Connection {
  std::array<Direction, 2> directions;  // to the server, to the client
  bool broken = false;
};

}  // namespace

class Line::Carrier {
 public:
  Carrier(std::uint16_t server_port, Quality quality)
      : server_port_(server_port), quality_(quality), wake_(::eventfd(0, EFD_NONBLOCK)) {
    listener_ = new_socket();
    ::fcntl(listener_, F_SETFL, O_NONBLOCK);
    const auto address = loopback(0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 128) != 0)
      fail("cannot listen");
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &length);
    port_ = ntohs(bound.sin_port);
    thread_ = std::thread([this] { run(); });
  }

  ~Carrier() {
    order([this] { stopping_ = true; });
    thread_.join();
    ::close(listener_);
    ::close(wake_);
  }

  std::uint16_t port() const { return port_; }
  void cut() {
    order([this] { cutting_ = true; });
    // The caller may count on it.
    while (is_cutting()) std::this_thread::yield();
  }
  Traffic traffic() const {
    const std::lock_guard lock(mutex_);
    return traffic_;
  }

 private:
  template <typename F>
  void order(F&& change) {
    const std::lock_guard lock(mutex_);
    change();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_, &one, sizeof one));
  }
  bool is_cutting() const {
    const std::lock_guard lock(mutex_);
    return cutting_;
  }

  void run() {
    while (obey()) {
      wait();
      accept();
      for (Connection& connection : connections_) carry(connection);
      std::erase_if(connections_, [](Connection& connection) { return over(connection); });
    }
    cut_all();
  }

  // What was asked for meanwhile. False: to stop.
  bool obey() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count;
    static_cast<void>(!::read(wake_, &count, sizeof count));
    if (cutting_) cut_all();
    cutting_ = false;
    return !stopping_;
  }

  void cut_all() {
    for (Connection& connection : connections_) {
      reset(connection.directions[0].from);
      reset(connection.directions[0].to);
    }
    connections_.clear();
  }

  void wait() {
    std::vector<pollfd> all{{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    auto until = Clock::now() + std::chrono::seconds(1);
    const auto now = Clock::now();
    for (const Connection& connection : connections_) {
      for (const Direction& direction : connection.directions) {
        if (direction.wants_to_read()) all.push_back({direction.from, POLLIN, 0});
        if (direction.due(now)) {
          all.push_back({direction.to, POLLOUT, 0});
        } else if (!direction.chunks.empty()) {
          until = std::min(until, direction.chunks.front().due);
        }
      }
    }
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    ::poll(all.data(), all.size(), static_cast<int>(pause.count()));
  }

  void accept() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (client < 0) return;
    const int server = new_socket();
    const auto address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(server);
      return reset(client);
    }
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection connection;
    connection.directions[0].from = connection.directions[1].to = client;
    connection.directions[0].to = connection.directions[1].from = server;
    connections_.push_back(std::move(connection));
    const std::lock_guard lock(mutex_);
    ++traffic_.connections;
  }

  void carry(Connection& connection) {
    for (std::size_t side = 0; side < 2 && !connection.broken; ++side) {
      Direction& direction = connection.directions[side];
      if (!take(direction) || !give(direction, side)) connection.broken = true;
    }
  }

  // False: the connection is broken.
  bool take(Direction& direction) {
    char room[kReadBytes];
    while (direction.wants_to_read()) {
      const auto size = ::recv(direction.from, room, sizeof room, MSG_DONTWAIT);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      if (size == 0) direction.ended = true;
      if (size == 0) return true;
      const auto now = Clock::now();
      direction.busy_until = std::max(direction.busy_until, now);
      if (quality_.bytes_per_second > 0) {
        direction.busy_until +=
            std::chrono::nanoseconds(static_cast<std::int64_t>(size) * 1'000'000'000 /
                                     static_cast<std::int64_t>(quality_.bytes_per_second));
      }
      direction.chunks.push_back(
          {direction.busy_until + quality_.latency, std::vector<char>(room, room + size)});
      direction.under_way_bytes += static_cast<std::size_t>(size);
    }
    return true;
  }

  bool give(Direction& direction, std::size_t side) {
    while (direction.due(Clock::now())) {
      auto& chunk = direction.chunks.front();
      const auto size = ::send(direction.to, chunk.bytes.data() + chunk.sent,
                               chunk.bytes.size() - chunk.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      count(side, static_cast<std::size_t>(size));
      direction.under_way_bytes -= static_cast<std::size_t>(size);
      chunk.sent += static_cast<std::size_t>(size);
      if (chunk.sent == chunk.bytes.size()) direction.chunks.pop_front();
    }
    if (direction.ended && direction.chunks.empty() && !direction.shut_down) {
      ::shutdown(direction.to, SHUT_WR);
      direction.shut_down = true;
    }
    return true;
  }

  void count(std::size_t side, std::size_t size_bytes) {
    const std::lock_guard lock(mutex_);
    (side == 0 ? traffic_.to_server_bytes : traffic_.to_client_bytes) += size_bytes;
    if (last_side_ != side) ++traffic_.turns;
    last_side_ = side;
  }

  static bool over(Connection& connection) {
    const bool ended = connection.broken ||
                       (connection.directions[0].shut_down && connection.directions[1].shut_down);
    if (!ended) return false;
    for (const Direction& direction : connection.directions) {
      if (connection.broken) {
        reset(direction.from);
      } else {
        ::close(direction.from);
      }
    }
    return true;
  }

  const std::uint16_t server_port_;
  const Quality quality_;
  int listener_ = -1;
  const int wake_;
  std::uint16_t port_ = 0;
  std::list<Connection> connections_;  // the carrying thread's
  std::size_t last_side_ = 2;          // the carrying thread's
  mutable std::mutex mutex_;
  // Under mutex_.
  bool stopping_ = false;
  bool cutting_ = false;
  Traffic traffic_;
  std::thread thread_;
};

Line::Line(std::uint16_t server_port) : Line(server_port, Quality{}) {}
Line::Line(std::uint16_t server_port, Quality quality)
    : carrier_(std::make_unique<Carrier>(server_port, quality)) {}
Line::~Line() = default;

std::string Line::url() const {
  return "ws://127.0.0.1:" + std::to_string(carrier_->port()) + "/shop";
}
void Line::cut() { carrier_->cut(); }
Line::Traffic Line::traffic() const { return carrier_->traffic(); }

}  // namespace coppice::test
