#pragma once

// What wire/ offers to the state machines above it, and what it asks of them. Two implementations:
// websocket.h (real sockets, Boost.Beast) and loopback.h (one process, no thread, no clock, for
// tests and the simulator). Neither knows what a frame means.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "wire/frame.h"

namespace coppice::wire {

// One accepted connection at a server. Never reused while the process lives.
struct SessionId {
  std::uint64_t value = 0;
  auto operator<=>(const SessionId&) const = default;
};

// Why a connection ended, or why it did not come to be. `text` is a sentence for people.
struct Closed {
  enum class Reason {
    orderly,          // the peer, or we, said goodbye
    lost,             // the network or the peer went away, or did not answer pings
    unreachable,      // never connected: no such host, refused, timed out
    foreign,          // something answered that does not speak our subprotocol
    frame_too_large,  // a frame was over its receiver's limit: the peer's or ours, `text` says
                      // which
    protocol,         // the peer broke the WebSocket rules, or sent text
    refused,          // the other side closed with a text that says why (see text)
  };
  Reason reason = Reason::lost;
  std::string text;
};

// Called by a listener about its sessions. All calls come on one thread (websocket: the listener's
// I/O thread; loopback: the thread that steps it). For one session the order is: opened, then
// received/drained in any mix, then closed exactly once; nothing after closed. They must not throw.
class ServerEvents {
 public:
  virtual ~ServerEvents() = default;
  // `database` is the path of the URL without the leading slash; `peer` is "address:port" for logs.
  virtual void opened(SessionId session, const std::string& database, const std::string& peer) = 0;
  virtual void received(SessionId session, Frame frame) = 0;
  // The session's queue has become empty: everything sent so far has been handed to the operating
  // system, a good moment to send more. wire/ sets no bound to the queue; send more only when
  // drained.
  virtual void drained(SessionId session) = 0;
  virtual void closed(SessionId session, const Closed& why) = 0;
};

// The server's side of its sessions. Every function may be called from any thread (loopback: the
// one that steps it), from inside an event too, and for a session that has closed already (then it
// does nothing). No event is delivered from inside these calls.
class ServerSessions {
 public:
  virtual ~ServerSessions() = default;
  virtual void send(SessionId session, Frame frame) = 0;
  // Says goodbye after everything given to send() before. The peer sees Closed::refused with `text`
  // (cut to 123 bytes, see close_text.h), or Closed::orderly if that is empty; our side orderly.
  virtual void close(SessionId session, const std::string& text) = 0;
  // The receiver has dealt with `size_bytes` of received frames. Reading from a session pauses
  // while more than SessionLimits::inbound_window_bytes are received and not yet consumed: that is
  // the back pressure.
  virtual void consumed(SessionId session, std::size_t size_bytes) = 0;
};

// Called by a connector about its one connection; same order and thread rules as ServerEvents.
class ClientEvents {
 public:
  virtual ~ClientEvents() = default;
  virtual void opened() = 0;
  virtual void received(Frame frame) = 0;
  virtual void drained() = 0;
  // Also after a connection attempt that failed; opened() was not called then.
  virtual void closed(const Closed& why) = 0;
};

// The client's side; the rules for threads are those of ServerSessions. It does not reconnect by
// itself: the sync logic decides when to call connect() (of the implementation) again.
class ClientConnection {
 public:
  virtual ~ClientConnection() = default;
  // Does nothing unless opened() has been called and closed() has not.
  virtual void send(Frame frame) = 0;
  // Says goodbye after everything given to send() before; an attempt to connect is given up.
  virtual void close() = 0;
  // As ServerSessions::consumed.
  virtual void consumed(std::size_t size_bytes) = 0;
};

}  // namespace coppice::wire
