#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <utility>
#include <variant>

#include "wire/close_text.h"
#include "wire/command_loop.h"
#include "wire/websocket.h"
#include "wire/websocket_channel.h"

namespace coppice::wire {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using tcp = net::ip::tcp;

// A refusal before the session is open comes as an HTTP body, which has room for a longer text.
constexpr std::size_t kRefusalBytesMax = 1000;

struct Connect {
  Url url;
};
struct Send {
  Frame frame;
};
struct Close {};
struct Consumed {
  std::size_t size_bytes = 0;
};
struct Stop {};
using Command = std::variant<Connect, Send, Close, Consumed, Stop>;

// One attempt to connect, and the connection if it succeeds.
class ClientSession final : public Channel {
 public:
  ClientSession(net::io_context& io, Url url, ClientEvents& events, const SessionLimits& limits)
      : Channel(tcp::socket(io), limits), url_(std::move(url)), events_(events), resolver_(io) {}

  void start() {
    prepare("The server at " + authority_of(url_) + " did not answer in time.");
    error_code error;
    const auto address = net::ip::make_address(url_.host, error);
    if (!error) {
      const tcp::endpoint endpoint(address, url_.port);
      return connect(tcp::resolver::results_type::create(endpoint, url_.host, ""));
    }
    resolver_.async_resolve(url_.host, std::to_string(url_.port),
                            [self = shared()](const error_code& failed, auto endpoints) {
                              if (self->is_done()) return;
                              if (failed) return self->unreachable(failed);
                              self->connect(endpoints);
                            });
  }

  bool has_ended() const { return is_done(); }

 private:
  std::shared_ptr<ClientSession> shared() {
    return std::static_pointer_cast<ClientSession>(shared_from_this());
  }

  void connect(const tcp::resolver::results_type& endpoints) {
    net::async_connect(ws_.next_layer(), endpoints,
                       [self = shared()](const error_code& error, const tcp::endpoint&) {
                         if (self->is_done()) return;
                         if (error) return self->unreachable(error);
                         self->shake_hands();
                       });
  }

  void shake_hands() {
    error_code ignored;
    ws_.next_layer().set_option(tcp::no_delay(true), ignored);
    ws_.set_option(websocket::stream_base::decorator(
        [subprotocol = limits_.subprotocol](websocket::request_type& request) {
          request.set(http::field::user_agent, "coppice");
          request.set(http::field::sec_websocket_protocol, subprotocol);
        }));
    ws_.async_handshake(response_, authority_of(url_), "/" + url_.database,
                        [self = shared()](const error_code& error) {
                          if (self->is_done()) return;
                          if (error) return self->handshake_failed(error);
                          self->hands_shaken();
                        });
  }

  void hands_shaken() {
    if (response_[http::field::sec_websocket_protocol] != limits_.subprotocol) {
      return finish({Closed::Reason::foreign, "What answers at " + authority_of(url_) +
                                                  " speaks WebSocket, but not " +
                                                  limits_.subprotocol +
                                                  ": it is not a Coppice server, "
                                                  "or one of another version."});
    }
    events_.opened();
    open();
  }

  void handshake_failed(const error_code& error) {
    const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
    const bool http_error =
        error.category() == http::make_error_code(http::error::bad_method).category();
    const bool websocket_error =
        error.category() == websocket::make_error_code(websocket::error::closed).category();
    if (gone || !(http_error || websocket_error)) return unreachable(error);
    if (error == websocket::error::upgrade_declined &&
        response_[http::field::server] == "coppice") {
      return finish({Closed::Reason::refused, close_text(response_.body(), kRefusalBytesMax)});
    }
    finish(
        {Closed::Reason::foreign,
         "What answers at " + authority_of(url_) + " is not a Coppice server: " + error.message() +
             (websocket_error ? " (HTTP " + std::to_string(response_.result_int()) + ")." : ".")});
  }

  void unreachable(const error_code& error) {
    finish({Closed::Reason::unreachable, "The server at " + authority_of(url_) +
                                             " cannot be reached: " + error.message() + "."});
  }

  void on_received(Frame frame) override { events_.received(std::move(frame)); }
  void on_drained() override { events_.drained(); }
  void on_closed(const Closed& why) override {
    resolver_.cancel();
    events_.closed(why);
  }

  const Url url_;
  ClientEvents& events_;
  tcp::resolver resolver_;
  websocket::response_type response_;
};

}  // namespace

class WebSocketConnector::Impl {
 public:
  Impl(const ClientOptions& options, ClientEvents& events)
      : options_(options), events_(events), loop_(*this) {
    loop_.start();
  }

  void post(Command command) { loop_.post(std::move(command)); }
  void stop() { loop_.join(Stop{}); }

  void handle(Command& command) {
    std::visit([this](auto& some) { handle_one(some); }, command);
  }

 private:
  void handle_one(Connect& command) {
    if (session_ && !session_->has_ended()) return;
    session_ = std::make_shared<ClientSession>(loop_.io(), std::move(command.url), events_,
                                               options_.limits);
    session_->start();
  }
  void handle_one(Send& command) {
    if (session_) session_->send(std::move(command.frame));
  }
  void handle_one(Close&) {
    if (session_) session_->close(Channel::CloseCode::normal, "");
  }
  void handle_one(Consumed& command) {
    if (session_) session_->consumed(command.size_bytes);
  }
  void handle_one(Stop&) {
    if (session_) session_->close(Channel::CloseCode::normal, "");
    session_.reset();
    loop_.finish();
  }

  const ClientOptions options_;
  ClientEvents& events_;
  // First of what touches sockets: they must be gone before it goes.
  CommandLoop<Command, Impl> loop_;
  // I/O thread only. Null before the first connect(); an ended one stays until the next.
  std::shared_ptr<ClientSession> session_;
};

WebSocketConnector::WebSocketConnector(const ClientOptions& options, ClientEvents& events)
    : impl_(std::make_unique<Impl>(options, events)) {}
WebSocketConnector::~WebSocketConnector() { stop(); }

void WebSocketConnector::connect(const Url& url) { impl_->post(Connect{url}); }
void WebSocketConnector::stop() { impl_->stop(); }

void WebSocketConnector::send(Frame frame) { impl_->post(Send{std::move(frame)}); }
void WebSocketConnector::close() { impl_->post(Close{}); }
void WebSocketConnector::consumed(std::size_t size_bytes) { impl_->post(Consumed{size_bytes}); }

}  // namespace coppice::wire
