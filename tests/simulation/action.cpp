#include "tests/simulation/action.h"

namespace coppice::simulation {

using Kind = Action::Kind;

const std::vector<std::string>& machine_names() {
  static const std::vector<std::string> names = {"alice", "bob", "carol", "dave", "erin"};
  return names;
}

void apply(Cluster& cluster, const Action& action) {
  Machine& machine = *cluster.machines().at(static_cast<std::size_t>(action.machine));
  const int number = static_cast<int>(action.number);
  switch (action.kind) {
    case Kind::write:
      machine.write(action.work);
      return;
    case Kind::check_out:
      return machine.check_out(action.names);
    case Kind::wait_in_line:
      return machine.wait_in_line(action.names);
    case Kind::give_back:
      return machine.give_back(action.names);
    case Kind::break_borrow:
      return machine.break_borrow(action.names);
    case Kind::take_over:
      return machine.take_over(action.names);
    case Kind::hand_over:
      return machine.hand_over(action.names,
                               *cluster.machines().at(static_cast<std::size_t>(number)));
    case Kind::accept:
      return machine.accept();
    case Kind::nudge:
      return machine.nudge(action.names);
    case Kind::fetch_shelves:
      return machine.fetch_shelves(action.names);
    case Kind::lease:
      return machine.lease(Tree::part, static_cast<std::uint64_t>(number));
    case Kind::discard_oldest_conflict:
      return machine.discard_oldest_conflict();
    case Kind::connect:
      return machine.connect();
    case Kind::disconnect:
      return machine.disconnect();
    case Kind::cut:
      return machine.cut();
    case Kind::crash:
      return machine.crash();
    case Kind::crash_at_send:
      return machine.crash_at_send(number);
    case Kind::restart:
      return machine.restart();
    case Kind::skew_clock:
      return machine.skew_clock(action.number);
    case Kind::deliver:
      return cluster.deliver(number, action.salt);
    case Kind::advance:
      return cluster.advance(static_cast<double>(number));
    case Kind::server_crash:
      return cluster.server().crash();
    case Kind::server_crash_at_send:
      return cluster.server().crash_at_send(number);
    case Kind::server_start:
      return cluster.server().start();
  }
}

std::string to_cpp(const Action& action) {
  const std::string who = machine_names().at(static_cast<std::size_t>(action.machine)) + ".";
  const std::string number = std::to_string(action.number);
  const std::string names = to_cpp(action.names);
  switch (action.kind) {
    case Kind::write:
      return who + "write(" + to_cpp(action.work) + ");";
    case Kind::check_out:
      return who + "check_out(" + names + ");";
    case Kind::wait_in_line:
      return who + "wait_in_line(" + names + ");";
    case Kind::give_back:
      return who + "give_back(" + names + ");";
    case Kind::break_borrow:
      return who + "break_borrow(" + names + ");";
    case Kind::take_over:
      return who + "take_over(" + names + ");";
    case Kind::hand_over:
      return who + "hand_over(" + names + ", " +
             machine_names().at(static_cast<std::size_t>(action.number)) + ");";
    case Kind::accept:
      return who + "accept();";
    case Kind::nudge:
      return who + "nudge(" + names + ");";
    case Kind::fetch_shelves:
      return who + "fetch_shelves(" + names + ");";
    case Kind::lease:
      return who + "lease(Tree::part, " + number + ");";
    case Kind::discard_oldest_conflict:
      return who + "discard_oldest_conflict();";
    case Kind::connect:
      return who + "connect();";
    case Kind::disconnect:
      return who + "disconnect();";
    case Kind::cut:
      return who + "cut();";
    case Kind::crash:
      return who + "crash();";
    case Kind::crash_at_send:
      return who + "crash_at_send(" + number + ");";
    case Kind::restart:
      return who + "restart();";
    case Kind::skew_clock:
      return who + "skew_clock(" + number + ");";
    case Kind::deliver:
      return "cluster.deliver(" + number + ", " + std::to_string(action.salt) + ");";
    case Kind::advance:
      return "cluster.advance(" + number + ");";
    case Kind::server_crash:
      return "cluster.server().crash();";
    case Kind::server_crash_at_send:
      return "cluster.server().crash_at_send(" + number + ");";
    case Kind::server_start:
      return "cluster.server().start();";
  }
  return {};
}

}  // namespace coppice::simulation
