#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace coppice::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kExecFailed = 127;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends;
    // Closed in every child but for the copies that become its standard streams: a pipe that
    // another child held open would never end.
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    from = ends[0];
    to = ends[1];
  }
  int from;
  int to;
};

// The input as a file that is deleted already: unlike a pipe it never makes the writer wait.
int file_of(std::string_view input) {
  std::FILE* file = std::tmpfile();
  if (!file) throw std::system_error(errno, std::generic_category(), "tmpfile");
  std::fwrite(input.data(), 1, input.size(), file);
  std::fflush(file);
  const int descriptor = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
  std::fclose(file);
  lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

// In the child, where only async-signal-safe calls are allowed.
[[noreturn]] void become(char* const* arguments, int input, int output, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  // Files and locks of the test itself are not the child's business.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execv(arguments[0], arguments);
  _exit(kExecFailed);
}

ProcessEnd end_of(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

// False when the pipe has ended.
bool read_some(int pipe, std::string& into) {
  std::array<char, 4096> bytes;
  const ssize_t count = read(pipe, bytes.data(), bytes.size());
  if (count > 0) into.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, std::string_view input) {
  if (access(command.at(0).c_str(), X_OK) != 0) {
    throw std::runtime_error("no such program: " + command[0]);
  }
  std::vector<std::string> texts = command;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);

  const Pipe output;
  const Pipe errors;
  const int in = file_of(input);
  // Until it has become another program, the child must not run this one's signal handlers: they
  // may want a lock that another thread held when it was copied.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_ = fork();
  if (pid_ == 0) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    become(arguments.data(), in, output.to, errors.to);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(in);
  close(output.to);
  close(errors.to);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  reader_ = std::thread([this, out = output.from, err = errors.from] { read_pipes(out, err); });
}

Process::~Process() {
  // Its whole group: children that it left behind would hold the pipes open.
  kill(-pid_, SIGKILL);
  if (!end_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  reader_.join();
}

void Process::read_pipes(int output, int errors) {
  std::array<pollfd, 2> pipes = {pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  const std::array<std::string*, 2> texts = {&output_, &errors_};
  int open = 2;
  while (open > 0) {
    if (poll(pipes.data(), pipes.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < pipes.size(); ++i) {
      if (pipes[i].fd < 0 || pipes[i].revents == 0) continue;
      std::lock_guard lock(mutex_);
      if (!read_some(pipes[i].fd, *texts[i])) {
        close(pipes[i].fd);
        pipes[i].fd = -1;  // poll() passes over it
        --open;
      }
    }
    changed_.notify_all();
  }
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void Process::send_signal(int signal) {
  if (!end_) kill(pid_, signal);
}

std::optional<ProcessEnd> Process::wait(std::chrono::milliseconds at_most) {
  if (end_) return end_;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, at_most, [&] { return closed_; })) return std::nullopt;
  }
  // Its streams are closed, so that its end is near.
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  end_ = end_of(status);
  return end_;
}

std::string Process::output() const {
  std::lock_guard lock(mutex_);
  return output_;
}

std::string Process::errors() const {
  std::lock_guard lock(mutex_);
  return errors_;
}

bool Process::wait_for_text(std::string_view text, std::chrono::milliseconds at_most) const {
  const auto found = [&] {
    return output_.find(text) != std::string::npos || errors_.find(text) != std::string::npos;
  };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [&] { return closed_ || found(); });
  return found();
}

Ran run_to_end(const std::vector<std::string>& command, std::string_view input) {
  Process process(command, input);
  const auto end = process.wait();
  return {end.value_or(ProcessEnd{.code = 0, .signal = SIGKILL}), process.output(),
          process.errors()};
}

}  // namespace coppice::test
