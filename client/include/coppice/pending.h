#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "coppice/error.h"

namespace coppice {

namespace internal {
// Both ends of a Pending share this. Callbacks are handed to `deliver`, which runs them where the
// client says.
template <typename T>
struct PendingState {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<T>> result;
  std::function<void(const Result<T>&)> callback;
  std::function<void(std::function<void()>)> deliver;
};
}  // namespace internal

// An answer of the authority that is on its way. A value; copies wait for the same answer. It may
// be dropped: what was asked for goes on.
//
// Threads: any. A callback given to then() runs inside Client::poll(), or on the sync thread if the
// client was opened with an event callback; never inside then() itself.
template <typename T>
class Pending {
 public:
  explicit Pending(std::shared_ptr<internal::PendingState<T>> state) : state_(std::move(state)) {}

  // REQUIRES: called at most once for one answer.
  void then(std::function<void(const Result<T>&)> callback) {
    std::unique_lock lock(state_->mutex);
    if (!state_->result) {
      state_->callback = std::move(callback);
      return;
    }
    auto deliver = state_->deliver;
    lock.unlock();
    deliver([state = state_, callback = std::move(callback)] { callback(*state->result); });
  }

  // The answer, if it has come.
  std::optional<Result<T>> result() const {
    std::lock_guard lock(state_->mutex);
    return state_->result;
  }

  // Waits for it: for programs without a loop of their own. REQUIRES: the client has its own sync
  // thread, and this is not it.
  Result<T> get() const {
    std::unique_lock lock(state_->mutex);
    state_->done.wait(lock, [&] { return state_->result.has_value(); });
    return *state_->result;
  }

 private:
  std::shared_ptr<internal::PendingState<T>> state_;
};

// The other end: the client's.
template <typename T>
class Promise {
 public:
  explicit Promise(std::function<void(std::function<void()>)> deliver)
      : state_(std::make_shared<internal::PendingState<T>>()) {
    state_->deliver = std::move(deliver);
  }
  Pending<T> pending() const { return Pending<T>(state_); }
  void settle(Result<T> result) {
    std::unique_lock lock(state_->mutex);
    if (state_->result) return;
    state_->result.emplace(std::move(result));
    state_->done.notify_all();
    if (!state_->callback) return;
    auto callback = std::exchange(state_->callback, nullptr);
    auto deliver = state_->deliver;
    lock.unlock();
    deliver([state = state_, callback = std::move(callback)] { callback(*state->result); });
  }

 private:
  std::shared_ptr<internal::PendingState<T>> state_;
};

}  // namespace coppice
