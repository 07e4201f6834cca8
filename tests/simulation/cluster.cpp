#include "tests/simulation/cluster.h"

#include <algorithm>

#include "tests/simulation/replica_check.h"
#include "tests/simulation/violation.h"

namespace coppice::simulation {
namespace {

// Pauses between attempts to connect end well before that.
constexpr int kSettleSecondsMax = 600;
constexpr double kSettleSeconds = 0.25;
// A site that says so much without a pause never stops.
constexpr int kEventsMax = 200'000;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

}  // namespace

Settings Settings::of(std::uint64_t seed) {
  std::mt19937_64 random(seed ^ 0x5e771465);
  const auto one_of = [&](std::initializer_list<std::size_t> values) {
    return *(values.begin() + random() % values.size());
  };
  Settings settings;
  settings.server.part_bytes = one_of({200, 1000, 1 << 20});
  settings.server.unit_bytes_max = one_of({400, 2000, 16 << 20});
  settings.server.parts_per_drain = static_cast<int>(one_of({1, 2, 4}));
  settings.server.group_requests = one_of({1, 2, 256});
  settings.server.lease_count_max = one_of({3, 20, 1000});
  settings.server.overdue_us = static_cast<std::int64_t>(one_of({60, 3600})) * 1'000'000;
  settings.server.requests_in_flight = static_cast<std::uint32_t>(one_of({2, 64}));
  // Of the replicas' indexes, too.
  settings.server.index_runs.direct_max = one_of({0, 0, 2, 256});
  settings.server.index_runs.fan_out = one_of({2, 3});
  settings.server.index_runs.bytes_max = one_of({2'000, 10'000, 1 << 20});
  return settings;
}

Cluster::Cluster(std::uint64_t seed, Settings settings)
    : settings_(std::move(settings)), world_(seed) {
  world_.server_options = settings_.server;
  server_ = std::make_unique<ServerHost>(world_);
}

Cluster::~Cluster() = default;

Machine& Cluster::client(const std::string& name, const std::string& user) {
  for (const auto& machine : machines_) {
    if (machine->name() == name) return *machine;
  }
  machines_.push_back(
      std::make_unique<Machine>(world_, directory_, name, user.empty() ? name : user));
  return *machines_.back();
}

void Cluster::bury_the_dead() {
  server_->bury();
  for (const auto& machine : machines_) machine->bury();
}

void Cluster::deliver(int events, std::uint64_t salt) {
  world_.in_order = false;
  world_.random.seed(salt);
  for (int event = 1; event <= events; ++event) {
    const auto choice = world_.random() % 10;
    if (choice < 6) {
      world_.network.step();
    } else if (choice < 8 || machines_.empty()) {
      server_->step();
    } else {
      machines_[world_.random() % machines_.size()]->step();
    }
    bury_the_dead();
    if (event % settings_.check_every == 0) check();
  }
}

bool Cluster::step() {
  bool worked = world_.network.step();
  if (!worked) {
    worked = server_->step();
    for (const auto& machine : machines_) machine->step();
  }
  bury_the_dead();
  return worked;
}

void Cluster::settle_until(const std::function<bool()>& reached) {
  world_.in_order = true;
  const auto give_up = world_.now_us + kSettleSecondsMax * std::int64_t{1'000'000};
  for (int events = 0; !reached(); ++events) {
    require(events < kEventsMax, [] { return "X14: the site never comes to rest"; });
    // The second step is needed: a client's own step may have sent something.
    if (step() || step()) continue;
    if (reached()) return;
    require(world_.now_us < give_up, [&] {
      std::string text = "X14: no rest after " + std::to_string(kSettleSecondsMax) + " seconds:";
      for (const auto& machine : machines_) {
        if (!machine->running()) continue;
        const Status status = machine->client().status();
        text += " " + machine->name() + " is " + to_string(status.connection) + " at " +
                std::to_string(status.cursor) + " with " + std::to_string(status.outbox) +
                " in its outbox (" + status.reason + ") " + machine->trouble();
      }
      return text + "; the authority is at " + std::to_string(world_.history.head());
    });
    advance(kSettleSeconds);
  }
}

void Cluster::settle() {
  bool idle = false;
  settle_until([&] {
    // Two idle rounds in a row, since a client's step may send.
    if (!settled()) return idle = false;
    const bool was_idle = idle;
    idle = !step();
    return was_idle && idle;
  });
  check();
}

bool Cluster::settled() {
  if (!server_->running()) return true;
  return std::ranges::all_of(machines_, [&](const auto& machine) {
    if (!machine->running() || !machine->wants_connection()) return true;
    return machine->live() && machine->client().status().cursor == world_.history.head();
  });
}

void Cluster::check() {
  for (const auto& machine : machines_) {
    if (machine->running() && machine->take_dirty()) check(*machine);
  }
}

void Cluster::check(Machine& machine) { ReplicaCheck(world_, machine).run(); }

void Cluster::converge() {
  server_->crash_at_send(-1);
  server_->start();
  for (const auto& machine : machines_) {
    machine->crash_at_send(-1);
    machine->restart();
    machine->connect();
  }
  settle();
  world_.tap.check_borrows();
  for (const auto& [name, key] : directory_) {
    const auto& deeds = world_.ledger.deeds();
    const auto maker = std::ranges::find_if(deeds, [&, key = key](const auto& entry) {
      return std::ranges::find(entry.second.touched, key.record()) != entry.second.touched.end();
    });
    if (maker != deeds.end()) world_.tap.check_leases(maker->second.client, key);
  }
  const auto wrong = server_->check_invariants();
  require(wrong.empty(), [&] { return "the authority's store: " + joined(wrong); });
  for (const auto& machine : machines_) {
    ReplicaCheck(world_, *machine).run_converged();
    require(machine->all_answered(),
            [&] { return "X5: an answer to " + machine->name() + " never came"; });
    const auto broken = machine->client().check_invariants();
    require(broken.empty(),
            [&] { return "the replica of " + machine->name() + ": " + joined(broken); });
  }
}

}  // namespace coppice::simulation
