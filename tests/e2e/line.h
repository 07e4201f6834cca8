#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace coppice::test {

// The network between clients and a server, as a process in the middle can make it: long, narrow,
// and cut. TCP connections to it are passed on to the server.
//
// Threads: any; one of its own carries the bytes. Failure: the constructor throws
// std::runtime_error.
class Line {
 public:
  struct Quality {
    // From one end to the other.
    std::chrono::milliseconds latency{0};
    // In each direction of each connection. 0: as many as there are.
    std::size_t bytes_per_second = 0;
  };

  // To the port of this machine that `server_port` is when somebody connects.
  explicit Line(std::uint16_t server_port);
  Line(std::uint16_t server_port, Quality quality);
  ~Line();
  Line(const Line&) = delete;

  std::string url() const;
  // Ends every connection, both ways, with a reset; what was on its way is lost.
  void cut();

  // What was passed on since the beginning, over all connections.
  struct Traffic {
    std::uint64_t to_server_bytes = 0;
    std::uint64_t to_client_bytes = 0;
    std::uint64_t connections = 0;
    // How often the direction changed, seen from here: a question and its answer are two.
    std::uint64_t turns = 0;
    std::uint64_t bytes() const { return to_server_bytes + to_client_bytes; }
  };
  Traffic traffic() const;

 private:
  class Carrier;
  std::unique_ptr<Carrier> carrier_;
};

}  // namespace coppice::test
