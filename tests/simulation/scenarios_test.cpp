// What people do, told in the simulation's language, each with the fault that hurts most.

#include <algorithm>

#include "tests/simulation/cluster.h"
#include "tests/support/catch.h"

using namespace coppice;
using namespace coppice::simulation;

namespace {

// Alice and Bob are live and have ids.
struct Site {
  explicit Site(std::uint64_t seed = 1, Settings settings = {})
      : cluster(seed, std::move(settings)) {
    for (Machine* machine : {&alice, &bob}) {
      machine->connect();
      for (const Tree tree : {Tree::part, Tree::company, Tree::movement}) machine->lease(tree, 50);
    }
    cluster.settle();
  }
  // The trail of the newest revision in the authority's store.
  std::string stored(const Name& name) { return newest(name)->second.trail; }
  std::uint64_t revisions(const Name& name) { return newest(name)->first.revision().value; }
  const RecordHeader& header(const Name& name) { return newest(name)->second.header; }

  Cluster cluster;
  Machine& alice = cluster.client("alice");
  Machine& bob = cluster.client("bob");

 private:
  std::map<AnyKey, History::Record>::const_iterator newest(const Name& name) {
    const AnyKey key = cluster.directory().at(name);
    const auto& records = cluster.world().history.records();
    auto after = records.upper_bound(AnyKey(key.tree, KeyWord(key.id(), Revision{kRevisionMax})));
    return --after;
  }
};

bool granted(const Machine& machine) {
  const auto answer = machine.borrow_answer();
  return answer && answer->has_value();
}

Errc refusal(const Machine& machine) {
  const auto answer = machine.borrow_answer();
  if (!answer || answer->has_value()) return Errc::none;
  return answer->error().code;
}

bool was_told(const Machine& machine, Event::Kind kind) {
  return std::ranges::any_of(machine.events(),
                             [&](const Event& event) { return event.kind == kind; });
}

}  // namespace

TEST_CASE("what is made off line reaches everybody", "[simulation]") {
  Site site;
  site.alice.disconnect();
  site.cluster.settle();
  REQUIRE(site.alice.create({part(1), company(2), movement(3)}));
  REQUIRE(site.alice.create({part(4)}));
  site.alice.connect();
  site.cluster.settle();
  CHECK(site.stored(part(1)) == site.stored(company(2)));
  site.cluster.converge();
}

TEST_CASE("a client without a lease makes nothing, and says so", "[simulation]") {
  Cluster cluster(1);
  CHECK_FALSE(cluster.client("alice").create({part(1)}));
}

TEST_CASE("a create whose answer is lost is applied once", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle_until([&] { return !site.cluster.world().history.records().empty(); });
  site.alice.cut();
  site.cluster.settle();
  CHECK(site.cluster.world().history.records().size() == 1);
  CHECK(site.cluster.world().tap.counts().repeated_requests +
            site.cluster.world().tap.counts().accepted >=
        1);
  site.cluster.converge();
}

TEST_CASE("a borrow whose answer is lost is the same borrow after the reconnect", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle_until([&] { return site.header(part(1)).token != 0; });
  const std::uint64_t token = site.header(part(1)).token;
  site.alice.cut();
  site.cluster.settle();
  CHECK(granted(site.alice));
  CHECK(site.alice.holds(part(1)));
  CHECK(site.header(part(1)).token == token);
  site.cluster.converge();
}

TEST_CASE("a server that dies between its commit and its answer answers again", "[simulation]") {
  for (int sends = 0; sends < 4; ++sends) {
    Site site;
    REQUIRE(site.alice.create({part(1), company(2)}));
    site.cluster.server().crash_at_send(sends);
    site.cluster.settle_until(
        [&] { return !site.cluster.server().running() || site.cluster.settled(); });
    site.cluster.server().start();
    site.cluster.settle();
    CHECK(site.stored(part(1)) == site.stored(company(2)));
    CHECK(site.header(part(1)).iteration == site.header(company(2)).iteration);
    site.cluster.converge();
  }
}

TEST_CASE("a borrow outlives restarts of both sides", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  site.cluster.server().crash();
  site.alice.crash();
  site.cluster.server().start();
  site.alice.restart();
  site.cluster.settle();
  CHECK(site.alice.holds(part(1)));
  CHECK(site.alice.check_in({part(1)}));
  site.cluster.settle();
  CHECK(site.header(part(1)).iteration == 2);
  CHECK(site.header(part(1)).token == 0);
  site.cluster.converge();
}

TEST_CASE("a borrow given off line to nobody: off line a check-out is refused at once",
          "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.disconnect();
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.alice.step();
  CHECK(refusal(site.alice) == Errc::offline);
  CHECK_FALSE(site.alice.edit({part(1)}));
}

