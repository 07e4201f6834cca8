#include "wire/websocket_channel.h"

#include <algorithm>
#include <boost/beast/core/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <utility>

#include "wire/close_text.h"

namespace coppice::wire {
namespace {

namespace net = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

// The most that is read at once, and so the most that the buffer grows before the peer has sent it:
// a header that promises 64 MiB costs nothing.
constexpr std::size_t kReadBytesMax = std::size_t{1} << 20;

// A larger message goes out in fragments of this size, straight from its frame, so that pings and
// pongs get through between them; otherwise a large message on a slow network would look like a
// dead peer. The client masks its bytes in a buffer of this size.
constexpr std::size_t kFragmentBytes = std::size_t{512} << 10;

Closed lost(const error_code& error) {
  if (error == boost::beast::error::timeout) {
    return {Closed::Reason::lost, "The connection was lost: the other side does not answer."};
  }
  if (error == net::error::eof) {
    return {Closed::Reason::lost,
            "The connection was lost: the other side went without a goodbye."};
  }
  return {Closed::Reason::lost, "The connection was lost: " + error.message() + "."};
}

// What the peer's close frame means.
Closed goodbye_of_peer(const websocket::close_reason& reason) {
  const std::string text(reason.reason.data(), reason.reason.size());
  switch (reason.code) {
    case websocket::close_code::too_big:
      return {Closed::Reason::frame_too_large,
              "The other side refused a frame of ours: it is over its size limit."};
    case websocket::close_code::protocol_error:
    case websocket::close_code::unknown_data:
    case websocket::close_code::bad_payload:
      return {Closed::Reason::protocol, text.empty() ? "The other side says that we broke the "
                                                       "WebSocket rules."
                                                     : text};
    case websocket::close_code::going_away:
      return {Closed::Reason::orderly, "The other side shut down."};
    default:
      if (!text.empty()) return {Closed::Reason::refused, text};
      return {Closed::Reason::orderly, "The other side closed the connection."};
  }
}

}  // namespace

Channel::Channel(net::ip::tcp::socket socket, const SessionLimits& limits)
    : limits_(limits),
      ws_(std::move(socket)),
      deadline_(ws_.get_executor()),
      message_(limits.frame_size_bytes_max + kReadBytesMax),
      heartbeat_timer_(ws_.get_executor()) {}

void Channel::prepare(const std::string& late_text) {
  ws_.binary(true);
  ws_.auto_fragment(true);
  ws_.write_buffer_bytes(kFragmentBytes);
  ws_.read_message_max(0);  // read_done() limits it, and so knows why a session ended
  set_idle_timeout(limits_.idle_timeout);
  cut_after(limits_.handshake_timeout, {Closed::Reason::unreachable, late_text});
}

void Channel::open() {
  deadline_.cancel();
  phase_ = Phase::open;
  read_some();
}

void Channel::close(CloseCode code, const std::string& text) {
  const Closed why{Closed::Reason::orderly, "We closed the connection."};
  if (phase_ == Phase::handshake) return finish(why);
  if (phase_ == Phase::open) drain(code, text, why);
}

void Channel::finish(const Closed& why) {
  if (phase_ == Phase::done) return;
  phase_ = Phase::done;
  deadline_.cancel();
  heartbeat_timer_.cancel();
  queue_.clear();
  error_code ignored;
  ws_.next_layer().close(ignored);
  on_closed(why);
}

// ---- Reading

void Channel::read_some() {
  reading_ = true;
  ws_.async_read_some(message_, kReadBytesMax,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->reading_ = false;
                        self->read_done(error);
                      });
}

void Channel::read_done(error_code error) {
  // While closing, async_close has the last word, and discards what still comes.
  if (phase_ == Phase::done || phase_ == Phase::closing) return;
  if (error) return read_failed(error);
  if (!ws_.got_binary()) {
    return reject(CloseCode::unknown_data, "Coppice speaks binary messages only.",
                  {Closed::Reason::protocol, "The other side sent a text message."});
  }
  if (message_.size() > limits_.frame_size_bytes_max) {
    return reject(CloseCode::too_big, "The frame is over the size limit.",
                  {Closed::Reason::frame_too_large,
                   "The other side sent a frame of more than " +
                       std::to_string(limits_.frame_size_bytes_max) + " bytes."});
  }
  if (ws_.is_message_done()) return message_done();
  read_some();
}

