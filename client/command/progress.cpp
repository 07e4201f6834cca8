#include "client/command/progress.h"

#include <unistd.h>

#include <iostream>

namespace coppice::command {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr const char* kStartOfEmptyLine = "\r\033[K";

}  // namespace

Progress::Progress(Chatter chatter)
    : enabled_(chatter == Chatter::usual && isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& line) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || (shown_ && now - last_ < kPause)) return;
  std::cerr << kStartOfEmptyLine << line << std::flush;
  shown_ = true;
  last_ = now;
}

void Progress::clear() {
  if (!shown_) return;
  std::cerr << kStartOfEmptyLine << std::flush;
  shown_ = false;
}

}  // namespace coppice::command
