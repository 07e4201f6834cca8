#pragma once

#include <optional>
#include <span>

#include <capnp/serialize.h>

#include "coppice/key.h"
#include "coppice/protocol.capnp.h"
#include "store/environment.h"

namespace coppice::client {

// A request as it lies in the outbox. A view: valid as long as the bytes are.
class StoredRequest {
 public:
  explicit StoredRequest(store::Bytes frame)
      : message_(kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.data()), frame.size() / 8),
                 capnp::ReaderOptions{.traversalLimitInWords = ~std::uint64_t{0} >> 8,
                                      .nestingLimit = 128}),
        request_(message_.getRoot<protocol::ToServer>().getRequest()) {}

  protocol::Request::Reader reader() const { return request_; }

  // The actions of a transaction of creates only, none of which keeps its borrow or leaves its
  // version open: the answer alone tells the headers (protocol.capnp, Accepted). Nothing for every
  // other request.
  std::optional<capnp::List<protocol::Action>::Reader> pure_creates() const {
    if (!request_.isTransaction()) return std::nullopt;
    const auto actions = request_.getTransaction().getActions();
    for (auto action : actions) {
      if (action.getKind() != protocol::Action::Kind::CREATE || action.getKeepBorrow() ||
          action.getSchemaVersion() == 0)
        return std::nullopt;
    }
    return actions;
  }

  // A body with the version that describes it. A view of the request.
  struct HandedIn {
    std::span<const std::uint64_t> body;
    std::uint32_t schema_version = 0;
  };
  // The last body that the transaction hands in for this record; nothing if it hands in none.
  std::optional<HandedIn> body_of(AnyKey key) const {
    std::optional<HandedIn> found;
    if (!request_.isTransaction()) return found;
    for (auto action : request_.getTransaction().getActions()) {
      if (action.getTree() != key.tree.value || action.getKey() != key.word.value ||
          action.getBody().size() == 0)
        continue;
      found = HandedIn{{reinterpret_cast<const std::uint64_t*>(action.getBody().begin()),
                        action.getBody().size() / 8},
                       action.getSchemaVersion()};
    }
    return found;
  }

 private:
  capnp::FlatArrayMessageReader message_;
  protocol::Request::Reader request_;
};

}  // namespace coppice::client
