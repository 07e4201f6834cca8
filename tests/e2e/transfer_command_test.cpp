// Borrows that end or move by another's will, as people do it at a shell.
#include "test_places.h"

#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// Two replicas in sync; Ann has borrowed the part, and edited it.
struct Desks {
  Site site;
  std::string part;

  Desks() {
    Client ann = site.live_client("ann");
    const auto key = write_part(ann, "R-0603");
    settle(ann);
    part = ann.format(AnyKey(key).record());
    {
      Client bob = site.live_client("bob");
      settle(bob);
    }
    REQUIRE(answer(ann.check_out(key)));
    REQUIRE(ann.write([&](Transaction& t) { t.edit(key).setTitle("mine"); }));
  }
  Ran ann(std::vector<std::string> arguments) { return site.coppice("ann", std::move(arguments)); }
  Ran bob(std::vector<std::string> arguments) { return site.coppice("bob", std::move(arguments)); }
};

void check_done(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
  CHECK_THAT(ran.output, ContainsSubstring(words));
}

void check_fails(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end.code == 1);
  CHECK_THAT(ran.errors, ContainsSubstring(words));
}

}  // namespace

TEST_CASE("F11: a borrow is nudged for and broken, and its holder finds the work in the drawer",
          "[e2e]") {
  Desks desks;
  const std::string part = desks.part;
  check_done(desks.bob({"nudge", part, "-m", "today, please"}), "Asked the holder of " + part);
  check_fails(desks.bob({"nudge", part}), "a moment ago");
  CHECK(desks.bob({"break", part}).end.code == 2);
  check_done(desks.bob({"break", part, "--reason", "Ann is ill"}), "Broke the borrow of " + part);
  check_fails(desks.bob({"break", part, "--reason", "again"}), "Nobody has borrowed");
  check_fails(desks.ann({"sync"}), "Ann is ill");
  check_done(desks.ann({"drawer"}), "Ann is ill");
  check_done(desks.ann({"drawer", "show", "1"}), "mine");
  check_done(desks.ann({"drawer", "retry", "1"}), "");
  check_done(desks.bob({"sync"}), "In sync");
  check_done(desks.bob({"get", part}), "mine");
  // What happened, and why, can be read beside the running server.
  const auto log = run_server({"--data", desks.site.server.data().string(), "audit", part});
  check_done(log, "nudge");
  check_done(log, "break");
  check_done(log, "Ann is ill");
  desks.site.stop_and_check();
}

TEST_CASE("a borrow is handed over from one shell to another", "[e2e]") {
  Desks desks;
  const std::string part = desks.part;
  check_done(desks.ann({"checkin", part, "--keep"}), "");
  check_fails(desks.ann({"handover", "offer", part, "--to", "nobody of us"}), "no user");
  // The commands all work for who is logged in: a hand-over to oneself reaches every device.
  const std::string held = desks.ann({"held"}).output;
  const auto begin = held.find("  ") + 2;
  const std::string name = held.substr(begin, held.find(',') - begin);
  check_done(desks.ann({"handover", "offer", part, "--to", name, "--reason", "holidays"}),
             "is offered " + part);
  check_done(desks.bob({"handover", "list"}), "holidays");
  check_done(desks.bob({"handover", "accept", part}), "Accepted " + part);
  check_done(desks.bob({"held"}), part);
  check_done(desks.ann({"takeover", part, "--reason", "back again"}), "Took over " + part);
  check_done(desks.bob({"sync"}), "In sync");
  check_done(desks.bob({"held", "--all"}), "back again");
  desks.site.stop_and_check();
}

}  // namespace coppice::test
