#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <capnp/serialize.h>

#include "coppice/protocol.capnp.h"
#include "wire/frame.h"

namespace coppice::server {

// Runs a function that reads what a peer sent. Returns why the bytes are no such message, or
// nothing if they are. The only place where kj's exceptions are caught. `read` must have read
// everything before it writes: what it did before it threw stays done.
std::optional<std::string> read_untrusted(const std::function<void()>& read);

// A frame from a peer, opened. Cap'n Proto checks pointers while they are followed, so reading any
// part of it may still throw: read within read_untrusted(). Everything it hands out is a view of
// the frame, which it keeps alive.
class Incoming {
 public:
  // Nothing if it is no message at all.
  static std::unique_ptr<Incoming> open(wire::Frame frame);

  protocol::ToServer::Reader message() { return root_; }
  // Allows the message to be read from the start again: reading has a limit, against messages that
  // point at the same words again and again. Readers handed out before are not valid any more.
  // Throws as reading does.
  void rewind();
  std::size_t size_bytes() const { return frame_.size_bytes(); }
  // Over everything but the Request's `acknowledged`, so that a request that is sent again has the
  // same hash. Not cryptographic: it finds bugs and copied replicas, not attacks. Throws as reading
  // does. REQUIRES: it is a request.
  std::uint64_t request_hash();

 private:
  explicit Incoming(wire::Frame frame) : frame_(std::move(frame)) {}

  wire::Frame frame_;
  std::optional<capnp::FlatArrayMessageReader> reader_;
  protocol::ToServer::Reader root_;
};

}  // namespace coppice::server
