#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "coppice/event.h"

namespace coppice::client {

// Events and callbacks on their way to the application. Bounded: an application that does not poll
// gets one `missed` instead of all that it did not take. Threads: any.
class EventQueue {
 public:
  // Enough for many frames of a busy site; an event has a few hundred bytes.
  static constexpr std::size_t kEventsMax = 100'000;

  // With a callback, events and callbacks run by deliver() instead of take().
  explicit EventQueue(std::function<void(const Event&)> on_event)
      : on_event_(std::move(on_event)) {}

  void push(std::vector<Event> events) {
    if (events.empty()) return;
    std::lock_guard lock(mutex_);
    if (events_.size() + events.size() > kEventsMax) {
      events_.clear();
      events.clear();
      Event missed;
      missed.kind = Event::Kind::missed;
      events.push_back(std::move(missed));
    }
    for (auto& event : events) events_.push_back(std::move(event));
    arrived_.notify_all();
  }
  void push(Event event) {
    std::vector<Event> one;
    one.push_back(std::move(event));
    push(std::move(one));
  }
  void push_callback(std::function<void()> callback) {
    std::lock_guard lock(mutex_);
    callbacks_.push_back(std::move(callback));
    arrived_.notify_all();
    if (wake_) wake_();
  }
  // Called when there is a callback to deliver(); null: nobody is to be told. Must not call back.
  void set_wake(std::function<void()> wake) {
    std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }

  // For poll(): runs the callbacks, returns the events.
  std::vector<Event> take() {
    run_callbacks();
    std::lock_guard lock(mutex_);
    std::vector<Event> taken(std::make_move_iterator(events_.begin()),
                             std::make_move_iterator(events_.end()));
    events_.clear();
    return taken;
  }

  // With a callback: hands everything to it. Not under any lock.
  void deliver() {
    if (!on_event_) return;
    for (const Event& event : take()) on_event_(event);
  }

  bool wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, at_most,
                             [&] { return !events_.empty() || !callbacks_.empty(); });
  }

 private:
  void run_callbacks() {
    std::deque<std::function<void()>> callbacks;
    {
      std::lock_guard lock(mutex_);
      callbacks.swap(callbacks_);
    }
    for (auto& callback : callbacks) callback();
  }

  const std::function<void(const Event&)> on_event_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Event> events_;
  std::deque<std::function<void()>> callbacks_;
  std::function<void()> wake_;
};

}  // namespace coppice::client
