#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "wire/command_loop.h"
#include "wire/websocket.h"
#include "wire/websocket_channel.h"

namespace coppice::wire {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::beast::string_view;
using boost::system::error_code;
using tcp = net::ip::tcp;

// No client of ours comes near; a browser's cookies don't matter here.
constexpr std::uint32_t kRequestHeaderBytesMax = 8 << 10;

// Beyond connections_max, this many more may be told why they are not let in; further ones are just
// cut.
constexpr std::size_t kTurnedAwayMax = 64;

// After a failed accept (no more file descriptors, most likely), before the next attempt.
constexpr std::chrono::milliseconds kAcceptAgainAfter{100};

struct Send {
  SessionId session;
  Frame frame;
};
struct Close {
  SessionId session;
  std::string text;
};
struct Consumed {
  SessionId session;
  std::size_t size_bytes = 0;
};
struct Stop {};
using Command = std::variant<Send, Close, Consumed, Stop>;

// What a request that we don't accept is told.
struct Refusal {
  http::status status;
  std::string text;
};

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

using Request = http::request<http::empty_body>;

// Everything about a request that does not depend on who else is connected. The WebSocket rules
// themselves are checked by Beast's accept.
std::optional<Refusal> refusal_of(const Request& request, const std::string& subprotocol) {
  if (!websocket::is_upgrade(request)) {
    return Refusal{http::status::upgrade_required,
                   "This is a Coppice server. It speaks WebSocket with the subprotocol " +
                       subprotocol + "; open it with a Coppice program."};
  }
  http::token_list offered(request[http::field::sec_websocket_protocol]);
  if (!offered.exists(subprotocol)) {
    return Refusal{http::status::bad_request,
                   "This is a Coppice server. The client must offer the WebSocket subprotocol " +
                       subprotocol + "."};
  }
  const string_view target = request.target();
  if (!target.starts_with('/') ||
      !is_database_name(std::string_view(target.data() + 1, target.size() - 1))) {
    return Refusal{
        http::status::not_found,
        "The path of the address must be the name of a database, as in ws://host:port/shop."};
  }
  return std::nullopt;
}

class ServerSession;

// What a session needs of its listener.
class Host {
 public:
  virtual ServerEvents& events() = 0;
  // Whether one more session may be opened; counts it if so.
  virtual bool admit() = 0;
  // The session has ended.
  virtual void forget(SessionId id, bool admitted) = 0;

 protected:
  ~Host() = default;
};

// A connection that came in: reads the HTTP request, answers it, and is a Channel if the answer was
// yes.
class ServerSession final : public Channel {
 public:
  ServerSession(tcp::socket socket, SessionId id, Host& host, const SessionLimits& limits)
      : Channel(std::move(socket), limits), id_(id), host_(host) {
    parser_.header_limit(kRequestHeaderBytesMax);
  }

  void start() {
    error_code error;
    ws_.next_layer().set_option(tcp::no_delay(true), error);
    const tcp::endpoint peer = ws_.next_layer().remote_endpoint(error);
    peer_ = error ? "unknown" : to_text(peer);
    prepare("The client did not finish its request in time.");
    http::async_read_header(
        ws_.next_layer(), bytes_, parser_,
        [self = shared()](const error_code& failed, std::size_t) { self->request_read(failed); });
  }

 private:
  std::shared_ptr<ServerSession> shared() {
    return std::static_pointer_cast<ServerSession>(shared_from_this());
  }

  void request_read(const error_code& error) {
    if (is_done()) return;
    if (error == http::error::end_of_stream || error == http::error::partial_message)
      return give_up();
    if (error.category() == http::make_error_code(http::error::bad_method).category()) {
      return answer(
          {http::status::bad_request, "This is a Coppice server, and that was not HTTP."});
    }
    if (error) return give_up();
    if (auto refusal = refusal_of(parser_.get(), limits_.subprotocol)) return answer(*refusal);
    if (bytes_.size() != 0) {
      return answer({http::status::bad_request, "The client sent more before it was let in."});
    }
    admitted_ = host_.admit();
    if (!admitted_) {
      return answer(
          {http::status::service_unavailable,
           "The server has as many connections as it allows. Try again later, or raise its "
           "connection limit."});
    }
    accept();
  }

  void accept() {
    ws_.set_option(websocket::stream_base::decorator(
        [subprotocol = limits_.subprotocol](websocket::response_type& response) {
          response.set(http::field::server, "coppice");
          response.set(http::field::sec_websocket_protocol, subprotocol);
        }));
    ws_.async_accept(parser_.get(),
                     [self = shared()](const error_code& error) { self->accepted(error); });
  }

  void accepted(const error_code& error) {
    if (is_done()) return;
    if (error) return give_up();
    opened_ = true;
    const string_view target = parser_.get().target().substr(1);
    host_.events().opened(id_, std::string(target.data(), target.size()), peer_);
    open();
  }

  void answer(const Refusal& refusal) {
    response_.result(refusal.status);
    response_.set(http::field::server, "coppice");
    response_.set(http::field::content_type, "text/plain; charset=utf-8");
    if (refusal.status == http::status::upgrade_required) {
      response_.set(http::field::upgrade, "websocket");
    }
    response_.keep_alive(false);
    response_.body() = refusal.text;
    response_.prepare_payload();
    http::async_write(ws_.next_layer(), response_,
                      [self = shared()](const error_code& error, std::size_t) {
                        if (error) return self->give_up();
                        self->linger();
                      });
  }

  // Reads until the peer has gone: closing with bytes unread would destroy the answer on its way.
  void linger() {
    websocket::async_teardown(boost::beast::role_type::server, ws_.next_layer(),
                              [self = shared()](const error_code&) { self->give_up(); });
  }

