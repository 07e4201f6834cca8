#pragma once

// Internal to wire/: shows Beast. Included by the websocket_*.cpp files only.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "wire/limits.h"
#include "wire/message_buffer.h"
#include "wire/session.h"

namespace coppice::wire {

// One WebSocket connection, of either side, from the end of its handshake to its end.
//
// A life: handshake (the derived class's) -> open -> [draining -> closing] -> done. Draining sends
// what is queued, closing is the WebSocket close handshake; both are skipped when the peer or the
// network ends the connection. on_closed() is called exactly once, on the way to done, and nothing
// is called after it.
//
// Threads: the I/O thread only. Lifetime: shared by the operations it has under way; when the last
// one has completed after done, it goes.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  // No permessage-deflate: `false` keeps it out of the program.
  using Stream = boost::beast::websocket::stream<boost::asio::ip::tcp::socket, false>;
  using CloseCode = boost::beast::websocket::close_code;

  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void send(Frame frame);
  void consumed(std::size_t size_bytes);
  // Says goodbye after what is queued, and ends as orderly. Cuts a connection that is not open yet.
  void close(CloseCode code, const std::string& text);
  // Ends now: cuts the connection, without a goodbye. Harmless when done.
  void finish(const Closed& why);

 protected:
  Channel(boost::asio::ip::tcp::socket socket, const SessionLimits& limits);

  // Before the handshake: the stream's options, and the limit on the handshake's time. When that is
  // up, finish() with Closed::unreachable.
  void prepare(const std::string& late_text);
  // After the handshake: starts to read.
  void open();
  bool is_done() const { return phase_ == Phase::done; }

  // Constant after construction.
  const SessionLimits limits_;
  Stream ws_;

 private:
  enum class Phase { handshake, open, draining, closing, done };

  virtual void on_received(Frame frame) = 0;
  virtual void on_drained() = 0;
  virtual void on_closed(const Closed& why) = 0;

  void read_some();
  void read_done(boost::system::error_code error);
  void message_done();
  void read_failed(boost::system::error_code error);
  void pause();
  void resume();
  void heartbeat();
  void set_idle_timeout(std::chrono::milliseconds timeout);

  void write_next();
  void write_done(boost::system::error_code error);

  void drain(CloseCode code, const std::string& text, const Closed& why);
  // As drain(), at once: what is queued is dropped.
  void reject(CloseCode code, const std::string& text, const Closed& why);
  void say_goodbye();
  void cut_after(std::chrono::milliseconds timeout, const Closed& why);

  Phase phase_ = Phase::handshake;
  // Bounds the handshake first, the goodbye later.
  boost::asio::steady_timer deadline_;

  // Reading. Two operations may be under way, a read and a write, one of each.
  MessageBuffer message_;
  bool reading_ = false;
  bool paused_ = false;
  std::size_t unconsumed_bytes_ = 0;
  boost::asio::steady_timer heartbeat_timer_;
  bool heartbeat_under_way_ = false;

  // Writing.
  std::deque<Frame> queue_;
  bool writing_ = false;

  // Set by drain(), for draining and closing.
  boost::beast::websocket::close_reason goodbye_;
  Closed goodbye_why_;
};

}  // namespace coppice::wire
