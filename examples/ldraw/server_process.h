#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace ldraw {

// A coppice-server as a child process, which ends with this object at the latest, and with this
// program however that ends.
//
// Threads: one, but for end_now(). Failure: std::runtime_error with the server's last words.
class ServerProcess {
 public:
  struct Options {
    std::filesystem::path program;
    std::filesystem::path data;  // the database's folder
    std::filesystem::path log;   // what the server says is appended here
    std::string database;        // its name: the last part of the URL
    std::uint16_t port = 0;      // 0: any that is free, and the same again after a restart
  };

  explicit ServerProcess(Options options);
  ServerProcess(const ServerProcess&) = delete;
  ~ServerProcess();

  // Returns when the server listens. REQUIRES: it does not run.
  void start();
  // Where it listens: "ws://127.0.0.1:45678/ldraw".
  const std::string& url() const { return url_; }

  // Throws if it has ended by itself.
  void require_running();
  // Memory of its own, beside the pages of its files that it has mapped.
  std::uint64_t private_bytes() const;

  // SIGKILL: the server gets no chance to do anything.
  void kill();
  // Asks it to end, and returns its exit code. Throws if it does not within ten seconds.
  int stop();
  // From any thread, when the program is about to end: ends the server, and says nothing.
  void end_now() noexcept;

 private:
  void spawn();
  void wait_until_it_listens(std::uintmax_t log_begin);
  std::string last_words() const;
  // Waits for its end. The exit code, or 128 + the signal.
  int reap();
  // The same, if it has ended already.
  bool has_ended(int& code);

  Options options_;
  std::string url_;
  std::atomic<pid_t> pid_{0};  // 0: does not run
};

}  // namespace ldraw
