#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/client_implementation.h"

namespace coppice::client {

enum class Asked {
  on_line_only,  // refused at once with `offline` where there is no connection
  any_time,      // waits in the outbox
};

// Queues a request that only the server can decide, and promises its answer. `what` is what the
// server does: "lend records".
template <typename T>
Pending<T> ask(Client::Implementation& client, const char* what, Asked asked,
               const std::function<void(protocol::Request::Builder)>& fill) {
  auto promise = client.promise<T>();
  auto queued = client.as_writer([&]() -> Result<Done> {
    if (auto writable = client.writable(); !writable) return writable.error();
    if (asked == Asked::on_line_only && !client.sync.on_line()) {
      return error(Errc::offline, std::string("We are off line, and only the server can ") + what +
                                      ". Try again when it can be reached.");
    }
    client.sync.promises().wait(queue_request(client.replica, fill), promise);
    return Done{};
  });
  if (!queued) promise.settle(queued.error());
  client.wake();
  return promise.pending();
}

}  // namespace coppice::client
