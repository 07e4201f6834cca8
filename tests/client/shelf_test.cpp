// Unfinished work that outlives its device.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

// Ann edits a part on her desk; Bob, who is another user, and Ann's laptop look on.
struct Office {
  Site site;
  Desk ann{site, "ann"};
  Desk laptop{site, "laptop"};
  Desk bob{site, "bob"};
  Key<shop::Part> part{};

  Office() {
    laptop.options.user = ann.options.user;
    ann.go_on_line();
    part = ann.make_part("R1");
    bob.go_on_line();
    laptop.go_on_line();
    ann.borrow(part);
    REQUIRE(ann.retitle(part, "unfinished"));
    pass_seconds(6);
  }

  void pass_seconds(int seconds) {
    for (int second = 0; second < seconds; ++second) {
      site.now_us += 1'000'000;
      site.settle();
    }
  }
  template <typename T>
  Errc code_after(const Pending<T>& pending) {
    site.settle();
    REQUIRE(pending.result());
    return code_of(pending);
  }
};

TEST_CASE_METHOD(Office,
                 "C8, F4: what a lost device had not handed in is taken over with the shelf",
                 "[client]") {
  ann.close();
  std::filesystem::remove_all(ann.folder);
  REQUIRE(code_after(laptop->take_over({part})) == Errc::none);
  REQUIRE(code_after(laptop->fetch_shelves({part})) == Errc::none);
  const auto conflicts = laptop->conflicts();
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].reasons[0].message.find("user of ann on ann") != std::string::npos);
  REQUIRE(laptop->write([&](Transaction& t) { t.retry(conflicts[0].number); }));
  site.settle();
  CHECK(bob.title(part) == "unfinished");
  CHECK(laptop->conflicts().empty());
}

TEST_CASE_METHOD(Office,
                 "C8: the shelf follows the work, and makes neither an iteration nor an event",
                 "[client]") {
  const auto iteration = site.header(part).iteration;
  const auto sequence = site.header(part).sequence;
  bob.events();
  REQUIRE(ann.retitle(part, "nearly finished"));
  pass_seconds(6);
  CHECK(site.header(part).iteration == iteration);
  CHECK(site.header(part).sequence == sequence);
  CHECK(bob.count(Event::Kind::changed) == 0);
  REQUIRE(code_after(laptop->fetch_shelves({part})) == Errc::none);
  const auto mine = laptop->conflicts()[0].items[0].mine;
  const auto body =
      capnp::readMessageUnchecked<shop::Part>(reinterpret_cast<const capnp::word*>(mine.data()));
  CHECK(std::string(body.getTitle().cStr()) == "nearly finished");
}

TEST_CASE_METHOD(Office, "S32: what was handed in, or thrown away, is on no shelf any more",
                 "[client]") {
  SECTION("checked in") { REQUIRE(ann.check_in(part)); }
  SECTION("checked in, and kept") {
    REQUIRE(ann.check_in(part, Borrowing::kept));
    pass_seconds(6);
  }
  SECTION("returned") {
    const auto back = ann->give_back({part});
    site.settle();
    REQUIRE(accepted(back));
  }
  site.settle();
  CHECK(code_after(laptop->fetch_shelves({part})) == Errc::unknown_record);
}

TEST_CASE_METHOD(Office, "K6: the shelf goes along with a hand-over", "[client]") {
  // Ann's device is gone; an administrator gives her work to Bob.
  ann.close();
  const auto offered = laptop->hand_over({part}, bob.options.user, "Ann has left");
  REQUIRE(code_after(offered) == Errc::none);
  REQUIRE(code_after(bob->accept({part})) == Errc::none);
  REQUIRE(code_after(bob->fetch_shelves({part})) == Errc::none);
  REQUIRE(bob->write([&](Transaction& t) { t.retry(bob->conflicts()[0].number); }));
  site.settle();
  CHECK(laptop.title(part) == "unfinished");
}

TEST_CASE_METHOD(Office,
                 "F4: when its own device comes back, its drawer has the work, and the shelf goes",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(code_after(laptop->take_over({part})) == Errc::none);
  ann.go_on_line();
  REQUIRE(ann->conflicts().size() == 1);
  CHECK(code_after(laptop->fetch_shelves({part})) == Errc::none);
  ann.go_off_line();
  ann.go_on_line();
  CHECK(code_after(laptop->fetch_shelves({part})) == Errc::unknown_record);
}

TEST_CASE_METHOD(Office,
                 "a shelf that stands on an earlier state is never applied over a later one",
                 "[client]") {
  ann.close();
  REQUIRE(code_after(laptop->take_over({part})) == Errc::none);
  REQUIRE(laptop.retitle(part, "later"));
  REQUIRE(laptop.check_in(part, Borrowing::kept));
  site.settle();
  REQUIRE(code_after(laptop->fetch_shelves({part})) == Errc::none);
  const auto retried =
      laptop->write([&](Transaction& t) { t.retry(laptop->conflicts()[0].number); });
  CHECK(code_of(retried) == Errc::stale_base);
  CHECK(laptop.title(part) == "later");
}

TEST_CASE_METHOD(Office, "shelves are fetched on line only", "[client]") {
  laptop.go_off_line();
  CHECK(code_after(laptop->fetch_shelves({part})) == Errc::offline);
}

}  // namespace
}  // namespace coppice::test
