#pragma once

// A whole site in one process and one thread: the server and its clients, with a network, a clock
// and chance that repeat exactly.
//
//   Cluster cluster(42);
//   auto& alice = cluster.client("alice");
//   alice.connect();
//   cluster.settle();
//   alice.create({part(1)});
//   cluster.settle();
//   cluster.converge();
//
// Nothing happens between the machines but in step(), deliver(), settle() and converge(). Checks
// throw a Violation.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/machine.h"
#include "tests/simulation/server_host.h"
#include "tests/simulation/world.h"

namespace coppice::simulation {

struct Settings {
  server::Options server;
  // After how many deliveries replicas that may have changed are checked.
  int check_every = 16;

  // The settings of a random schedule: small parts and groups, so that everything comes in pieces.
  static Settings of(std::uint64_t seed);
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed, Settings settings = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;

  // The machine of this name, which is made when it is first named, off line. `user`: its name, if
  // empty.
  Machine& client(const std::string& name, const std::string& user = {});
  ServerHost& server() { return *server_; }
  World& world() { return world_; }
  const Directory& directory() const { return directory_; }
  const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }

  // Lets the network deliver, or somebody work, so many times; who and what, `salt` decides.
  void deliver(int events, std::uint64_t salt);
  // Delivers everything in order, and lets time pass, until there is nothing to do and whoever
  // wants to be connected is live. Throws X14 if that does not come.
  void settle();
  // As settle(), but stops as soon as `reached` says so.
  void settle_until(const std::function<bool()>& reached);
  // Whoever is running and wants to be connected is live, with nothing in its outbox. True while
  // the server is down.
  bool settled();
  // One frame, or one piece of work; false: there is nothing to do at this moment.
  bool step();
  void advance(double seconds) { world_.now_us += static_cast<std::int64_t>(seconds * 1e6); }

  // Replicas that may have changed since they were looked at.
  void check();
  // Faults stop, everybody is on line: all become equal, and every invariant holds.
  void converge();

 private:
  void bury_the_dead();
  void check(Machine& machine);

  const Settings settings_;
  World world_;
  Directory directory_;
  std::unique_ptr<ServerHost> server_;
  std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace coppice::simulation