TEST_CASE("only one of two gets a record, and the other is told who has it", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1), company(2)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  // All or none: the free company is not given either.
  site.bob.check_out({company(2), part(1)});
  site.cluster.settle();
  CHECK(granted(site.alice));
  REQUIRE(refusal(site.bob) == Errc::held);
  REQUIRE(site.bob.borrow_answer()->error().holder.has_value());
  CHECK(site.bob.borrow_answer()->error().holder->device == "alice");
  CHECK_FALSE(site.bob.holds(company(2)));
  CHECK_FALSE(site.bob.edit({part(1)}));
  site.cluster.converge();
}

TEST_CASE("who waits in line is offered the record when it comes back", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  site.bob.wait_in_line({part(1)});
  site.cluster.settle();
  REQUIRE(site.bob.line_answer().has_value());
  REQUIRE(site.bob.line_answer()->has_value());
  CHECK(site.bob.line_answer()->value().place == 1);

  auto& carol = site.cluster.client("carol");
  carol.connect();
  site.cluster.settle();
  REQUIRE(site.alice.check_in({part(1)}));
  site.cluster.settle_until([&] { return was_told(site.bob, Event::Kind::offered); });
  carol.check_out({part(1)});
  site.cluster.settle();
  CHECK(refusal(carol) == Errc::offered);
  site.bob.check_out({part(1)});
  site.cluster.settle();
  CHECK(site.bob.holds(part(1)));
  site.cluster.converge();
}

TEST_CASE("an offer that nobody takes ends", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  site.bob.wait_in_line({part(1)});
  site.cluster.settle();
  site.alice.give_back({part(1)});
  site.cluster.settle_until([&] { return was_told(site.bob, Event::Kind::offered); });
  site.bob.crash();
  site.cluster.settle();
  site.cluster.advance(61);
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  CHECK(site.alice.holds(part(1)));
}

TEST_CASE("a borrower edits off line, crashes, and checks in after its return", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  site.alice.disconnect();
  site.cluster.settle();
  REQUIRE(site.alice.edit({part(1)}));
  site.alice.crash();
  site.alice.restart();
  REQUIRE(site.alice.edit({part(1)}));
  REQUIRE(site.alice.check_in({part(1)}));
  site.cluster.advance(30 * 86400);
  site.alice.connect();
  site.cluster.settle();
  const auto trail = parse_trail(site.stored(part(1)));
  REQUIRE(trail.size() == 4);
  CHECK(trail[1].kind == Mark::Kind::edited);
  CHECK(trail[3].kind == Mark::Kind::checked_in);
  CHECK(site.header(part(1)).iteration == 2);
  site.cluster.converge();
}

TEST_CASE("a client that was away for long catches up with what is new only", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1), part(2), part(3)}));
  site.cluster.settle();
  site.bob.disconnect();
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(site.alice.write({.check_in = {part(1)}, .borrowing = Borrowing::kept}));
    site.cluster.settle();
  }
  site.cluster.advance(365 * 86400.0);
  const std::uint64_t snapshots = site.cluster.world().tap.counts().snapshots;
  site.bob.connect();
  site.cluster.settle();
  CHECK(site.cluster.world().tap.counts().snapshots == snapshots);
  site.cluster.converge();
}

TEST_CASE("a first sync that breaks off goes on where it was", "[simulation]") {
  Settings settings;
  settings.server.part_bytes = 200;
  settings.server.parts_per_drain = 1;
  Site site(1, settings);
  for (int number = 1; number <= 40; ++number) REQUIRE(site.alice.create({part(number)}));
  site.cluster.settle();

  auto& carol = site.cluster.client("carol");
  carol.connect();
  std::uint64_t done = 0;
  for (int breaks = 0; breaks < 3; ++breaks) {
    site.cluster.settle_until(
        [&] { return carol.client().status().records_done > done || site.cluster.settled(); });
    CHECK(carol.client().status().records_done > done);
    done = carol.client().status().records_done;
    if (breaks == 1) {
      carol.crash();
      carol.restart();
    }
    carol.cut();
    REQUIRE(site.alice.create({part(100 + breaks)}));
  }
  site.cluster.settle();
  site.cluster.converge();
}

TEST_CASE("a client that reconnects before its old connection is given up is served once",
          "[simulation]") {
  for (std::uint64_t salt = 1; salt <= 20; ++salt) {
    Site site(salt);
    REQUIRE(site.alice.create({part(1)}));
    site.cluster.deliver(3, salt);
    site.alice.crash();
    site.alice.restart();
    site.alice.create({part(2)});
    site.cluster.deliver(60, salt);
    site.cluster.converge();
  }
}

