#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <capnp/message.h>

#include "coppice/protocol.capnp.h"

namespace coppice::bench {

// Many connections to one server, from one thread: each says hello as a replica of its own, hands
// on what it is told, and keeps nothing. It is written from docs/protocol.md alone, over plain
// sockets, since a thousand replicas on one machine would measure their disks.
//
// Threads: one. Failure: std::runtime_error.
class Peers {
 public:
  using Heard = std::function<void(std::size_t peer, protocol::ToClient::Reader message)>;

  // `url`: ws://ADDRESS:PORT/DATABASE, with an IPv4 address. `application`: the database's. `heard`
  // is called for every message but the welcome.
  Peers(const std::string& url, std::string application, Heard heard);
  ~Peers();
  Peers(const Peers&) = delete;

  // Opens so many more connections, and returns when all of them were welcomed.
  void open(std::size_t count);
  std::size_t count() const { return connections_.size(); }
  // `peer` counts from 0.
  void send(std::size_t peer, capnp::MessageBuilder& message);
  // Takes what comes until `is_enough`, which is asked after every round, or throws when nothing
  // has come for minutes.
  void take_until(const std::function<bool()>& is_enough);

 private:
  struct Connection;

  void connect(Connection& connection);
  void say_hello(Connection& connection);
  // Takes what one socket has.
  void take(Connection& connection);
  void take_frames(Connection& connection);
  void take_piece(Connection& connection, const char* bytes, std::size_t size_bytes, bool is_last);
  void take_message(Connection& connection, const char* bytes, std::size_t size_bytes);

  std::string address_;
  std::uint16_t port_ = 0;
  std::string database_;
  const std::string application_;
  const Heard heard_;
  int poll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t welcomed_ = 0;
  std::vector<char> room_;
  std::vector<std::uint64_t> aligned_;
};

}  // namespace coppice::bench