  // Ends a connection that has never been a session: nobody is told.
  void give_up() { finish({}); }

  void on_received(Frame frame) override { host_.events().received(id_, std::move(frame)); }
  void on_drained() override { host_.events().drained(id_); }
  void on_closed(const Closed& why) override {
    if (opened_) host_.events().closed(id_, why);
    host_.forget(id_, admitted_);
  }

  const SessionId id_;
  Host& host_;
  std::string peer_;
  bool admitted_ = false;
  bool opened_ = false;
  // The handshake.
  boost::beast::flat_buffer bytes_{2 * kRequestHeaderBytesMax};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
};

std::string advice(const error_code& error) {
  if (error == net::error::address_in_use) {
    return " Another program, perhaps another Coppice server, listens there: stop it, or choose "
           "another "
           "port.";
  }
  if (error == net::error::access_denied) {
    return " Choose a port from 1024 on, or give the program the right to use lower ones.";
  }
  if (error == boost::system::errc::address_not_available) {
    return " It must be an address of this machine; 0.0.0.0 stands for all of them.";
  }
  return "";
}

tcp::acceptor listen(net::io_context& io, const ServerOptions& options) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  const auto check = [&](const error_code& error) {
    if (error) {
      throw BindError("Cannot listen on " + where + ": " + error.message() + "." + advice(error));
    }
  };
  error_code error;
  const auto address = net::ip::make_address(options.address, error);
  if (error) {
    throw BindError(
        "Cannot listen on '" + options.address +
        "': it is not an IP address. Write 127.0.0.1 for this machine only, 0.0.0.0 for "
        "everyone who can reach it.");
  }
  const tcp::endpoint endpoint(address, options.port);
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  check(error);
  // A server that is started again need not wait until the old connections are forgotten.
  acceptor.set_option(net::socket_base::reuse_address(true), error);
  check(error);
  acceptor.bind(endpoint, error);
  check(error);
  acceptor.listen(net::socket_base::max_listen_connections, error);
  check(error);
  return acceptor;
}

}  // namespace

class WebSocketListener::Impl final : public Host {
 public:
  Impl(const ServerOptions& options, ServerEvents& events)
      : options_(options),
        events_(events),
        loop_(*this),
        acceptor_(listen(loop_.io(), options)),
        port_(acceptor_.local_endpoint().port()),
        accept_again_(loop_.io()) {
    accept();
    loop_.start();
  }

  std::uint16_t port() const { return port_; }
  void post(Command command) { loop_.post(std::move(command)); }
  void stop() { loop_.join(Stop{}); }

  void handle(Command& command) {
    std::visit([this](auto& some) { handle_one(some); }, command);
  }

  ServerEvents& events() override { return events_; }

  bool admit() override {
    if (admitted_count_ >= options_.connections_max) return false;
    ++admitted_count_;
    return true;
  }

  void forget(SessionId id, bool admitted) override {
    if (admitted) --admitted_count_;
    sessions_.erase(id.value);
  }

 private:
  void handle_one(Send& command) {
    if (auto session = find(command.session)) session->send(std::move(command.frame));
  }
  void handle_one(Close& command) {
    if (auto session = find(command.session)) {
      const auto code =
          command.text.empty() ? Channel::CloseCode::normal : Channel::CloseCode::policy_error;
      session->close(code, command.text);
    }
  }
  void handle_one(Consumed& command) {
    if (auto session = find(command.session)) session->consumed(command.size_bytes);
  }
  void handle_one(Stop&) {
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    std::vector<std::shared_ptr<ServerSession>> all;
    for (const auto& [id, session] : sessions_) all.push_back(session);
    for (const auto& session : all) session->close(Channel::CloseCode::going_away, "");
    loop_.finish();
  }

  // A copy: whatever is called on the session may make it forgotten.
  std::shared_ptr<ServerSession> find(SessionId id) const {
    const auto found = sessions_.find(id.value);
    return found == sessions_.end() ? nullptr : found->second;
  }

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;  // stopped
      if (error) return accept_later();
      admit_connection(std::move(socket));
      accept();
    });
  }

  void accept_later() {
    accept_again_.expires_after(kAcceptAgainAfter);
    accept_again_.async_wait([this](const error_code& error) {
      if (!error && acceptor_.is_open()) accept();
    });
  }

  void admit_connection(tcp::socket socket) {
    if (sessions_.size() >= options_.connections_max + kTurnedAwayMax) return;
    const SessionId id{++last_id_};
    auto session = std::make_shared<ServerSession>(std::move(socket), id, *this, options_.limits);
    sessions_.emplace(id.value, session);
    session->start();
  }

  const ServerOptions options_;
  ServerEvents& events_;
  // First of what touches sockets: they must be gone before it goes.
  CommandLoop<Command, Impl> loop_;
  // I/O thread only.
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  net::steady_timer accept_again_;
  std::uint64_t last_id_ = 0;
  std::size_t admitted_count_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<ServerSession>> sessions_;
};

WebSocketListener::WebSocketListener(const ServerOptions& options, ServerEvents& events)
    : impl_(std::make_unique<Impl>(options, events)) {}
WebSocketListener::~WebSocketListener() { stop(); }

std::uint16_t WebSocketListener::port() const { return impl_->port(); }
void WebSocketListener::stop() { impl_->stop(); }

void WebSocketListener::send(SessionId session, Frame frame) {
  impl_->post(Send{session, std::move(frame)});
}
void WebSocketListener::close(SessionId session, const std::string& text) {
  impl_->post(Close{session, text});
}
void WebSocketListener::consumed(SessionId session, std::size_t size_bytes) {
  impl_->post(Consumed{session, size_bytes});
}

}  // namespace coppice::wire
