#include "examples/ldraw/interrupt.h"

#include <csignal>
#include <iostream>

#include <unistd.h>

namespace ldraw {
namespace {

// Tells the thread that nobody needs it any more.
constexpr int kNoLonger = SIGUSR1;

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kNoLonger}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> clean_up) : clean_up_(std::move(clean_up)) {
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt() {
  pthread_kill(thread_.native_handle(), kNoLonger);
  thread_.join();
}

void Interrupt::wait() {
  const sigset_t signals = awaited_signals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  if (signal == kNoLonger) return;
  std::cerr << "\nldraw_story: interrupted" << std::endl;
  clean_up_();
  // No destructors: the other threads are still at work with what those would take away.
  _exit(128 + signal);
}

}  // namespace ldraw
