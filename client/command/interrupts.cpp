#include "client/command/interrupts.h"

#include <csignal>

namespace coppice::command {
namespace {

// A signal handler can reach nothing but a global.
volatile std::sig_atomic_t interrupted = 0;

void note(int) { interrupted = 1; }

void handle(int signal) {
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigaction(signal, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  handle(SIGINT);
  handle(SIGTERM);
}

bool Interrupts::pending() const { return interrupted != 0; }

}  // namespace coppice::command
