#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

TEST_CASE("what one client writes another one reads, with its references", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");
  Client bob = site.live_client("bob");
  struct Made {
    Key<shop::Company> maker;
    Key<shop::Part> part;
  };
  const auto made = alice.write([](Transaction& t) {
    const auto maker =
        t.create<shop::Company>([](shop::Company::Builder company) { company.setName("Vishay"); });
    const auto part = t.create<shop::Part>([&](shop::Part::Builder part) {
      part.setNumber("R-0603-10K");
      refer(part.initMaker(), maker);
    });
    return Made{maker, part};
  });
  REQUIRE(made);

  until("bob to see the part", [&] { return bob.snapshot().get(made->part).has_value(); });
  const Snapshot now = bob.snapshot();
  const auto part = now.get(made->part);
  CHECK((*part)->getNumber() == "R-0603-10K");
  // One transaction: where the part is, its maker is.
  const auto maker = now.get(key_of((*part)->getMaker()));
  REQUIRE(maker);
  CHECK((*maker)->getName() == "Vishay");

  settle(alice);
  CHECK(difference(contents(alice), contents(bob)) == "");
  site.stop_and_check();
}

TEST_CASE("a record made off line is there at once, and comes through later", "[e2e]") {
  Site site;
  Client bob = site.live_client("bob");
  Key<shop::Part> key;
  {
    Client alice = site.live_client("alice");
    alice.disconnect();
    until("alice to be off line", [&] { return alice.status().connection == Connection::offline; });
    key = write_part(alice, "made off line");
    CHECK(alice.snapshot().get(key).has_value());
    CHECK(alice.status().outbox == 1);
  }
  CHECK_FALSE(bob.snapshot().get(key).has_value());

  // The replica was closed meanwhile: what waits to be sent is as durable as the record.
  Client alice = site.live_client("alice", 0);
  settle(alice);
  until("bob to see the part", [&] { return bob.snapshot().get(key).has_value(); });
  CHECK(difference(contents(alice), contents(bob)) == "");
  site.stop_and_check();
}

TEST_CASE("a record that is borrowed is refused to others, who are told who has it", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");
  Client bob = site.live_client("bob");
  const auto key = write_part(alice, "R1");
  until("bob to see the part", [&] { return bob.snapshot().get(key).has_value(); });

  CheckOut why;
  why.reason = "wrong tolerance";
  REQUIRE(answer(alice.check_out(key, why)));
  const auto refused = answer(bob.check_out(key));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::held);
  REQUIRE(refused.error().holder);
  CHECK(refused.error().holder->device == "alice");
  CHECK(refused.error().holder->purpose == "wrong tolerance");

  REQUIRE(alice.write([&](Transaction& t) {
    t.edit(key).setTitle("10k 1%");
    t.check_in(key, "tolerance corrected");
  }));
  settle(alice);
  until("bob to see the change", [&] {
    const Snapshot now = bob.snapshot();
    const auto part = now.get(key);
    return part && (*part)->getTitle() == "10k 1%";
  });
  CHECK(answer(bob.check_out(key)));
  site.stop_and_check();
}

}  // namespace
}  // namespace coppice::test
