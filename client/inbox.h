#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "client/sync.h"

namespace coppice::client {

// What the connection's thread leaves for the sync thread. Bounded by the transport's inbound
// window: frames count until they are consumed. Threads: any.
class Inbox : public wire::ClientEvents {
 public:
  void opened() override { add({WireEvent::Kind::opened, {}, {}}); }
  void received(wire::Frame frame) override {
    add({WireEvent::Kind::received, std::move(frame), {}});
  }
  void drained() override {}
  void closed(const wire::Closed& why) override { add({WireEvent::Kind::closed, {}, why}); }

  // There is something to do though the connection says nothing: requests were queued, or the
  // program wants to stop.
  void wake() {
    std::lock_guard lock(mutex_);
    woken_ = true;
    arrived_.notify_all();
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    arrived_.notify_all();
  }

  std::deque<WireEvent> take() {
    std::lock_guard lock(mutex_);
    woken_ = false;
    return std::exchange(events_, {});
  }

  // Until something has come, `until` has passed, or stop() was called; false for the last.
  bool wait(std::optional<std::chrono::system_clock::time_point> until) {
    std::unique_lock lock(mutex_);
    auto ready = [&] { return woken_ || stopped_ || !events_.empty(); };
    if (until) {
      arrived_.wait_until(lock, *until, ready);
    } else {
      arrived_.wait(lock, ready);
    }
    return !stopped_;
  }

 private:
  void add(WireEvent event) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<WireEvent> events_;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace coppice::client
