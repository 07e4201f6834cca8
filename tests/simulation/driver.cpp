#include "tests/simulation/driver.h"

#include <algorithm>
#include <numeric>

namespace coppice::simulation {
namespace {

using Kind = Action::Kind;

// How often each kind comes where nothing is switched off.
int usual_weight(Kind kind) {
  switch (kind) {
    case Kind::write:
      return 50;
    case Kind::check_out:
      return 25;
    case Kind::wait_in_line:
      return 6;
    case Kind::give_back:
      return 8;
    case Kind::break_borrow:
      return 5;
    case Kind::take_over:
      return 6;
    case Kind::hand_over:
      return 6;
    case Kind::accept:
      return 8;
    case Kind::nudge:
    case Kind::fetch_shelves:
      return 2;
    case Kind::lease:
      return 2;
    case Kind::discard_oldest_conflict:
      return 3;
    case Kind::connect:
      return 6;
    case Kind::disconnect:
      return 4;
    case Kind::cut:
      return 8;
    case Kind::crash:
      return 3;
    case Kind::crash_at_send:
      return 4;
    case Kind::skew_clock:
      return 1;
    case Kind::advance:
      return 6;
    case Kind::server_crash:
      return 1;
    case Kind::server_crash_at_send:
      return 4;
    default:
      return 0;  // deliver, restart and start have rules of their own
  }
}

// A record of a few machines' common interest is one of the youngest so many.
constexpr std::size_t kYoung = 6;

}  // namespace

template <std::size_t N>
int Driver::weighted(const std::array<int, N>& weights) {
  const int sum = std::accumulate(weights.begin(), weights.end(), 0);
  if (sum == 0) return 0;
  int drawn = static_cast<int>(below(static_cast<std::uint64_t>(sum)));
  int index = 0;
  while (drawn >= weights[static_cast<std::size_t>(index)]) {
    drawn -= weights[static_cast<std::size_t>(index++)];
  }
  return index;
}

Driver::Driver(std::uint64_t seed)
    : random_(seed),
      machines_(2 + static_cast<int>(below(4))),
      shared_user_(chance(30)),
      calm_(30 + static_cast<int>(below(50))),
      crashes_(chance(60)),
      cuts_(chance(70)) {
  for (int kind = 0; kind < Action::kKinds; ++kind) {
    const int weight = usual_weight(static_cast<Kind>(kind)) * static_cast<int>(1 + below(4));
    kinds_[static_cast<std::size_t>(kind)] = chance(20) ? 0 : weight;
  }
  const auto off = [&](Kind kind) { kinds_[static_cast<std::size_t>(kind)] = 0; };
  if (!crashes_) {
    for (const Kind kind :
         {Kind::crash, Kind::crash_at_send, Kind::server_crash, Kind::server_crash_at_send}) {
      off(kind);
    }
  }
  if (!cuts_) {
    off(Kind::cut);
    off(Kind::disconnect);
  }
  for (int& weight : writings_) weight = chance(20) ? 0 : static_cast<int>(1 + below(5));
  writings_[0] += 1;  // without records there is nothing to see
}

Action Driver::next(const Cluster& cluster) {
  if (auto action = repair(cluster)) return *action;
  if (chance(calm_)) return deliver();
  Action action;
  action.kind = static_cast<Kind>(weighted(kinds_));
  action.machine = static_cast<int>(below(static_cast<std::uint64_t>(machines_)));
  switch (action.kind) {
    case Kind::write:
      action.work = work(cluster, action.machine);
      break;
    case Kind::check_out:
      action.names = some_records(cluster, 4);
      break;
    case Kind::wait_in_line:
      action.names = some_records(cluster, 2);
      break;
    case Kind::give_back:
      action.names = chance(80) ? some_held(cluster, action.machine, 2) : some_records(cluster, 2);
      break;
    case Kind::break_borrow:
    case Kind::take_over:
    case Kind::nudge:
    case Kind::fetch_shelves:
      action.names = some_records(cluster, 2);
      break;
    case Kind::hand_over:
      action.names = chance(80) ? some_held(cluster, action.machine, 2) : some_records(cluster, 1);
      action.number = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(machines_)));
      break;
    case Kind::lease:
      action.number = static_cast<std::int64_t>(1 + below(30));
      break;
    case Kind::crash_at_send:
    case Kind::server_crash_at_send:
      action.number = static_cast<std::int64_t>(below(6));
      break;
    case Kind::skew_clock:
      action.number = static_cast<std::int64_t>(below(2'000'000)) - 1'000'000;
      break;
    case Kind::advance:
      action.number = static_cast<std::int64_t>(chance(70) ? below(5) : below(100));
      break;
    default:
      break;
  }
  return action;
}