TEST_CASE("a transaction is whole wherever the connection is cut", "[simulation]") {
  for (std::uint64_t frames = 0;; ++frames) {
    Site site;
    REQUIRE(site.alice.create({part(1), company(2)}));
    site.cluster.settle();
    site.alice.check_out({part(1), company(2)});
    const std::uint64_t before = site.alice.frames();
    const auto reached = [&] { return site.alice.frames() >= before + frames; };
    site.cluster.settle_until([&] { return reached() || granted(site.alice); });
    REQUIRE((reached() || granted(site.alice)));
    const bool clean = !reached();
    if (!clean) site.alice.cut();
    site.cluster.settle();
    REQUIRE(site.alice.check_in({part(1), company(2)}));

    const std::uint64_t checked_in = site.alice.frames();
    const auto cut_again = [&] { return site.alice.frames() >= checked_in + frames; };
    site.cluster.settle_until([&] { return cut_again() || site.cluster.settled(); });
    if (cut_again()) site.alice.cut();
    site.cluster.settle();
    CHECK(site.stored(part(1)) == site.stored(company(2)));
    CHECK(site.header(part(1)).iteration == 2);
    site.cluster.converge();
    if (clean) break;
    REQUIRE(frames < 50);
  }
}

TEST_CASE("a client that dies at any of its sends loses nothing", "[simulation]") {
  for (int sends = 0; sends < 8; ++sends) {
    Site site;
    site.alice.crash_at_send(sends);
    site.alice.create({part(1), company(2)});
    site.cluster.settle_until([&] { return !site.alice.running() || site.cluster.settled(); });
    site.alice.check_out({part(1)});
    site.cluster.settle_until([&] { return !site.alice.running() || site.cluster.settled(); });
    site.alice.restart();
    site.cluster.settle();
    CHECK(site.stored(part(1)) == site.stored(company(2)));
    site.cluster.converge();
  }
}

TEST_CASE("a transaction that is refused is wholly in the drawer", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  site.alice.check_out({part(1)});
  site.cluster.settle();
  REQUIRE(site.alice.release({part(1)}));
  site.cluster.settle();
  site.alice.disconnect();
  site.cluster.settle();
  REQUIRE(site.bob.write({.set_state = {part(1)}, .state = 200}));
  site.cluster.settle();
  REQUIRE(
      site.alice.write({.create = {part(2), company(3)}, .set_state = {part(1)}, .state = 200}));
  site.alice.connect();
  site.cluster.settle();
  REQUIRE(site.alice.client().conflicts().size() == 1);
  CHECK(site.alice.client().conflicts().front().reasons.front().code == Errc::state_conflict);
  CHECK(site.cluster.world().history.records().size() == 1);
  CHECK(site.header(part(1)).state == 200);
  site.cluster.converge();
  site.alice.discard_oldest_conflict();
  CHECK(site.alice.client().conflicts().empty());
  site.cluster.converge();
}

TEST_CASE("a release train in miniature arrives whole", "[simulation]") {
  Site site;
  REQUIRE(site.alice.create({part(1), part(2), part(3)}));
  site.cluster.settle();
  for (int train = 1; train <= 3; ++train) {
    const Names cars = {part(1), part(2), part(3)};
    site.alice.check_out(cars);
    site.cluster.settle();
    REQUIRE(granted(site.alice));
    if (train > 1) {
      REQUIRE(site.alice.write({.next_revision = cars}));
      site.cluster.settle();
    }
    REQUIRE(site.alice.write({.check_in = cars, .borrowing = Borrowing::kept}));
    site.cluster.settle();
    REQUIRE(site.alice.release(cars));
    site.cluster.settle();
    for (const Name& car : cars) {
      CHECK(site.revisions(car) == static_cast<std::uint64_t>(train));
      CHECK(site.header(car).released());
      CHECK(site.header(car).token == 0);
    }
    CHECK(site.stored(part(1)) == site.stored(part(3)));
  }
  CHECK_FALSE(site.alice.edit({part(1)}));
  site.cluster.converge();
}

TEST_CASE("D3, F16: clocks that are wrong change nothing", "[simulation]") {
  Site site;
  site.alice.skew_clock(10 * 365 * 86400LL);
  site.bob.skew_clock(-10 * 365 * 86400LL);
  REQUIRE(site.alice.create({part(1)}));
  site.cluster.settle();
  REQUIRE(site.bob.create({part(2)}));
  site.cluster.settle();
  CHECK(site.header(part(2)).changed_us <= site.cluster.world().now_us);
  site.cluster.converge();
}

TEST_CASE("a record whose draft was removed is borrowed by another", "[simulation]") {
  // The shrunk trace of seed 29819, which took the borrow in the tombstone for a record that came
  // back.
  Cluster cluster(29819, Settings::of(29819));
  auto& carol = cluster.client("carol");
  auto& bob = cluster.client("bob");
  carol.connect();
  bob.connect();
  cluster.settle();
  carol.write({.create = {part(1)}, .borrowing = Borrowing::kept});
  cluster.settle();
  carol.release({part(1)});
  cluster.settle();
  carol.check_out({part(1)});
  cluster.settle();
  carol.write({.next_revision = {part(1)}});
  carol.write({.remove = {part(1)}});
  cluster.settle();
  bob.check_out({part(1)});
  cluster.settle();
  CHECK(bob.holds(part(1)));
  cluster.converge();
}
