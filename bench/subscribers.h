#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <capnp/message.h>

namespace coppice::bench {

// Many connections to one server, from one thread: each says hello as a replica of its own, takes
// what it is sent, and keeps nothing but counts. It is written from docs/protocol.md alone, over
// plain sockets, since a thousand replicas on one machine would measure their disks.
//
// Threads: one. Failure: std::runtime_error.
class Subscribers {
 public:
  // `url`: ws://ADDRESS:PORT/DATABASE, with an IPv4 address. `application`: the database's.
  Subscribers(const std::string& url, std::string application);
  ~Subscribers();
  Subscribers(const Subscribers&) = delete;

  // Opens so many more connections, and returns when all of them were welcomed.
  void open(std::size_t count);
  // Takes what comes until `is_enough`, which is asked after every round, or throws when nothing
  // has come for minutes.
  void take_until(const std::function<bool()>& is_enough);

  // Records in changes and in first syncs, over all connections.
  std::uint64_t deliveries() const { return deliveries_; }
  // Connections that have everything up to this sequence.
  std::size_t reached(std::uint64_t sequence) const;
  std::size_t welcomed() const { return welcomed_; }

 private:
  struct Connection;

  void connect(Connection& connection);
  // Takes what one socket has.
  void take(Connection& connection);
  void take_frames(Connection& connection);
  void take_message(Connection& connection, const char* bytes, std::size_t size_bytes);
  void send_hello(Connection& connection);

  std::string address_;
  std::uint16_t port_ = 0;
  std::string database_;
  std::string application_;
  int poll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> room_;
  std::vector<capnp::word> aligned_;
  std::uint64_t deliveries_ = 0;
  std::size_t welcomed_ = 0;
};

}  // namespace coppice::bench
