// Random schedules: the same ones in every run, and a few that nobody has seen before.

#include <random>

#include "tests/simulation/schedule.h"
#include "tests/support/catch.h"

using namespace coppice::simulation;

namespace {

constexpr int kSteps = 200;
constexpr std::uint64_t kFixed = 300;
constexpr int kFresh = 30;

void run_one(std::uint64_t seed) {
  const auto failure = run_schedule(seed, kSteps);
  if (!failure) return;
  FAIL(report(*failure) << "Shorter: simulate --seed " << seed);
}

}  // namespace

TEST_CASE("every invariant holds in the schedules of fixed seeds", "[simulation]") {
  report_aborts();
  for (std::uint64_t seed = 1; seed <= kFixed; ++seed) run_one(seed);
  // A simulation in which nothing happens proves nothing.
  CHECK(totals().accepted > kFixed * 5);
  CHECK(totals().refused > kFixed / 10);
  CHECK(totals().grants > kFixed);
  CHECK(totals().repeated_requests > kFixed / 10);
}

TEST_CASE("every invariant holds in schedules of seeds nobody has tried", "[simulation]") {
  report_aborts();
  std::random_device device;
  for (int i = 0; i < kFresh; ++i) run_one((std::uint64_t{device()} << 16) ^ device());
}
