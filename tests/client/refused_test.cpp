// What the authority refuses: nothing of it is lost.
#include "tests/client/site.h"
#include "tool.coppice.h"

namespace coppice::test {
namespace {

// A part that Ann has borrowed, and another whose state is 0.
struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Key<shop::Part> part;
  Key<shop::Part> other;
  Shop() {
    ann.go_on_line();
    part = ann.make_part("P1");
    other = ann.make_part("P2");
    site.settle();
    ann.borrow(part);
    ann.events();
  }
  // A step that the authority refuses, and with it the whole transaction.
  void spoil(Transaction& t) { t.set_state(other, 77, 78); }
};

shop::Part::Reader part_in(const std::vector<std::uint64_t>& body) {
  return capnp::readMessageUnchecked<shop::Part>(reinterpret_cast<const capnp::word*>(body.data()));
}

}  // namespace

TEST_CASE("a refused transaction is whole in the drawer, with reason, mine and base", "[client]") {
  Shop shop;
  Key<shop::Part> made;
  const auto submitted = shop.ann->submit([&](Transaction& t) {
    t.comment("three things");
    made = t.create<shop::Part>([](auto part) { part.setNumber("P3"); });
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part);
    shop.spoil(t);
  });
  CHECK(shop.ann->snapshot().get(made));
  shop.site.settle();
  REQUIRE(code_of(submitted) == Errc::state_conflict);
  REQUIRE(shop.ann->conflicts().size() == 1);
  const Conflict conflict = shop.ann->conflicts()[0];
  CHECK(conflict.comment == "three things");
  REQUIRE(conflict.reasons.size() == 1);
  CHECK(conflict.reasons[0].code == Errc::state_conflict);
  CHECK(conflict.reasons[0].actual == 0);
  CHECK(conflict.reasons[0].key == AnyKey(shop.other));
  REQUIRE(conflict.items.size() == 3);
  CHECK(conflict.items[0].action == "create");
  CHECK(part_in(conflict.items[0].mine).getNumber() == "P3");
  CHECK(conflict.items[0].base.empty());
  CHECK(conflict.items[1].action == "check in");
  CHECK(part_in(conflict.items[1].mine).getTitle() == "Bolt");
  CHECK(part_in(conflict.items[1].base).getNumber() == "P1");
  CHECK(part_in(conflict.items[1].base).getTitle().size() == 0);
  CHECK(conflict.items[2].action == "set state");
  CHECK(conflict.items[2].mine.empty());
  CHECK_FALSE(shop.ann->snapshot().get(made));
  CHECK(shop.ann->status().conflicts == 1);
  CHECK(shop.ann->status().outbox == 0);
}

TEST_CASE("C4: refused work whose borrow is good stays where it is, and the borrow with it",
          "[client]") {
  // Whichever of the two comes first in the transaction.
  const bool state_first = GENERATE(false, true);
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    if (state_first) t.set_state(shop.part, 55, 56);
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part);
    if (!state_first) t.set_state(shop.part, 55, 56);
  }));
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 1);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann.holds(shop.part));
  CHECK(shop.ann->status().unchecked == 1);
  CHECK(shop.ann->check_invariants().empty());
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).iteration == 2);
  CHECK(shop.ann->status().conflicts == 1);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a refused check-in of an unchanged record leaves nothing behind", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.check_in(shop.part);
    shop.spoil(t);
  }));
  shop.site.settle();
  CHECK(shop.ann.holds(shop.part));
  CHECK(shop.ann->status().unchecked == 0);
  CHECK(shop.ann.value(shop.part) == shop.site.stored(shop.part));
}

TEST_CASE("an edit on top of a refused check-in stays, too", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.edit(shop.part).setTitle("Bolt");
    t.check_in(shop.part, {}, Borrowing::kept);
    shop.spoil(t);
  }));
  REQUIRE(shop.ann->write([&](Transaction& t) { t.edit(shop.part).setPrice(5); }));
  shop.site.settle();
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann->snapshot().get(shop.part)->body().getPrice() == 5);
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).iteration == 2);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  check_equal(shop.site, shop.ann);
}

