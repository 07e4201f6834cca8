#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "coppice/client.h"
#include "store/run_limits.h"
#include "wire/session.h"

namespace coppice::client {

// One way to reach a server: real sockets in programs, the loopback twin in tests and the
// simulator.
//
// At most one connection at a time; after closed() came (or before the first connect) connect() may
// be called. Events may come on any thread.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void connect(const std::string& url) = 0;
  virtual void send(wire::Frame frame) = 0;
  virtual void consumed(std::size_t size_bytes) = 0;
  virtual void close() = 0;
};

// Makes a transport that tells `events`, which outlives it.
using TransportFactory = std::function<std::unique_ptr<Transport>(wire::ClientEvents& events)>;

// Client::open with the world's parts replaced: how it connects, and where randomness comes from.
// With Sync::stepped such a client has no thread, no socket and no clock of its own, so that a
// simulator can drive hundreds of them. `runs`: smaller ones than usual are met with little data.
Client open_client(const std::filesystem::path& folder, Client::Options options,
                   TransportFactory transport, std::function<std::uint64_t()> random,
                   const store::RunLimits& runs = {});

}  // namespace coppice::client
