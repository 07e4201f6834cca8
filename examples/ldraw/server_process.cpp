#include "examples/ldraw/server_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ldraw {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kStartTimeMax = 20s;
constexpr auto kStopTimeMax = 10s;
constexpr auto kLookEvery = 2ms;
constexpr std::size_t kLastWordsBytesMax = 1000;
constexpr const char* kListening = "coppice-server: listening on ";

std::string read_from(const std::filesystem::path& file, std::uintmax_t begin) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  return {std::istreambuf_iterator<char>(in), {}};
}

// The URL in the line that says where the server listens, once the line is complete.
std::optional<std::string> listening_url(const std::string& log) {
  const auto line = log.find(kListening);
  if (line == std::string::npos) return std::nullopt;
  const auto begin = line + std::strlen(kListening);
  const auto end = log.find('\n', begin);
  if (end == std::string::npos) return std::nullopt;
  return log.substr(begin, end - begin);
}

std::optional<std::uint16_t> port_of(const std::string& url) {
  const auto colon = url.rfind(':');
  const int port = colon == std::string::npos ? 0 : std::atoi(url.c_str() + colon + 1);
  if (port <= 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

int code_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// The child's side of a fork, where only async-signal-safe calls are allowed. Never returns.
[[noreturn]] void become(char* const* arguments, int log, pid_t parent) {
  // The server ends with us even if we are killed; unless we were before we could say so.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

ServerProcess::ServerProcess(Options options) : options_(std::move(options)) {
  if (access(options_.program.c_str(), X_OK) == 0) return;
  throw std::runtime_error("There is no server program " + options_.program.string() +
                           ": build it, or name it with --server.");
}

ServerProcess::~ServerProcess() {
  if (pid_ != 0) kill();
}

void ServerProcess::start() {
  std::error_code no_log_yet;
  const auto log_size = std::filesystem::file_size(options_.log, no_log_yet);
  spawn();
  wait_until_it_listens(no_log_yet ? 0 : log_size);
}

void ServerProcess::spawn() {
  std::vector<std::string> arguments = {options_.program.string(),
                                        "--data",
                                        options_.data.string(),
                                        "--listen",
                                        "127.0.0.1:" + std::to_string(options_.port),
                                        "--name",
                                        options_.database};
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const int log = open(options_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) throw std::runtime_error("Cannot write " + options_.log.string() + ".");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(pointers.data(), log, parent);
  close(log);
  if (pid < 0) throw std::runtime_error("The server cannot be started: there is no more memory.");
  pid_ = pid;
}

void ServerProcess::wait_until_it_listens(std::uintmax_t log_begin) {
  const auto deadline = Clock::now() + kStartTimeMax;
  while (Clock::now() < deadline) {
    if (auto url = listening_url(read_from(options_.log, log_begin))) {
      url_ = *url;
      options_.port = port_of(url_).value_or(options_.port);
      return;
    }
    require_running();
    std::this_thread::sleep_for(kLookEvery);
  }
  throw std::runtime_error("The server does not listen after 20 seconds." + last_words());
}

void ServerProcess::require_running() {
  int code = 0;
  if (pid_ != 0 && !has_ended(code)) return;
  throw std::runtime_error("The server has ended with code " + std::to_string(code) + "." +
                           last_words());
}

std::uint64_t ServerProcess::private_bytes() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("RssAnon:")) return std::strtoull(line.c_str() + 8, nullptr, 10) * 1024;
  }
  return 0;
}

void ServerProcess::kill() {
  ::kill(pid_, SIGKILL);
  reap();
}

int ServerProcess::stop() {
  ::kill(pid_, SIGTERM);
  const auto deadline = Clock::now() + kStopTimeMax;
  int code = 0;
  while (Clock::now() < deadline) {
    if (has_ended(code)) return code;
    std::this_thread::sleep_for(kLookEvery);
  }
  throw std::runtime_error("The server does not end when it is asked to." + last_words());
}

void ServerProcess::end_now() noexcept {
  const pid_t pid = pid_;
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

int ServerProcess::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return code_of(status);
}

bool ServerProcess::has_ended(int& code) {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return false;
  pid_ = 0;
  code = code_of(status);
  return true;
}

std::string ServerProcess::last_words() const {
  std::string log = read_from(options_.log, 0);
  if (log.size() > kLastWordsBytesMax) log.erase(0, log.size() - kLastWordsBytesMax);
  if (log.empty()) return " It said nothing.";
  return " Its last words, of " + options_.log.string() + ":\n" + log;
}

}  // namespace ldraw
