#pragma once

#include <functional>
#include <map>
#include <variant>
#include <vector>

#include "coppice/client.h"

namespace coppice::client {

// Who waits for the answer to which operation. A waiter lost with the process loses only the
// telling: the operation goes on. Threads: the writer's.
class Promises {
 public:
  using Waiting = std::variant<Promise<Accepted>, Promise<Borrow>, Promise<InLine>, Promise<Done>,
                               Promise<Leased>>;

  void wait(std::uint64_t operation, Waiting promise) {
    waiting_.emplace(operation, std::move(promise));
  }

  template <typename T>
  void settle(std::uint64_t operation, Result<T> result) {
    auto found = waiting_.find(operation);
    if (found == waiting_.end()) return;
    if (auto* promise = std::get_if<Promise<T>>(&found->second)) promise->settle(std::move(result));
    waiting_.erase(found);
  }

  void refuse(std::uint64_t operation, const Error& why) {
    auto found = waiting_.find(operation);
    if (found == waiting_.end()) return;
    std::visit([&](auto& promise) { promise.settle(why); }, found->second);
    waiting_.erase(found);
  }

  void refuse_all(const Error& why) {
    auto all = std::exchange(waiting_, {});
    for (auto& [operation, waiting] : all)
      std::visit([&](auto& promise) { promise.settle(why); }, waiting);
  }

 private:
  std::map<std::uint64_t, Waiting> waiting_;
};

}  // namespace coppice::client
