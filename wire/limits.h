#pragma once

// Every limit of wire/: what it bounds, why this value, what moves if you change it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace coppice::wire {

// The port of an address that names none.
inline constexpr std::uint16_t kPortDefault = 7400;

// RFC 6455: a close frame's payload is at most 125 bytes, two of which are the code.
inline constexpr std::size_t kCloseTextBytesMax = 123;

// What one session, of either side and either implementation, allows itself and its peer.
struct SessionLimits {
  // The largest message that is received. A larger one ends the session: both sides get
  // Closed::frame_too_large. It bounds the memory that one peer can make us hold.
  std::size_t frame_size_bytes_max = std::size_t{64} << 20;

  // Reading pauses while more than this is received and not consumed. So one session holds at most
  // this plus one frame.
  std::size_t inbound_window_bytes = std::size_t{8} << 20;

  // A peer that has sent nothing for this long, not even the answer to the ping it gets after half
  // of it, is lost. Give both sides the same: a side that pauses reading cannot answer pings, and
  // tells every quarter of its own value that it lives. Zero: never.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);

  // From the first byte of the network connection to an open session.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);

  // From close() or stop() until the connection is cut, if the peer does not take what is still
  // queued for it or does not say goodbye. A program that ends waits this long at worst.
  std::chrono::milliseconds goodbye_timeout = std::chrono::seconds(3);

  // Both sides must name the same.
  std::string subprotocol = "coppice.1";
};

}  // namespace coppice::wire
