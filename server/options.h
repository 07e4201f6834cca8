#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "coppice/key.h"
#include "store/run_limits.h"

namespace coppice::server {

enum class LogLevel { debug, info, warning, error };

// Everything about a server that may be chosen, and every limit of it. Limits that a client must
// know are told in the Welcome.
struct Options {
  // What the path of a URL must name.
  std::string database_name = "main";
  // For people, in the Welcome.
  std::string server_name = "coppice-server";

  // The largest message a client may send. The wire's limit should be the same or higher.
  std::uint32_t frame_bytes = 32u << 20;
  // The largest body. Must leave room in a frame for the request around it.
  std::uint32_t body_bytes = 4u << 20;
  // Actions of a transaction, and records of a borrow or a return.
  std::uint32_t actions_per_transaction = 100'000;
  // Requests of one client that are not answered yet; one more ends the connection.
  std::uint32_t requests_in_flight = 64;

  // A lease is at most this many ids.
  std::uint64_t lease_count_max = 4'000'000;
  // Ids of a tree. Leases stop when 90 % of it are given out, unless an administrator says that the
  // rest is to be used too.
  std::uint64_t id_space = kRecordIdMax;
  bool use_last_ids = false;

  // One group commit takes at most so much; what is left waits for the next. Larger groups cost
  // less for each request, and let the first one in the group wait longer.
  std::size_t group_bytes = std::size_t{32} << 20;
  std::size_t group_requests = 256;

  // Changes and first syncs travel in messages of about this size.
  std::size_t part_bytes = std::size_t{1} << 20;
  // The largest unit that a replica applies at once; it is encoded in memory, once for all sessions
  // that stand at the same cursor.
  std::size_t unit_bytes_max = std::size_t{16} << 20;
  // Parts given to a socket at a time. With part_bytes it bounds what one session holds in the
  // wire's queue.
  int parts_per_drain = 4;

  // Records looked at for comparisons between two group commits: some milliseconds.
  std::uint64_t compared_per_step = 20'000;

  // A snapshot of the database that anybody on this machine holds for longer is logged, once.
  std::int64_t snapshot_age_warning_us = 60'000'000;

  // How long a record is kept for the first in line.
  std::int64_t offer_us = 60'000'000;

  // A borrow is overdue when the server has run for so long without hearing of its holder. It never
  // ends by that.
  std::int64_t overdue_us = std::int64_t{7} * 24 * 3600 * 1'000'000;
  // Who waits for a record and has the right `break_overdue` may break its borrow when it has been
  // overdue for so long, by the server's uptime. Negative: never.
  std::int64_t waiters_break_us = std::int64_t{7} * 24 * 3600 * 1'000'000;
  // How often it is looked what is overdue.
  std::int64_t overdue_look_us = 60'000'000;
  // From one client for one record, at most one nudge in so long.
  std::int64_t nudge_pause_us = 60'000'000;
  // Of the unique indexes. Others are for simulations.
  store::RunLimits index_runs = {};

  // Empty: nothing is logged.
  std::function<void(LogLevel, const std::string&)> log;
};

// Texts for people are bounded, so that an answer fits into a frame whatever was said before.
inline constexpr std::size_t kNameBytesMax = 200;        // a client's device and user
inline constexpr std::size_t kPurposeBytesMax = 2'000;   // of a borrow
inline constexpr std::size_t kCommentBytesMax = 20'000;  // of a transaction
// Reasons in one refusal, and records in one wait: each carries texts.
inline constexpr std::size_t kReasonsMax = 1'000;
// Trees of a database: each takes a table of the environment.
inline constexpr std::size_t kTreesMax = 400;
// Versions of the schemas of all trees. They are kept for ever and named in every hello; more than
// one a day for forty years.
inline constexpr std::size_t kVersionsMax = 16'384;

}  // namespace coppice::server
