#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/session.h"

namespace coppice::wire::test {

// Waits for something to come true that events make true: on a condition variable when they come
// from another thread, by stepping when there is something to step.
class Watch {
 public:
  using Step = std::function<bool()>;

  void step_with(Step step) { step_ = std::move(step); }

  template <class Change>
  void note(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  // False: it did not come true in time, or never can.
  template <class Predicate>
  bool until(Predicate predicate) {
    if (step_) {
      while (!predicate()) {
        if (!step_()) return predicate();
      }
      return true;
    }
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), predicate);
  }

  // Recursive: predicates read logs, which lock it too.
  std::recursive_mutex& mutex() { return mutex_; }

 private:
  std::recursive_mutex mutex_;
  std::condition_variable_any changed_;
  Step step_;
};

// What one end of one connection has been told, and whether the order of it was as promised.
struct Story {
  std::string database;
  std::string peer;
  bool opened = false;
  std::vector<Frame> received;
  std::size_t received_bytes = 0;
  std::size_t unconsumed_bytes = 0;
  std::size_t unconsumed_bytes_max = 0;  // at its worst
  std::size_t drained_count = 0;
  std::optional<Closed> closed;
  bool order_broken = false;

  void note_opened() {
    order_broken |= opened || closed.has_value();
    opened = true;
  }
  void note_received(Frame frame) {
    order_broken |= !opened || closed.has_value();
    received_bytes += frame.size_bytes();
    unconsumed_bytes += frame.size_bytes();
    unconsumed_bytes_max = std::max(unconsumed_bytes_max, unconsumed_bytes);
    received.push_back(std::move(frame));
  }
  void note_drained() {
    order_broken |= !opened || closed.has_value();
    ++drained_count;
  }
  void note_closed(const Closed& why) {
    order_broken |= closed.has_value();
    closed = why;
  }
};

class ServerLog : public ServerEvents {
 public:
  explicit ServerLog(Watch& watch) : watch_(watch) {}

  // Called after the event was noted, without the lock.
  std::function<void(SessionId, Frame)> on_received;
  std::function<void(SessionId)> on_opened;
  std::function<void(SessionId)> on_drained;

  Story story(SessionId session) const {
    const std::lock_guard lock(watch_.mutex());
    const auto found = stories_.find(session);
    return found == stories_.end() ? Story() : found->second;
  }
  std::vector<SessionId> sessions() const {
    const std::lock_guard lock(watch_.mutex());
    std::vector<SessionId> ids;
    for (const auto& [id, story] : stories_) ids.push_back(id);
    return ids;
  }
  SessionId last() const {
    const auto ids = sessions();
    return ids.empty() ? SessionId{} : ids.back();
  }
  void note_consumed(SessionId session, std::size_t size_bytes) {
    watch_.note([&] { stories_[session].unconsumed_bytes -= size_bytes; });
  }

  void opened(SessionId session, const std::string& database, const std::string& peer) override {
    watch_.note([&] {
      Story& story = stories_[session];
      story.note_opened();
      story.database = database;
      story.peer = peer;
    });
    if (on_opened) on_opened(session);
  }
  void received(SessionId session, Frame frame) override {
    watch_.note([&] { stories_[session].note_received(frame); });
    if (on_received) on_received(session, frame);
  }
  void drained(SessionId session) override {
    watch_.note([&] { stories_[session].note_drained(); });
    if (on_drained) on_drained(session);
  }
  void closed(SessionId session, const Closed& why) override {
    watch_.note([&] { stories_[session].note_closed(why); });
  }

 private:
  Watch& watch_;
  std::map<SessionId, Story> stories_;
};

// Of all connections of one client; the story is the last one's.
class ClientLog : public ClientEvents {
 public:
  explicit ClientLog(Watch& watch) : watch_(watch) {}

  std::function<void(Frame)> on_received;
  std::function<void()> on_opened;
  std::function<void()> on_closed;

  Story story() const {
    const std::lock_guard lock(watch_.mutex());
    return story_;
  }
  void begin() {
    watch_.note([&] { story_ = {}; });
  }
  void note_consumed(std::size_t size_bytes) {
    watch_.note([&] { story_.unconsumed_bytes -= size_bytes; });
  }

  void opened() override {
    watch_.note([&] { story_.note_opened(); });
    if (on_opened) on_opened();
  }
  void received(Frame frame) override {
    watch_.note([&] { story_.note_received(frame); });
    if (on_received) on_received(frame);
  }
  void drained() override {
    watch_.note([&] { story_.note_drained(); });
  }
  void closed(const Closed& why) override {
    watch_.note([&] { story_.note_closed(why); });
    if (on_closed) on_closed();
  }

 private:
  Watch& watch_;
  Story story_;
};

}  // namespace coppice::wire::test