// What is down comes up again soon, and the first thing everybody does is to connect: off line
// without a lease nothing can be made.
std::optional<Action> Driver::repair(const Cluster& cluster) {
  Action action;
  if (!const_cast<Cluster&>(cluster).server().running() && chance(25)) {
    action.kind = Kind::server_start;
    return action;
  }
  for (int index = 0; index < machines_; ++index) {
    const Machine& machine = *cluster.machines()[static_cast<std::size_t>(index)];
    action.machine = index;
    if (!machine.running() && chance(15)) {
      action.kind = Kind::restart;
      return action;
    }
    if (!machine.wants_connection() && chance(10)) {
      action.kind = Kind::connect;
      return action;
    }
  }
  return std::nullopt;
}

Action Driver::deliver() {
  Action action;
  action.kind = Kind::deliver;
  action.number = static_cast<std::int64_t>(1 + below(chance(50) ? 10 : 60));
  action.salt = below(1'000'000);
  return action;
}

Work Driver::work(const Cluster& cluster, int machine) {
  Work work;
  if (chance(10)) work.padding_bytes = static_cast<int>(1 + below(3000));
  switch (static_cast<Writing>(weighted(writings_))) {
    case Writing::create_kept:
      work.borrowing = Borrowing::kept;
      [[fallthrough]];
    case Writing::create:
      work.create = fresh_names();
      break;
    case Writing::edit:
      work.edit = some_held(cluster, machine, 3);
      break;
    case Writing::check_in_kept:
      work.borrowing = Borrowing::kept;
      [[fallthrough]];
    case Writing::check_in:
      work.check_in = some_held(cluster, machine, 4);
      break;
    case Writing::hand_in:
      work.hand_in = some_held(cluster, machine, 2);
      break;
    case Writing::mixed:
      work.create = fresh_names();
      work.check_in = some_held(cluster, machine, 2);
      if (chance(60)) work.set_state = some_records(cluster, 1);
      if (chance(50)) work.borrowing = Borrowing::kept;
      break;
    case Writing::next_revision:
      work.next_revision = some_held(cluster, machine, 1);
      break;
    case Writing::release:
      work.release = some_held(cluster, machine, 3);
      break;
    case Writing::remove:
      work.remove = some_held(cluster, machine, 1);
      break;
    case Writing::set_state:
      work.set_state = some_records(cluster, 2);
      break;
  }
  constexpr std::uint16_t kStates[] = {0, 10, 100, 200, 300, 11};
  work.state = kStates[below(std::size(kStates))];
  if (chance(80)) work.step = static_cast<int>(1 + below(3));
  // So few that machines meet in them, and not so few that nothing else happens.
  if (chance(30)) work.serial = static_cast<std::uint32_t>(1 + below(8));
  return work;
}

Names Driver::fresh_names() {
  Names names;
  const auto count = 1 + below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto drawn = below(10);
    const Tree tree = drawn < 6 ? Tree::part : drawn < 9 ? Tree::company : Tree::movement;
    names.push_back({tree, ++last_name_});
  }
  return names;
}

Names Driver::some_of(const Names& names, std::uint64_t most) {
  Names some;
  if (names.empty()) return some;
  const auto count = 1 + below(most);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Name& name = names[below(names.size())];
    if (std::ranges::find(some, name) == some.end()) some.push_back(name);
  }
  return some;
}

Names Driver::some_records(const Cluster& cluster, std::uint64_t most) {
  Names names;
  for (const auto& [name, key] : cluster.directory()) names.push_back(name);
  std::ranges::sort(names, std::greater<>(), &Name::number);
  if (names.size() > kYoung && chance(80)) names.resize(kYoung);
  return some_of(names, most);
}

Names Driver::some_held(const Cluster& cluster, int machine, std::uint64_t most) {
  Names names;
  const Machine& holder = *cluster.machines()[static_cast<std::size_t>(machine)];
  const auto held = holder.held();
  for (const auto& [name, key] : cluster.directory()) {
    if (held.contains(key.record())) names.push_back(name);
  }
  // Now and then what is not ours: it must be refused.
  if (names.empty() || chance(5)) return some_records(cluster, most);
  return some_of(names, most);
}

}  // namespace coppice::simulation
