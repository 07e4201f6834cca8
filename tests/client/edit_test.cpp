#include "tests/client/site.h"

namespace coppice::test {
namespace {

// A part that Ann has borrowed.
struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Key<shop::Part> part;
  Shop() {
    ann.go_on_line();
    part = ann.make_part("P1");
    site.settle();
    ann.borrow(part);
  }
  std::string stored_title() {
    Desk reader(site, "reader");
    reader.go_on_line();
    return reader.title(part);
  }
};

}  // namespace

TEST_CASE("an edit is shown at once and sent only by a check-in", "[client]") {
  Shop shop;
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann->status().unchecked == 1);
  CHECK(shop.ann->status().outbox == 0);
  shop.site.settle();
  CHECK(shop.stored_title().empty());
  REQUIRE(shop.ann.check_in(shop.part));
  CHECK(shop.ann->status().unchecked == 0);
  shop.site.settle();
  CHECK(shop.stored_title() == "Bolt");
  CHECK(shop.site.header(shop.part).iteration == 2);
  CHECK_FALSE(shop.ann.holds(shop.part));
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edit, its base and its borrow survive the end of the process", "[client]") {
  Shop shop;
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  shop.ann.reopen();
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann.holds(shop.part));
  CHECK(shop.ann->status().unchecked == 1);
  REQUIRE(shop.ann->write([&](Transaction& t) { t.edit(shop.part).setPrice(12); }));
  shop.ann.reopen();
  REQUIRE(shop.ann.check_in(shop.part));
  shop.ann.go_on_line();
  CHECK(shop.ann->snapshot().get(shop.part)->body().getPrice() == 12);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a check-in of an unchanged record makes no iteration", "[client]") {
  Shop shop;
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).iteration == 1);
  CHECK(shop.ann.holds(shop.part));
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).iteration == 1);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edit that changes nothing makes no iteration, and what follows it is accepted",
          "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  // An empty text is another body than none: a change.
  REQUIRE(shop.ann.retitle(shop.part, ""));
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  // Back and forth between two check-ins: the same as what was handed in last.
  REQUIRE(shop.ann.retitle(shop.part, "Nut"));
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  REQUIRE(shop.ann.retitle(shop.part, "Screw"));
  REQUIRE(shop.ann.check_in(shop.part));
  shop.ann.go_on_line();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(shop.part).iteration == 4);
  CHECK(shop.ann.title(shop.part) == "Screw");
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edit after a check-in of the same transaction is handed in with it", "[client]") {
  Shop shop;
  const auto written = shop.ann->write([&](Transaction& t) {
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part, "title", Borrowing::kept);
    t.edit(shop.part).setPrice(12);
    t.check_in(shop.part, "price");
  });
  REQUIRE(written);
  CHECK(shop.ann->status().unchecked == 0);
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann->snapshot().get(shop.part)->body().getPrice() == 12);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK_FALSE(shop.ann.holds(shop.part));
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a check-in before the edit of the same transaction hands the edit in", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.check_in(shop.part, "", Borrowing::kept);
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part, "", Borrowing::kept);
  }));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.site.header(shop.part).iteration == 2);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("edits on top of an unanswered check-in stay when that is accepted", "[client]") {
  Shop shop;
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  REQUIRE(shop.ann.retitle(shop.part, "Nut"));
  shop.site.settle();
  CHECK(shop.ann.title(shop.part) == "Nut");
  CHECK(shop.ann->status().unchecked == 1);
  CHECK(shop.stored_title() == "Bolt");
  CHECK(shop.ann->check_invariants().empty());
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.stored_title() == "Nut");
  CHECK(shop.site.header(shop.part).iteration == 3);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edited record whose state number moved shows the state and keeps the edit",
          "[client]") {
  Shop shop;
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann->write([&](Transaction& t) { t.set_state(shop.part, 0, 40); }));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).state == 40);
  CHECK(shop.ann.header(shop.part).state == 40);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.stored_title() == "Bolt");
  check_equal(shop.site, shop.ann);
}

TEST_CASE("reads inside a transaction see its own work", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    CHECK(t.read(shop.part).getTitle().size() == 0);
    t.edit(shop.part).setTitle("Bolt");
    CHECK(t.read(shop.part).getTitle() == "Bolt");
    CHECK(t.before().get(shop.part)->body().getTitle().size() == 0);
  }));
}

TEST_CASE("a removed record is gone here at once, and for everybody", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) { t.remove(shop.part, "made by mistake"); }));
  CHECK_FALSE(shop.ann->snapshot().get(shop.part));
  CHECK_FALSE(shop.ann->snapshot().head(shop.part));
  CHECK(code_of(shop.ann.retitle(shop.part, "Bolt")) == Errc::removed);
  shop.site.settle();
  CHECK(shop.site.header(shop.part).removed());
  CHECK_FALSE(shop.ann->snapshot().get(shop.part));
  CHECK(shop.ann->snapshot().borrows().empty());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a record that is edited, checked in and removed in one transaction is removed",
          "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part, "", Borrowing::kept);
    t.remove(shop.part);
  }));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(shop.part).removed());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a state number moves if it is what was expected, and is refused with what it is",
          "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) { t.set_state(shop.part, 0, 10); }));
  shop.site.settle();
  CHECK(shop.ann.header(shop.part).state == 10);
  const auto submitted = shop.ann->submit([&](Transaction& t) { t.set_state(shop.part, 0, 20); });
  shop.site.settle();
  REQUIRE(code_of(submitted) == Errc::state_conflict);
  CHECK(submitted.result()->error().expected == 0);
  CHECK(submitted.result()->error().actual == 10);
  CHECK(shop.site.header(shop.part).state == 10);
}

TEST_CASE("a state number of a floating key is that of the revision it means", "[client]") {
  Shop shop;
  const auto submitted =
      shop.ann->submit([&](Transaction& t) { t.set_state(shop.part.floating(), 0, 20); });
  shop.site.settle();
  CHECK(accepted(submitted));
  CHECK(shop.site.header(shop.part).state == 20);
}

}  // namespace coppice::test