void Channel::message_done() {
  Frame frame = message_.take();
  unconsumed_bytes_ += frame.size_bytes();
  on_received(std::move(frame));
  if (phase_ == Phase::done) return;
  if (unconsumed_bytes_ > limits_.inbound_window_bytes) return pause();
  read_some();
}

void Channel::read_failed(error_code error) {
  // The peer's close frame counts, even if the connection broke before ours was through.
  if (ws_.reason().code != websocket::close_code::none) {
    return finish(goodbye_of_peer(ws_.reason()));
  }
  if (error == websocket::error::closed) return finish(goodbye_of_peer({}));
  if (error == websocket::condition::protocol_violation) {
    return finish({Closed::Reason::protocol,
                   "The other side broke the WebSocket rules: " + error.message() + "."});
  }
  finish(lost(error));
}

void Channel::consumed(std::size_t size_bytes) {
  unconsumed_bytes_ -= std::min(size_bytes, unconsumed_bytes_);
  if (paused_ && unconsumed_bytes_ <= limits_.inbound_window_bytes) resume();
}

// While we do not read, we neither see that the peer lives nor answer its pings. So the peer is not
// suspected meanwhile (a write to it fails, or reading goes on, in the end), and is told that we
// live.
void Channel::pause() {
  paused_ = true;
  set_idle_timeout(std::chrono::milliseconds(0));
  heartbeat();
}

void Channel::resume() {
  paused_ = false;
  heartbeat_timer_.cancel();
  if (phase_ != Phase::open && phase_ != Phase::draining) return;
  set_idle_timeout(limits_.idle_timeout);
  read_some();
}

// Unsolicited pongs, as RFC 6455 allows.
void Channel::heartbeat() {
  if (limits_.idle_timeout.count() == 0) return;
  heartbeat_timer_.expires_after(limits_.idle_timeout / 4);
  heartbeat_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || !self->paused_ || self->phase_ != Phase::open) return;
    self->heartbeat();
    if (std::exchange(self->heartbeat_under_way_, true)) return;
    self->ws_.async_pong({}, [self](const error_code&) { self->heartbeat_under_way_ = false; });
  });
}

void Channel::set_idle_timeout(std::chrono::milliseconds timeout) {
  const bool never = timeout.count() == 0;
  ws_.set_option(websocket::stream_base::timeout{
      limits_.handshake_timeout, never ? websocket::stream_base::none() : timeout, !never});
}

// ---- Writing

void Channel::send(Frame frame) {
  if (phase_ != Phase::open) return;
  queue_.push_back(std::move(frame));
  if (!writing_) write_next();
}

void Channel::write_next() {
  writing_ = true;
  Frame frame = std::move(queue_.front());
  queue_.pop_front();
  const net::const_buffer bytes(frame.bytes().data(), frame.size_bytes());
  ws_.async_write(bytes, [self = shared_from_this(), frame = std::move(frame)](
                             const error_code& error, std::size_t) {
    self->writing_ = false;
    self->write_done(error);
  });
}

void Channel::write_done(error_code error) {
  if (phase_ == Phase::done || phase_ == Phase::closing) return;
  if (error) {
    // The read has seen why and is about to tell.
    if (reading_ && error == net::error::operation_aborted) return;
    return finish(lost(error));
  }
  if (!queue_.empty()) return write_next();
  if (phase_ == Phase::draining) return say_goodbye();
  on_drained();
}

// ---- Closing

void Channel::drain(CloseCode code, const std::string& text, const Closed& why) {
  phase_ = Phase::draining;
  goodbye_ = websocket::close_reason(code, close_text(text));
  goodbye_why_ = why;
  cut_after(limits_.goodbye_timeout, why);
  if (!writing_) say_goodbye();
}

void Channel::reject(CloseCode code, const std::string& text, const Closed& why) {
  queue_.clear();
  drain(code, text, why);
}

void Channel::say_goodbye() {
  phase_ = Phase::closing;
  ws_.async_close(goodbye_, [self = shared_from_this()](const error_code&) {
    self->finish(self->goodbye_why_);
  });
}

void Channel::cut_after(std::chrono::milliseconds timeout, const Closed& why) {
  deadline_.expires_after(timeout);
  const bool for_handshake = phase_ == Phase::handshake;
  deadline_.async_wait([self = shared_from_this(), why, for_handshake](const error_code& error) {
    // A timer that went off just before it was cancelled still comes here, without an error.
    if (error || for_handshake != (self->phase_ == Phase::handshake)) return;
    self->finish(why);
  });
}

}  // namespace coppice::wire
