#include "tests/store/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace coppice::store {
namespace {

std::array<int, 4> make_pipes() {
  std::array<int, 4> ends{};
  if (::pipe(ends.data()) != 0 || ::pipe(ends.data() + 2) != 0) {
    throw std::runtime_error("cannot make a pipe");
  }
  return ends;
}

int run(const std::function<bool(Line&)>& work, Line& line) {
  try {
    return work(line) ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child: %s\n", e.what());
  }
  return 1;
}

}  // namespace

void Line::tell() {
  const char byte = 1;
  // A reader that is gone shows in its exit code.
  [[maybe_unused]] const auto written = ::write(write_, &byte, 1);
}

bool Line::await() {
  char byte = 0;
  return ::read(read_, &byte, 1) == 1;
}

Child::Child(const std::function<bool(Line&)>& work)
    : pipes_(make_pipes()), line_(pipes_[0], pipes_[3]) {
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(pipes_[0]);
    ::close(pipes_[3]);
    Line line(pipes_[2], pipes_[1]);
    // Not exit(): the test's own objects are not this process's to destroy.
    ::_exit(run(work, line));
  }
  ::close(pipes_[1]);
  ::close(pipes_[2]);
}

Child::~Child() {
  if (pid_ > 0) {
    kill();
    wait();
  }
  ::close(pipes_[0]);
  ::close(pipes_[3]);
}

void Child::kill() { ::kill(pid_, SIGKILL); }

int Child::wait() {
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace coppice::store
