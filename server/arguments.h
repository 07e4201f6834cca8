#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

#include "server/user_commands.h"

namespace coppice::server {

// What coppice-server was asked to do.
struct Arguments {
  enum class Job { serve, check, compact, user, audit };
  Job job = Job::serve;
  std::filesystem::path data;
  std::string address = "127.0.0.1";
  std::uint16_t port = 7400;
  std::string name = "main";
  std::string log_level = "info";
  double overdue_days = 7;
  double waiters_break_days = 7;  // negative: never
  UserCommand user;
  std::string audit_record;  // empty: all
  std::uint64_t audit_count = 1'000;
  bool use_last_ids = false;
};

// An exit code instead of a job: help was printed, or what is wrong.
struct ExitCode {
  int value = 0;
};

// Reads the command line; prints help, version and complaints itself. The only place that knows
// CLI11.
std::variant<Arguments, ExitCode> read_arguments(int count, char** texts);

}  // namespace coppice::server
