// The simulator as a program: runs random schedules until a time or a number is over, and shows the
// first failure.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "tests/simulation/replica_check.h"
#include "tests/simulation/schedule.h"

namespace coppice::simulation {
namespace {

struct Flags {
  std::string seeds;
  std::optional<std::uint64_t> seed;
  double hours = 0;
  int steps = 200;
  int shrink_seconds = 60;
  bool keep_going = false;
  bool verbose = false;
};

struct Range {
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
};

// Nothing: not of the form FIRST..LAST.
std::optional<Range> parse_range(const std::string& text) {
  unsigned long long first = 0, last = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%llu..%llu%n", &first, &last, &used) != 2) return std::nullopt;
  if (static_cast<std::size_t>(used) != text.size() || first > last) return std::nullopt;
  return Range{first, last};
}

class Runner {
 public:
  explicit Runner(const Flags& flags) : flags_(flags) {}

  // The program's exit code.
  int run(Range range) {
    for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
      if (flags_.verbose)
        std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
      if (auto failure = run_schedule(seed, flags_.steps)) {
        if (!flags_.keep_going) return show(std::move(*failure));
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                    failure->what.c_str());
        ++failed_;
      }
      if (++done_ % 1000 == 0) progress(seed);
      if (flags_.hours > 0 && seconds() > flags_.hours * 3600) break;
    }
    summary();
    return failed_ == 0 ? 0 : 1;
  }

 private:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  void progress(std::uint64_t seed) const {
    std::printf("%llu schedules, up to seed %llu, %.0f s\n", static_cast<unsigned long long>(done_),
                static_cast<unsigned long long>(seed), seconds());
    std::fflush(stdout);
  }

  int show(Failure failure) {
    std::printf("%s\n", report(failure).c_str());
    if (flags_.shrink_seconds > 0) {
      std::printf("Shrinking ...\n");
      std::fflush(stdout);
      std::printf("%s\n", report(shrink(std::move(failure), flags_.shrink_seconds)).c_str());
    }
    summary();
    return 1;
  }

  void summary() const {
    const Totals& all = totals();
    const auto& checks = ReplicaCheck::counts();
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%llu schedules of %d steps in %.1f s (%.0f a minute)\n", number(done_),
                flags_.steps, seconds(), static_cast<double>(done_) * 60 / seconds());
    std::printf(
        "accepted %llu, refused %llu, borrows granted %llu, requests repeated %llu, offers %llu, "
        "frames %llu\n",
        number(all.accepted), number(all.refused), number(all.grants),
        number(all.repeated_requests), number(all.offers), number(all.frames));
    for (const auto& [code, count] : all.refusals) {
      std::printf("  %s: %llu\n", to_string(static_cast<Errc>(code)), number(count));
    }
    std::printf(
        "replicas checked %llu times, %llu records: %llu compared, %llu of their own, %llu never "
        "seen at the authority\n",
        number(checks.runs), number(checks.records), number(checks.compared), number(checks.local),
        number(checks.unseen));
  }

  const Flags& flags_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
};

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "Runs random schedules of one authority and several clients, with faults, and checks what "
      "must hold.");
  app.add_option("--seeds", flags.seeds, "FIRST..LAST (default: 1..1000)");
  app.add_option("--seed", flags.seed, "run this schedule only");
  app.add_option("--hours", flags.hours, "run so long, from the first seed on");
  app.add_option("--steps", flags.steps, "actions of a schedule")->check(CLI::PositiveNumber);
  app.add_option("--shrink", flags.shrink_seconds,
                 "spend so many seconds on making a failure's trace shorter");
  app.add_flag("--keep-going", flags.keep_going, "print one line for each failure and go on");
  app.add_flag("--verbose", flags.verbose, "print each seed before it is run");
  CLI11_PARSE(app, argc, argv);

  Range range;
  if (flags.hours > 0) range.last = ~std::uint64_t{0} - 1;
  if (!flags.seeds.empty()) {
    const auto parsed = parse_range(flags.seeds);
    if (!parsed) {
      std::fprintf(stderr, "simulate: --seeds wants FIRST..LAST, as in 1..1000\n");
      return 2;
    }
    range = *parsed;
  }
  if (flags.seed) range = {*flags.seed, *flags.seed};
  report_aborts(flags.shrink_seconds);
  return Runner(flags).run(range);
}

}  // namespace
}  // namespace coppice::simulation

int main(int argc, char** argv) { return coppice::simulation::main(argc, argv); }
