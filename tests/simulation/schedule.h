#pragma once

// A random schedule: what a seed makes happen, and how a failure is told.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/action.h"

namespace coppice::simulation {

struct Failure {
  std::uint64_t seed = 0;
  std::string what;
  std::vector<Action> actions;
};

// Runs `steps` actions and then converges. Nothing: all held.
std::optional<Failure> run_schedule(std::uint64_t seed, int steps);
// Runs these actions in the world of that seed instead.
std::optional<Failure> replay(std::uint64_t seed, const std::vector<Action>& actions);

// Drops actions as long as what is left still fails, each try in a process of its own, for an abort
// or an endless loop is a failure too. For about so many seconds.
Failure shrink(Failure failure, int seconds_max);

// The seed, what is wrong, and a test that shows it, to be pasted into scenarios_test.cpp.
std::string report(const Failure& failure);

// From now on a process that aborts within a schedule prints its seed and trace first, made shorter
// for about so many seconds.
void report_aborts(int shrink_seconds = 0);

// What all schedules of this process together did.
struct Totals {
  std::uint64_t schedules = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t grants = 0;
  std::uint64_t repeated_requests = 0;
  std::uint64_t offers = 0;
  std::uint64_t frames = 0;
  std::map<int, std::uint64_t> refusals;
};
const Totals& totals();

}  // namespace coppice::simulation
