#pragma once

#include <chrono>
#include <string>

#include "client/command/command_line.h"

namespace coppice::command {

// One line on standard error that is written over and over; nothing at all if that is no terminal,
// or where quiet was asked for.
class Progress {
 public:
  explicit Progress(Chatter chatter);
  Progress(const Progress&) = delete;
  ~Progress();

  // At most ten times a second, whatever is asked for.
  void show(const std::string& line);
  // Takes the line away, before something else is printed.
  void clear();

 private:
  const bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace coppice::command
