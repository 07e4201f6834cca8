// coppice-server: the authority of one database behind a WebSocket.
//
// Threads: this one waits for signals; the core's decides (core_thread.h); the wire's moves bytes
// (wire/websocket.h).

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <random>

#include "server/arguments.h"
#include "server/audit_command.h"
#include "server/core_thread.h"
#include "server/invariants.h"
#include "server/log.h"
#include "server/server_core.h"
#include "store/compact.h"
#include "wire/websocket.h"

namespace coppice::server {
namespace {

constexpr double kDayUs = 24.0 * 3600 * 1'000'000;

// SIGINT and SIGTERM, blocked in every thread that starts from now on, and taken by wait().
class StopSignals {
 public:
  StopSignals() : main_(pthread_self()) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  // Until the first signal. A second one ends the process at once.
  void wait() {
    int signal = 0;
    sigwait(&set_, &signal);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }
  // As if a signal had come. From any thread.
  void raise() { pthread_kill(main_, SIGTERM); }

 private:
  const pthread_t main_;
  sigset_t set_;
};

int check(const Arguments& arguments) {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  store::Database database(arguments.data, store::Role::authority, options);
  const bool watched = ::isatty(STDERR_FILENO) != 0;
  CheckReport report(CheckReport::Side::authority, [&](std::uint64_t looked_at) {
    if (watched)
      std::fprintf(stderr, "\r%llu looked at", static_cast<unsigned long long>(looked_at));
    return true;
  });
  check_database(database, report);
  if (watched) std::fprintf(stderr, "\r\x1b[K");
  std::printf("%s", report.for_people().c_str());
  if (report.sound()) {
    std::printf("The database in %s is sound.\n", arguments.data.c_str());
  } else {
    std::printf("The database in %s is not sound. Findings: %llu.\n", arguments.data.c_str(),
                static_cast<unsigned long long>(report.count()));
  }
  return report.sound() ? 0 : 1;
}

int compact(const Arguments& arguments) {
  const auto done = store::compact(arguments.data, store::Role::authority);
  std::printf("Compacted: %llu bytes before, %llu after.\n",
              static_cast<unsigned long long>(done.bytes_before),
              static_cast<unsigned long long>(done.bytes_after));
  return 0;
}

std::string url_of(const Arguments& arguments, std::uint16_t port) {
  const bool ipv6 = arguments.address.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + arguments.address + "]" : arguments.address;
  return "ws://" + host + ":" + std::to_string(port) + "/" + arguments.name;
}

void warn_if_open(const Options& options, const ServerCore& core) {
  if (!core.has_users()) {
    options.log(LogLevel::warning,
                "the database has no users: everybody who can reach this server may change "
                "everything (coppice-server --data ... user add NAME --role admin)");
  }
}

int serve(const Arguments& arguments) {
  StopSignals signals;
  store::Database database(arguments.data, store::Role::authority);
  EventInbox inbox;

  Options options;
  options.database_name = arguments.name;
  options.overdue_us = static_cast<std::int64_t>(arguments.overdue_days * kDayUs);
  options.waiters_break_us = static_cast<std::int64_t>(arguments.waiters_break_days * kDayUs);
  options.use_last_ids = arguments.use_last_ids;
  options.log = log_to_standard_error(arguments.log_level);
  wire::ServerOptions listen;
  listen.address = arguments.address;
  listen.port = arguments.port;
  listen.limits.frame_size_bytes_max = options.frame_bytes;
  wire::WebSocketListener listener(listen, inbox);

  std::random_device device;
  ServerCore core(database, options, listener,
                  [&] { return std::uint64_t{device()} << 32 | device(); });
  warn_if_open(options, core);
  CoreThread thread(core, inbox, [&] { signals.raise(); });
  std::printf("coppice-server: listening on %s\n", url_of(arguments, listener.port()).c_str());
  std::fflush(stdout);

  signals.wait();
  options.log(LogLevel::info, "stopping");
  inbox.stop();
  thread.join();
  listener.stop();
  return 0;
}

int run(int count, char** texts) {
  const auto arguments = read_arguments(count, texts);
  if (const auto* code = std::get_if<ExitCode>(&arguments)) return code->value;
  try {
    const auto& job = std::get<Arguments>(arguments);
    switch (job.job) {
      case Arguments::Job::check:
        return check(job);
      case Arguments::Job::compact:
        return compact(job);
      case Arguments::Job::audit:
        return print_audit(job.data, job.audit_record, job.audit_count);
      case Arguments::Job::user:
        return run_user_command(job.data, job.user);
      case Arguments::Job::serve:
        return serve(job);
    }
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "coppice-server: %s\n", e.what());
    return 1;
  }
}

}  // namespace
}  // namespace coppice::server

int main(int count, char** texts) { return coppice::server::run(count, texts); }
