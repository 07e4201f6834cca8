// Borrows that end or move by another's will, each with the fault that hurts most.

#include "tests/simulation/cluster.h"
#include "tests/support/catch.h"

using namespace coppice;
using namespace coppice::simulation;

namespace {

// Alice and Bob are live, and Alice has borrowed what she made: parts 1 and 2.
struct Site {
  explicit Site(std::uint64_t seed = 1) : cluster(seed) {
    for (Machine* machine : {&alice, &bob}) {
      machine->connect();
      machine->lease(Tree::part, 50);
    }
    cluster.settle();
    alice.create({part(1), part(2)});
    cluster.settle();
    alice.check_out({part(1), part(2)});
    cluster.settle();
  }
  // Everything of the newest revision of a part that anybody can see at the authority.
  std::string trail(const Name& name) {
    return cluster.world().history.records().at(cluster.directory().at(name)).trail;
  }

  Cluster cluster;
  Machine& alice = cluster.client("alice");
  Machine& bob = cluster.client("bob");
};

}  // namespace

TEST_CASE("X9: the records of a device that is silent for ever are one break away",
          "[simulation]") {
  Site site;
  REQUIRE(site.alice.edit({part(1)}));
  site.alice.crash();
  REQUIRE(site.bob.create({part(3)}));
  site.cluster.settle();
  site.bob.check_out({part(1), part(2)});
  site.cluster.settle();
  CHECK_FALSE(site.bob.holds(part(1)));
  site.bob.break_borrow({part(1), part(2)});
  site.cluster.settle();
  site.bob.check_out({part(1), part(2)});
  site.cluster.settle();
  CHECK(site.bob.holds(part(1)));
  REQUIRE(site.bob.check_in({part(1), part(2)}));
  site.cluster.settle();
  site.cluster.converge();
}

TEST_CASE("X2, X11: a check-in that was under way when its borrow was broken is in the drawer",
          "[simulation]") {
  Site site;
  const std::string before = site.trail(part(1));
  site.alice.disconnect();
  site.cluster.settle();
  REQUIRE(site.alice.check_in({part(1)}));
  site.bob.break_borrow({part(1)});
  site.cluster.settle();
  site.bob.check_out({part(1)});
  site.cluster.settle();
  REQUIRE(site.bob.check_in({part(1)}));
  site.cluster.settle();
  const std::string bobs = site.trail(part(1));
  CHECK(bobs != before);
  site.cluster.converge();
  CHECK(site.trail(part(1)) == bobs);
  CHECK(site.alice.client().conflicts().size() == 1);
}

TEST_CASE("X3: edits that lost their borrow are in the drawer, whatever crashes", "[simulation]") {
  for (int sends = 0; sends < 8; ++sends) {
    Site site(static_cast<std::uint64_t>(sends) + 1);
    REQUIRE(site.alice.edit({part(1), part(2)}));
    site.cluster.server().crash_at_send(sends);
    site.alice.crash_at_send(sends % 3);
    site.bob.take_over({part(1)});
    site.bob.break_borrow({part(1), part(2)});
    site.cluster.deliver(60, static_cast<std::uint64_t>(sends));
    site.cluster.server().start();
    site.cluster.converge();
  }
}

TEST_CASE("K6: of an offer to hand over and a check-in at the same time, one comes first",
          "[simulation]") {
  for (std::uint64_t salt = 0; salt < 10; ++salt) {
    Site site(salt + 1);
    site.alice.hand_over({part(1)}, site.bob);
    site.cluster.settle();
    site.bob.accept();
    REQUIRE(site.alice.check_in({part(1)}));
    site.cluster.deliver(40, salt);
    site.cluster.converge();
  }
}
