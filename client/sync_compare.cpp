// Comparing the replica with the authority, for those who ask for it (comparing.h).
#include <capnp/message.h>

#include "client/sync.h"

namespace coppice::client {

void Sync::compare(Promise<Comparison> promise) {
  if (!is_live()) {
    return promise.settle(
        error(Errc::offline,
              "Only a replica that is connected and up to date can be compared with the server. "
              "Connect, wait until it is live, and ask again."));
  }
  if (compare_) {
    return promise.settle(
        error(Errc::bad_request, "A comparison is going on already. Wait for its result."));
  }
  compare_ = std::make_unique<Compare>(Compare{Comparing(replica_), std::move(promise)});
  ask_compare();
}

void Sync::ask_compare() {
  capnp::MallocMessageBuilder message;
  compare_->comparing.ask(message.initRoot<protocol::ToServer>().initCompare());
  send(message);
}

void Sync::compared(protocol::Compared::Reader answer) {
  if (!compare_) return;
  const auto more = compare_->comparing.take(answer);
  if (!more) return end_compare(more.error());
  if (*more) return ask_compare();
  end_compare(compare_->comparing.result());
}

void Sync::end_compare(Result<Comparison> result) {
  if (auto compare = std::exchange(compare_, nullptr)) compare->promise.settle(std::move(result));
}

}  // namespace coppice::client
