#pragma once

#include <functional>
#include <thread>

namespace ldraw {

// Ends the program on Ctrl-C, SIGTERM and SIGHUP, after a clean-up that may do anything, as it runs
// on a thread of its own and not in a signal handler.
//
// REQUIRES: made before any other thread, so that all of them leave these signals to it.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> clean_up);
  Interrupt(const Interrupt&) = delete;
  ~Interrupt();

 private:
  void wait();

  std::function<void()> clean_up_;
  std::thread thread_;
};

}  // namespace ldraw
