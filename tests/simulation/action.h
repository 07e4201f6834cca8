#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/cluster.h"

namespace coppice::simulation {

// One call of the simulation's language, as data: made by the driver, run, printed as C++, dropped
// by the shrinker.
struct Action {
  enum class Kind {
    // Of a machine.
    write,
    check_out,
    wait_in_line,
    give_back,
    break_borrow,
    take_over,
    hand_over,
    accept,
    nudge,
    fetch_shelves,
    lease,
    discard_oldest_conflict,
    connect,
    disconnect,
    cut,
    crash,
    crash_at_send,
    restart,
    skew_clock,
    // Of the cluster.
    deliver,
    advance,
    server_crash,
    server_crash_at_send,
    server_start,
  };
  static constexpr int kKinds = static_cast<int>(Kind::server_start) + 1;

  Kind kind = Kind::deliver;
  int machine = 0;
  Work work = {};
  Names names = {};
  std::int64_t number = 0;
  std::uint64_t salt = 0;
};

const std::vector<std::string>& machine_names();

void apply(Cluster& cluster, const Action& action);
// "alice.check_out({part(1)});"
std::string to_cpp(const Action& action);

}  // namespace coppice::simulation
