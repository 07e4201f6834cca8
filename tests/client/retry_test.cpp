// Refused work that is done again.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

// Ann's transaction made a part and edited another, and was refused for the state of a third; which
// fits now. Its borrow is gone, and with it what she saw of the edit.
struct Refused {
  Site site;
  Desk ann{site, "ann"};
  Key<shop::Part> part;
  Key<shop::Part> other;
  Key<shop::Part> made;
  std::uint64_t conflict = 0;

  Refused() {
    ann.go_on_line();
    part = ann.make_part("P1");
    other = ann.make_part("P2");
    site.settle();
    ann.borrow(part);
    REQUIRE(ann->write([&](Transaction& t) {
      t.comment("three things");
      made = t.create<shop::Part>([](auto body) { body.setNumber("P3"); });
      t.edit(part).setTitle("Bolt");
      t.check_in(part);
      t.set_state(other, 77, 78);
    }));
    site.settle();
    REQUIRE(ann->conflicts().size() == 1);
    conflict = ann->conflicts()[0].number;
    REQUIRE(ann->write([&](Transaction& t) { t.set_state(other, 0, 77); }));
    ann->give_back({part});
    site.settle();
    REQUIRE(ann.title(part) == "");
  }
  Result<Done> retry() {
    return ann->write([&](Transaction& t) { t.retry(conflict); });
  }
};

}  // namespace

TEST_CASE("K3: refused work is done again, under the keys it had", "[client]") {
  Refused refused;
  CHECK(code_of(refused.retry()) == Errc::not_borrowed);
  CHECK(refused.ann->conflicts().size() == 1);

  refused.ann.borrow(refused.part);
  REQUIRE(refused.retry());
  CHECK(refused.ann->conflicts().empty());
  CHECK(refused.ann.title(refused.part) == "Bolt");
  refused.site.settle();
  CHECK(refused.ann->conflicts().empty());
  CHECK(refused.site.stored(refused.made));
  CHECK(refused.site.header(refused.other).state == 78);
  CHECK(refused.site.header(refused.part).iteration == 2);
  check_equal(refused.site, refused.ann);
}

TEST_CASE("work under a borrow that is still good is done again as it lies there", "[client]") {
  Refused refused;
  refused.ann.borrow(refused.part);
  REQUIRE(refused.ann.retitle(refused.part, "Bolt"));
  REQUIRE(refused.retry());
  refused.site.settle();
  CHECK(refused.ann->status().unchecked == 0);
  CHECK(refused.site.header(refused.part).iteration == 2);
}

TEST_CASE("F7: work whose record was changed by others is never put over it", "[client]") {
  Refused refused;
  Desk bob(refused.site, "bob");
  bob.go_on_line();
  bob.borrow(refused.part);
  REQUIRE(bob.retitle(refused.part, "Nut"));
  REQUIRE(bob.check_in(refused.part));
  refused.site.settle();
  refused.ann.borrow(refused.part);
  CHECK(code_of(refused.retry()) == Errc::stale_base);
  CHECK(refused.ann.title(refused.part) == "Nut");
  CHECK(refused.ann->conflicts().size() == 1);

  // What a person made of both.
  REQUIRE(refused.ann->write([&](Transaction& t) {
    t.edit(refused.part).setTitle("Nut and bolt");
    t.check_in(refused.part);
    t.settle(refused.conflict);
  }));
  refused.site.settle();
  CHECK(refused.ann->conflicts().empty());
  check_equal(refused.site, refused.ann);
}

TEST_CASE("what was created again already, or was settled, is not done twice", "[client]") {
  Refused refused;
  refused.ann.borrow(refused.part);
  REQUIRE(refused.retry());
  CHECK(code_of(refused.retry()) == Errc::unknown_record);
}

TEST_CASE("an application refuses its own transaction, with its own reason", "[client]") {
  Refused refused;
  const auto written = refused.ann->write([&](Transaction& t) {
    t.create<shop::Part>([](auto body) { body.setNumber("P4"); });
    t.refuse(error(Errc::invalid, "A part needs a title."));
  });
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "A part needs a title.");
}

}  // namespace coppice::test
