#include "client/server_catalogue.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include <capnp/serialize.h>
#include <kj/exception.h>

#include "client/access_token.h"
#include "client/convert.h"
#include "coppice/protocol.capnp.h"
#include "wire/url.h"

namespace coppice::client {
namespace {

using Answer = Result<std::shared_ptr<const Catalogue>>;

wire::Frame question() {
  capnp::MallocMessageBuilder message;
  message.initRoot<protocol::ToServer>().setDescribe(protocol::VERSION);
  return to_frame(message);
}

wire::Frame introduction(const std::string& token) {
  capnp::MallocMessageBuilder message;
  message.initRoot<protocol::ToServer>().setToken(
      {reinterpret_cast<const kj::byte*>(token.data()), token.size()});
  return to_frame(message);
}

Error not_understood(const char* why) {
  return error(Errc::bad_request, std::string("The server's answer makes no sense: ") + why);
}

// One question, and what has come of the answer. Events come on the transport's thread.
class Asking final : public wire::ClientEvents {
 public:
  Asking(const TransportFactory& factory, std::string token)
      : token_(std::move(token)), transport_(factory(*this)) {}
  // Ends the transport's thread while everything that it calls is still there.
  ~Asking() { transport_.reset(); }

  Answer ask(const std::string& url, const std::function<bool()>& keep_waiting) {
    transport_->connect(url);
    std::unique_lock lock(mutex_);
    while (!answer_ && keep_waiting()) changed_.wait_for(lock, std::chrono::milliseconds(100));
    if (answer_) return *std::move(answer_);
    return error(Errc::cancelled, "Nobody waited for the answer of " + url + ".");
  }

  void opened() override {
    if (!token_.empty()) transport_->send(introduction(token_));
    transport_->send(question());
  }
  void received(wire::Frame frame) override {
    transport_->consumed(frame.size_bytes());
    try {
      read(frame);
    } catch (const kj::Exception& broken) {
      settle(not_understood(broken.getDescription().cStr()));
    }
  }
  void drained() override {}
  void closed(const wire::Closed& why) override { settle(error(Errc::offline, why.text)); }

 private:
  void read(const wire::Frame& frame) {
    const auto bytes = frame.bytes();
    capnp::FlatArrayMessageReader reader(kj::arrayPtr(
        reinterpret_cast<const capnp::word*>(bytes.data()), bytes.size() / sizeof(capnp::word)));
    const auto message = reader.getRoot<protocol::ToClient>();
    switch (message.which()) {
      case protocol::ToClient::CATALOGUE:
        return take(message.getCatalogue());
      case protocol::ToClient::DESCRIBED:
        return settle(std::shared_ptr<const Catalogue>(catalogue_));
      case protocol::ToClient::REFUSED:
        return settle(to_error(message.getRefused()));
      default:
        return;
    }
  }

  void take(capnp::List<protocol::TreeSchema>::Reader schemas) {
    for (const auto schema : schemas) {
      auto tree = TreeInfo::parse(schema);
      if (!tree) return settle(not_understood(tree.error().message.c_str()));
      catalogue_->put(*tree);
    }
  }

  // The first answer counts: after it the server says goodbye.
  void settle(Answer answer) {
    const std::lock_guard lock(mutex_);
    if (!answer_) answer_ = std::move(answer);
    changed_.notify_all();
  }

  const std::string token_;
  std::unique_ptr<Transport> transport_;
  // The transport's thread's.
  const std::shared_ptr<Catalogue> catalogue_ = std::make_shared<Catalogue>();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Answer> answer_;
};

}  // namespace

Result<std::shared_ptr<const Catalogue>> ask_for_catalogue(
    const std::string& url, const std::string& token, const TransportFactory& transport,
    const std::function<bool()>& keep_waiting) {
  if (auto parsed = wire::parse_url(url); !parsed)
    return error(Errc::bad_request, parsed.error().sentence);
  const auto token_bytes = parse_access_token(token);
  if (!token_bytes) return token_bytes.error();
  return Asking(transport, *token_bytes).ask(url, keep_waiting);
}

}  // namespace coppice::client
