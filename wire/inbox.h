#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace coppice::wire {

// Commands from any thread to one: collected under a lock, taken all at once. Ten thousand commands
// that come while the reader is busy cost it one wake-up.
template <class Command>
class Inbox {
 public:
  // True if the reader has to be woken: the command is the first since the last take().
  [[nodiscard]] bool push(Command command) {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    commands_.push_back(std::move(command));
    return commands_.size() == 1;
  }

  // Everything since the last time, in order, into `commands`, whose memory is used again.
  void take(std::vector<Command>& commands) {
    commands.clear();
    const std::lock_guard lock(mutex_);
    commands_.swap(commands);
  }

  // What comes from now on is dropped.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  std::mutex mutex_;
  // Under mutex_.
  std::vector<Command> commands_;
  bool closed_ = false;
};

}  // namespace coppice::wire
