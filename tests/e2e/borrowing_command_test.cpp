// Borrowing, check in and release, as a person does them at a shell.
#include "test_places.h"

#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

void check_done(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
  CHECK_THAT(ran.output, ContainsSubstring(words));
}

void check_refused(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end.code == 1);
  CHECK_THAT(ran.errors, ContainsSubstring(words));
}

// Two replicas in sync that know a part, open nowhere.
struct Desks {
  Site site;
  std::string part;  // "parts:1"

  Desks() {
    Client ann = site.live_client("ann");
    const auto key = write_part(ann, "R-0603");
    settle(ann);
    part = ann.format(AnyKey(key).record());
    Client bob = site.live_client("bob");
    settle(bob);
  }
  Ran ann(std::vector<std::string> arguments, std::string_view input = {}) {
    return site.coppice("ann", std::move(arguments), input);
  }
  Ran bob(std::vector<std::string> arguments, std::string_view input = {}) {
    return site.coppice("bob", std::move(arguments), input);
  }
};

}  // namespace

TEST_CASE("a record is borrowed, edited, checked in, released and revised from the shell",
          "[e2e]") {
  Desks desks;
  const std::string part = desks.part;
  check_refused(desks.ann({"edit", part}, R"({"title": "10k"})"), "is not borrowed");
  check_done(desks.ann({"borrow", part, "--reason", "wrong tolerance"}), "Borrowed " + part);
  check_refused(desks.bob({"borrow", part}), "--wait-in-line");
  check_done(desks.bob({"sync"}), "In sync");
  check_done(desks.bob({"held", "--all"}), "wrong tolerance");
  check_done(desks.bob({"held"}), "");

  check_refused(desks.ann({"edit", part}, R"({"titel": "10k"})"), "no field 'titel'");
  check_done(desks.ann({"edit", part}, R"({"title": "10k", "size": {"length": 3}})"), "Edited");
  check_done(desks.ann({"explain", part}), "not checked in");
  check_refused(desks.ann({"return", part}), "--discard");
  check_done(desks.ann({"checkin", part, "-m", "tolerance corrected", "--keep"}), "Checked in");
  check_done(desks.ann({"get", part}), "R-0603");
  check_done(desks.ann({"get", part}), "10k");

  check_done(desks.ann({"release", part, "-m", "for production"}), "Released " + part + ".1");
  check_refused(desks.ann({"checkin", part}), "is not borrowed");
  check_done(desks.ann({"state", part + ".1", "100", "150"}), "is in state 150");
  check_refused(desks.ann({"state", part + ".1", "100", "160"}), "150");
  check_done(desks.ann({"borrow", part}), "Borrowed");
  check_done(desks.ann({"revise", part}), "Made " + part + ".2");
  check_done(desks.ann({"return", part}), "Returned");
  const Ran history = desks.ann({"history", part});
  check_done(history, part + ".1  released (state 150)");
  CHECK_THAT(history.output, ContainsSubstring(part + ".2  draft"));
  desks.site.stop_and_check();
}

TEST_CASE("who waits in line gets the record when it comes back", "[e2e]") {
  Desks desks;
  check_done(desks.ann({"borrow", desks.part}), "Borrowed");
  Process waiting({COPPICE_COMMAND_PROGRAM, "-C", desks.site.replica("bob").string(), "borrow",
                   desks.part, "--wait-in-line"});
  REQUIRE(waiting.wait_for_text("In line at place 1"));
  check_done(desks.ann({"return", desks.part}), "Returned");
  CHECK(waiting.wait() == kOrderly);
  check_done(desks.bob({"held"}), desks.part);
}

TEST_CASE("refused work is seen, done again and thrown away from the shell", "[e2e]") {
  Desks desks;
  const std::string part = desks.part;
  const auto state = [&](const char* from, const char* to) {
    check_done(desks.ann({"state", part + ".1", from, to}), "is in state");
  };
  {
    // Off line, and too late.
    Client bob = desks.site.client("bob");
    REQUIRE(bob.write([&](Transaction& t) {
      t.comment("for the fair");
      t.set_state(*bob.parse_key(part), 0, 10);
    }));
    state("0", "20");
  }
  check_refused(desks.bob({"sync"}), "refused");
  check_done(desks.bob({"drawer"}), "1  set state " + part + ".1");
  check_done(desks.bob({"drawer", "show", "1"}), "for the fair");
  check_done(desks.bob({"drawer", "show", "1", "--json"}), R"("code":"state_conflict")");
  check_done(desks.bob({"explain", part}), "Conflict 1 in the drawer");
  check_refused(desks.bob({"drawer", "show", "7"}), "There is no conflict 7");
  check_refused(desks.bob({"drawer", "discard", "7"}), "There is no conflict 7");

  // It still does not fit: it is refused again, and kept again.
  check_refused(desks.bob({"drawer", "retry", "1"}), "20");
  check_done(desks.bob({"drawer"}), "2  set state " + part + ".1");
  state("20", "0");
  check_done(desks.bob({"drawer", "retry", "2"}), "has accepted");
  CHECK(desks.bob({"drawer"}).output == "");
  check_done(desks.bob({"get", part}), "state 10");
}

}  // namespace coppice::test
