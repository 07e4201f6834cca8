#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace coppice::store {

// Lets many transactions in, or one that changes the map while there is none; and knows who is in.
//
// LMDB moves its map when that must grow, and every view of every transaction of this process with
// it: so growth waits until all are over. Threads: any.
class Gate {
 public:
  using Clock = std::chrono::steady_clock;
  struct Visitor {
    std::thread::id thread;
    Clock::time_point since;
    std::string name;  // given by who reads; may be empty
  };
  using Place = std::list<Visitor>::iterator;

  Place enter(std::string_view name);
  void leave(Place place);
  std::vector<Visitor> visitors() const;

  // Runs `fn` when nobody is in. Throws StorageError if that cannot come, because somebody who is
  // in was let in by this very thread, or if it does not come within `patience`.
  template <typename F>
  void alone(std::chrono::milliseconds patience, F&& fn) {
    std::unique_lock lock(mutex_);
    const Closing closing(*this);
    wait_until_empty(lock, patience);
    fn();
  }
  // The same, however long it takes: for the end.
  template <typename F>
  void alone(F&& fn) {
    std::unique_lock lock(mutex_);
    const Closing closing(*this);
    changed_.wait(lock, [&] { return inside_.empty(); });
    fn();
  }

 private:
  // Nobody new comes in meanwhile.
  struct Closing {
    explicit Closing(Gate& gate) : gate(gate) { gate.closed_ = true; }
    ~Closing() {
      gate.closed_ = false;
      gate.changed_.notify_all();
    }
    Gate& gate;
  };
  void wait_until_empty(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds patience);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Visitor> inside_;
  bool closed_ = false;
};

}  // namespace coppice::store
