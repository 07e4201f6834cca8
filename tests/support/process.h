#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace coppice::test {

// How a process ended: with `code`, or by the signal `signal` (0: by none).
struct ProcessEnd {
  int code = 0;
  int signal = 0;
  bool operator==(const ProcessEnd&) const = default;
  // For the message of a failed check.
  friend std::ostream& operator<<(std::ostream& out, const ProcessEnd& end) {
    return out << "code " << end.code << ", signal " << end.signal;
  }
};

// A child process with its input given and its output kept. It is killed with this object, and by
// the kernel if the test itself dies.
//
// Threads: one thread at a time; a thread of its own reads what the child prints.
class Process {
 public:
  static constexpr std::chrono::seconds kPatience{120};

  // `command`: the program and its arguments. Throws if there is no such program.
  explicit Process(const std::vector<std::string>& command, std::string_view input = {});
  ~Process();
  Process(const Process&) = delete;

  void send_signal(int signal);
  // Its end, if it comes in time; from then on output() and errors() are complete.
  std::optional<ProcessEnd> wait(std::chrono::milliseconds at_most = kPatience);

  // What it has printed so far.
  std::string output() const;
  std::string errors() const;
  // Waits until both together contain `text`. False if it ended, or the time is over, without.
  bool wait_for_text(std::string_view text, std::chrono::milliseconds at_most = kPatience) const;

 private:
  void read_pipes(int output, int errors);

  pid_t pid_ = -1;
  std::optional<ProcessEnd> end_;
  std::thread reader_;
  // Any thread.
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string output_;
  std::string errors_;
  bool closed_ = false;
};

// Runs a command to its end. An end that does not come in time is signal 9.
struct Ran {
  ProcessEnd end;
  std::string output;
  std::string errors;
};
Ran run_to_end(const std::vector<std::string>& command, std::string_view input = {});

}  // namespace coppice::test
