#include "client/websocket_transport.h"

#include "wire/url.h"
#include "wire/websocket.h"

namespace coppice::client {
namespace {

class WebSocketTransport : public Transport {
 public:
  explicit WebSocketTransport(wire::ClientEvents& events)
      : connector_(wire::ClientOptions{}, events) {}

  // REQUIRES: parse_url accepts it; Client::connect has asked.
  void connect(const std::string& url) override { connector_.connect(*wire::parse_url(url)); }
  void send(wire::Frame frame) override { connector_.send(std::move(frame)); }
  void consumed(std::size_t size_bytes) override { connector_.consumed(size_bytes); }
  void close() override { connector_.close(); }

 private:
  wire::WebSocketConnector connector_;
};

}  // namespace

std::unique_ptr<Transport> make_websocket_transport(wire::ClientEvents& events) {
  return std::make_unique<WebSocketTransport>(events);
}

}  // namespace coppice::client
