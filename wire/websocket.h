#pragma once

// The real wire: WebSocket over TCP, by Boost.Beast, which does not show here.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "wire/limits.h"
#include "wire/session.h"
#include "wire/url.h"

namespace coppice::wire {

struct ServerOptions {
  // An address of this machine; "0.0.0.0" or "::" for all of them.
  std::string address = "127.0.0.1";
  // 0: the operating system chooses; WebSocketListener::port() tells.
  std::uint16_t port = 0;
  // Open sessions. Who comes after that is answered with HTTP 503.
  std::size_t connections_max = 10000;
  SessionLimits limits = {};
};

struct ClientOptions {
  SessionLimits limits = {};
};

// The address cannot be listened on; what() is a sentence that says what to do.
class BindError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A port that is listened on, and all sessions that came in through it.
//
// Binary messages only; a client must offer the subprotocol; everything else that may knock at a
// port (browsers, port scanners, noise) gets a short HTTP answer, or is cut after the handshake
// timeout, and never shows in the events.
//
// Threads: has one of its own, on which all events come. Every function may be called from any
// thread, except stop() and the destructor: not from an event. Calls are cheap: they are collected
// and wake the I/O thread once. Lifetime: `events` must outlive the listener. Failure: the
// constructor throws BindError; afterwards every failure is a Closed of one session.
class WebSocketListener final : public ServerSessions {
 public:
  WebSocketListener(const ServerOptions& options, ServerEvents& events);
  ~WebSocketListener() override;  // stops
  WebSocketListener(const WebSocketListener&) = delete;
  WebSocketListener& operator=(const WebSocketListener&) = delete;

  std::uint16_t port() const;

  // Takes no more connections, sends what is queued, says goodbye to every session, and returns
  // when every session's closed() has returned: at most goodbye_timeout later. Again: does nothing.
  void stop();

  void send(SessionId session, Frame frame) override;
  void close(SessionId session, const std::string& text) override;
  void consumed(SessionId session, std::size_t size_bytes) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A client's connection, made and lost any number of times.
//
// Threads, lifetime: as WebSocketListener. The thread waits for as long as there is no connection.
// A host name is looked up by the system's resolver, which can't be interrupted: stop() waits for
// it.
class WebSocketConnector final : public ClientConnection {
 public:
  WebSocketConnector(const ClientOptions& options, ClientEvents& events);
  ~WebSocketConnector() override;  // stops
  WebSocketConnector(const WebSocketConnector&) = delete;
  WebSocketConnector& operator=(const WebSocketConnector&) = delete;

  // Returns at once; opened() or closed() follows. Does nothing while an earlier connect() has not
  // yet ended in closed(). From inside closed() it may be called.
  void connect(const Url& url);

  // close(), and waits for closed(): at most goodbye_timeout. Again: does nothing.
  void stop();

  void send(Frame frame) override;
  void close() override;
  void consumed(std::size_t size_bytes) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coppice::wire
