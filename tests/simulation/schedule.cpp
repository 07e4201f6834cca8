#include "tests/simulation/schedule.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>

#include "tests/simulation/driver.h"

namespace coppice::simulation {
namespace {

// A try of the shrinker that takes longer hangs.
constexpr unsigned kTrySecondsMax = 20;

// What an abort prints: a signal handler has nothing else to find it by.
const Failure* running = nullptr;
int shrink_aborts_seconds = 0;
Totals sums;

void add_up(const WireTap::Counts& counts) {
  ++sums.schedules;
  sums.accepted += counts.accepted;
  sums.refused += counts.refused;
  sums.grants += counts.grants;
  sums.repeated_requests += counts.repeated_requests;
  sums.offers += counts.offers;
  sums.frames += counts.frames;
  for (const auto& [code, count] : counts.refusals) sums.refusals[code] += count;
}

void make_machines(Cluster& cluster, const Driver& driver) {
  for (int index = 0; index < driver.machines(); ++index) {
    const auto& name = machine_names()[static_cast<std::size_t>(index)];
    cluster.client(name, driver.shared_user() && index < 2 ? "ann" : name);
  }
}

// Not async-signal-safe, but the process is lost anyway, and the trace is what is needed.
void print_and_die(int signal) {
  if (running != nullptr) {
    Failure failure = *running;
    failure.what = "aborted by signal " + std::to_string(signal);
    running = nullptr;
    std::fprintf(stderr, "%s\n", report(failure).c_str());
    if (shrink_aborts_seconds > 0) {
      failure = shrink(std::move(failure), shrink_aborts_seconds);
      std::fprintf(stderr, "Shrunk:\n%s\n", report(failure).c_str());
    }
    std::fflush(stderr);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// `next` gives the actions one after the other; nothing: that was all.
std::optional<Failure> run(std::uint64_t seed,
                           const std::function<std::optional<Action>(Cluster&)>& next) {
  Failure failure;
  failure.seed = seed;
  running = &failure;
  try {
    Cluster cluster(seed, Settings::of(seed));
    make_machines(cluster, Driver(seed));
    while (auto action = next(cluster)) {
      failure.actions.push_back(*action);
      apply(cluster, *action);
      cluster.check();
    }
    cluster.converge();
    add_up(cluster.world().tap.counts());
    running = nullptr;
    return std::nullopt;
  } catch (const std::exception& problem) {
    failure.what = problem.what();
  }
  running = nullptr;
  return failure;
}

// The part of a failure that stays the same while its trace gets shorter: "X11". As an exit code, 0
// and those of signals left out.
int exit_code_of(const std::string& what) {
  const auto name = std::string_view(what).substr(0, what.find(':'));
  return 1 + static_cast<int>(std::hash<std::string_view>()(name) % 100);
}

// What became of a run in a process of its own: 0, exit_code_of(), or the signal that ended it.
int outcome_in_child(std::uint64_t seed, const std::vector<Action>& actions) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    std::signal(SIGSEGV, SIG_DFL);
    sigset_t none;  // an abort's handler, where this may be called, has its signal blocked
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(255);
    ::alarm(kTrySecondsMax);
    const auto failure = replay(seed, actions);
    ::_exit(failure ? exit_code_of(failure->what) : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

const Totals& totals() { return sums; }

std::optional<Failure> run_schedule(std::uint64_t seed, int steps) {
  Driver driver(seed);
  int step = 0;
  return run(seed, [&](Cluster& cluster) -> std::optional<Action> {
    if (step++ >= steps) return std::nullopt;
    return driver.next(cluster);
  });
}

std::optional<Failure> replay(std::uint64_t seed, const std::vector<Action>& actions) {
  std::size_t index = 0;
  return run(seed, [&](Cluster&) -> std::optional<Action> {
    if (index >= actions.size()) return std::nullopt;
    return actions[index++];
  });
}

Failure shrink(Failure failure, int seconds_max) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_max);
  const int wanted = outcome_in_child(failure.seed, failure.actions);
  if (wanted == 0) return failure;  // it does not repeat: that is a failure of the simulator
  const auto time_left = [&] { return std::chrono::steady_clock::now() < end; };
  for (std::size_t size = std::max<std::size_t>(failure.actions.size() / 2, 1); size > 0;) {
    bool dropped = false;
    for (std::size_t at = 0; at < failure.actions.size() && time_left();) {
      auto fewer = failure.actions;
      const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(size, failure.actions.size() - at);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(count));
      if (outcome_in_child(failure.seed, fewer) == wanted) {
        failure.actions = std::move(fewer);
        dropped = true;
      } else {
        at += size;
      }
    }
    if (!time_left()) break;
    if (size > 1 || !dropped) size /= 2;
  }
  if (wanted < 128) {
    if (auto again = replay(failure.seed, failure.actions)) return *again;
  }
  return failure;
}

std::string report(const Failure& failure) {
  const std::string seed = std::to_string(failure.seed);
  const Driver driver(failure.seed);
  std::string text = "seed " + seed + ": " + failure.what + "\n";
  text += "TEST_CASE(\"schedule " + seed + "\", \"[simulation]\") {\n";
  text += "  Cluster cluster(" + seed + ", Settings::of(" + seed + "));\n";
  for (int index = 0; index < driver.machines(); ++index) {
    const auto& name = machine_names()[static_cast<std::size_t>(index)];
    const bool shared = driver.shared_user() && index < 2;
    text +=
        "  auto& " + name + " = cluster.client(\"" + name + (shared ? "\", \"ann" : "") + "\");\n";
  }
  for (const Action& action : failure.actions) text += "  " + to_cpp(action) + "\n";
  return text + "  cluster.converge();\n}\n";
}

void report_aborts(int shrink_seconds) {
  shrink_aborts_seconds = shrink_seconds;
  for (const int signal : {SIGABRT, SIGSEGV}) std::signal(signal, print_and_die);
}

}  // namespace coppice::simulation
