// Released revisions, and what comes after them.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

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
  // Released, and borrowed again.
  void release() {
    REQUIRE(ann->write([&](Transaction& t) { t.release(part); }));
    site.settle();
    ann.borrow(part);
  }
};

}  // namespace

TEST_CASE("a released revision is frozen, and says what to do instead", "[client]") {
  Shop shop;
  shop.release();
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  CHECK(code_of(edited) == Errc::frozen);
  CHECK(edited.error().message ==
        "parts:1.1 is released: nobody can change it. Make the next revision.");
  CHECK(code_of(shop.ann.check_in(shop.part)) == Errc::frozen);
  CHECK(code_of(shop.ann->write([&](Transaction& t) { t.remove(shop.part); })) == Errc::frozen);
  CHECK(code_of(shop.ann->write([&](Transaction& t) { t.release(shop.part); })) == Errc::frozen);
  CHECK(shop.ann.value(shop.part) == shop.site.stored(shop.part));
}

TEST_CASE("a release is refused off line, and while changes are not checked in", "[client]") {
  Shop shop;
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  const auto pending = shop.ann->write([&](Transaction& t) { t.release(shop.part); });
  CHECK(code_of(pending) == Errc::pending_changes);
  shop.ann.go_off_line();
  const auto off_line = shop.ann->write([&](Transaction& t) { t.release(shop.part); });
  CHECK(code_of(off_line) == Errc::offline);
  CHECK_THAT(off_line.error().message, ContainsSubstring("Connect first"));
  CHECK(shop.ann.title(shop.part) == "Bolt");
}

TEST_CASE("a check-in and a release are one transaction", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part, "final");
    t.release(shop.part, "first series", 120);
  }));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  const RecordHeader header = shop.ann.header(shop.part);
  CHECK(header.released());
  CHECK(header.state == 120);
  CHECK(header.token == 0);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann->borrowed().empty());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("nothing is changed after the release in the same transaction", "[client]") {
  Shop shop;
  const auto written = shop.ann->write([&](Transaction& t) {
    t.release(shop.part);
    t.edit(shop.part).setTitle("Bolt");
  });
  CHECK(code_of(written) == Errc::frozen);
  CHECK(shop.ann.title(shop.part).empty());
}

TEST_CASE("an edit while the release is on its way is kept in the drawer", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) { t.release(shop.part); }));
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  shop.site.settle();
  CHECK(shop.ann.header(shop.part).released());
  CHECK(shop.ann.title(shop.part).empty());
  if (edited) CHECK(shop.ann->conflicts().size() == 1);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a record without revisions is not released", "[client]") {
  Shop shop;
  const auto company =
      shop.ann->write([](Transaction& t) { return t.create<shop::Company>([](auto) {}); });
  REQUIRE(company);
  shop.site.settle();
  shop.ann.borrow(*company);
  const auto released = shop.ann->write([&](Transaction& t) { t.release(*company); });
  CHECK(code_of(released) == Errc::not_versioned);
  const auto next = shop.ann->write([&](Transaction& t) { t.next_revision(*company); });
  CHECK(code_of(next) == Errc::not_versioned);
}

TEST_CASE("next revision, edit, check-in and release are one transaction", "[client]") {
  Shop shop;
  shop.release();
  Key<shop::Part> next;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    next = t.next_revision(shop.part);
    CHECK(t.read(next).getNumber() == "P1");
    t.edit(next).setTitle("Bolt");
    t.check_in(next, "", Borrowing::kept);
    t.release(next);
  }));
  CHECK(next == shop.part.at(Revision{2}));
  CHECK(shop.ann.title(next) == "Bolt");
  CHECK(shop.ann.title(shop.part).empty());
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann.header(next).released());
  CHECK(shop.ann.header(next).iteration == 1);
  CHECK(shop.ann.header(shop.part).state == 200);  // superseded
  CHECK(shop.ann->snapshot().get(shop.part.floating())->key() == next);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a draft that is made and edited, and not checked in, is an edit of our own",
          "[client]") {
  Shop shop;
  shop.release();
  const auto next = shop.ann->write([&](Transaction& t) {
    const auto draft = t.next_revision(shop.part);
    t.edit(draft).setTitle("Bolt");
    return draft;
  });
  REQUIRE(next);
  CHECK(shop.ann->check_invariants().empty());
  CHECK(shop.ann->status().unchecked == 1);
  shop.site.settle();
  CHECK(shop.ann->check_invariants().empty());
  CHECK(shop.ann.title(*next) == "Bolt");
  CHECK(shop.ann->status().unchecked == 1);
  CHECK(shop.ann.holds(shop.part));
  REQUIRE(shop.ann.check_in(*next));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(*next).iteration == 1);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a draft is made, edited and checked in off line", "[client]") {
  Shop shop;
  shop.release();
  shop.ann.go_off_line();
  const auto next = shop.ann->write([&](Transaction& t) { return t.next_revision(shop.part); });
  REQUIRE(next);
  CHECK(shop.ann.holds(*next));
  CHECK(code_of(shop.ann.retitle(shop.part, "x")) == Errc::frozen);
  REQUIRE(shop.ann.retitle(*next, "Bolt"));
  REQUIRE(shop.ann.check_in(*next));
  shop.ann.reopen();
  shop.ann.go_on_line();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann.title(*next) == "Bolt");
  CHECK(shop.ann->snapshot().get(shop.part.floating())->key() == shop.part);
  CHECK(shop.ann->snapshot().head(shop.part)->key() == *next);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a draft is not made of a draft", "[client]") {
  Shop shop;
  const auto next = shop.ann->write([&](Transaction& t) { t.next_revision(shop.part); });
  CHECK(code_of(next) == Errc::head_not_released);
}

TEST_CASE("after a draft was removed the next revision has the next number", "[client]") {
  Shop shop;
  shop.release();
  const auto second = shop.ann->write([&](Transaction& t) { return t.next_revision(shop.part); });
  REQUIRE(second);
  REQUIRE(shop.ann->write([&](Transaction& t) { t.remove(*second); }));
  shop.site.settle();
  shop.ann.borrow(shop.part);
  const auto third = shop.ann->write([&](Transaction& t) { return t.next_revision(shop.part); });
  REQUIRE(third);
  CHECK(*third == shop.part.at(Revision{3}));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann->snapshot().get(*third)->body().getNumber() == "P1");
  CHECK(shop.ann.holds(*third));
  check_equal(shop.site, shop.ann);
}

TEST_CASE("only the newest revision can be worked on", "[client]") {
  Shop shop;
  shop.release();
  REQUIRE(shop.ann->write([&](Transaction& t) { t.next_revision(shop.part); }));
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  CHECK(code_of(edited) == Errc::frozen);
  CHECK_THAT(edited.error().message, ContainsSubstring("is not the newest revision, which is 1.2"));
}

}  // namespace coppice::test