TEST_CASE("what stands on a refused create goes to the drawer with it", "[client]") {
  const bool handed_in = GENERATE(false, true);
  Shop shop;
  Key<shop::Part> made;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    made = t.create<shop::Part>([](auto part) { part.setNumber("P3"); }, Borrowing::kept);
    shop.spoil(t);
  }));
  REQUIRE(shop.ann.retitle(made, "Bolt"));
  if (handed_in) REQUIRE(shop.ann.check_in(made));
  shop.site.settle();
  REQUIRE(shop.ann->conflicts().size() == 2);
  bool found = false;
  for (const Conflict& conflict : shop.ann->conflicts()) {
    for (const auto& item : conflict.items) {
      if (!item.mine.empty() && part_in(item.mine).getTitle() == "Bolt") found = true;
    }
  }
  CHECK(found);
  CHECK_FALSE(shop.ann->snapshot().get(made));
  CHECK_FALSE(shop.ann->snapshot().holder(made));
  CHECK_FALSE(shop.ann.holds(made));
  shop.ann->give_back({shop.part});
  shop.site.settle();
  check_equal(shop.site, shop.ann);
}

TEST_CASE("what stands on a refused next revision goes to the drawer with it", "[client]") {
  const int more = GENERATE(0, 1, 2);  // nothing, an edit, an edit that was checked in
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) { t.release(shop.part); }));
  shop.site.settle();
  shop.ann.borrow(shop.part);
  Key<shop::Part> next;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    next = t.next_revision(shop.part);
    t.edit(next).setTitle("Bolt");
    shop.spoil(t);
  }));
  if (more >= 1) REQUIRE(shop.ann.retitle(next, "Nut"));
  if (more >= 2) REQUIRE(shop.ann.check_in(next));
  shop.site.settle();
  CHECK_FALSE(shop.ann->snapshot().get(next));
  // The borrow was never touched by what was refused.
  CHECK(shop.ann.holds(shop.part));
  CHECK(shop.ann->snapshot().holder(shop.part));
  const std::string typed = more == 0 ? "Bolt" : "Nut";
  bool found = false;
  for (const Conflict& conflict : shop.ann->conflicts()) {
    for (const auto& item : conflict.items) {
      if (!item.mine.empty() && part_in(item.mine).getTitle() == typed) found = true;
    }
  }
  CHECK(found);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a conflict stays over a restart until it is thrown away", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction& t) { shop.spoil(t); }));
  REQUIRE(shop.ann->write([&](Transaction& t) { shop.spoil(t); }));
  shop.site.settle();
  shop.ann.reopen();
  const auto conflicts = shop.ann->conflicts();
  REQUIRE(conflicts.size() == 2);
  CHECK(conflicts[0].number < conflicts[1].number);
  CHECK(code_of(shop.ann->discard_conflict(999)) == Errc::unknown_record);
  CHECK(shop.ann->discard_conflict(conflicts[0].number));
  CHECK(code_of(shop.ann->discard_conflict(conflicts[0].number)) == Errc::unknown_record);
  REQUIRE(shop.ann->conflicts().size() == 1);
  CHECK(shop.ann->conflicts()[0].number == conflicts[1].number);
}

TEST_CASE("a comment that the tree asks for is asked for before anything is sent", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.trees = trees<acme::workshop::Drawer::Tool>();
  ann.go_on_line();
  using Tool = acme::workshop::Drawer::Tool;
  const auto tool = ann->write([](Transaction& t) { return t.create<Tool>([](auto) {}); });
  REQUIRE(tool);
  site.settle();
  ann.borrow(*tool);
  const auto silent = ann->write([&](Transaction& t) {
    t.edit(*tool).setName("Hammer");
    t.check_in(*tool);
  });
  CHECK(code_of(silent) == Errc::comment_needed);
  REQUIRE(ann->write([&](Transaction& t) {
    t.edit(*tool).setName("Hammer");
    t.check_in(*tool, "its name");
  }));
  site.settle();
  CHECK(ann->status().conflicts == 0);
}

}  // namespace coppice::test
