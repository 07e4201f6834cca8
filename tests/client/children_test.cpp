// What a release does to references, and what removal and obsolescence mean to those who refer.
#include "tests/client/office.h"

namespace coppice::test {

using Drawing = Key<office::Drawing>;

TEST_CASE("R3, F32: a draft's reference follows its child, until its own release pins it",
          "[client]") {
  Office office;
  const Drawing child = office.ann.make_drawing("D1");
  const Drawing parent = office.ann.make_drawing("D2", {child.floating()});
  office.ann.release(child);
  office.ann.release(parent);
  CHECK(office.ann.parts_of(parent) == std::vector<KeyWord>{child.word});
  // The next revision of the child changes nothing that was released.
  office.ann.borrow(child);
  Drawing next;
  REQUIRE(office.ann.submit([&](Transaction& t) {
    next = t.next_revision(child);
    t.release(next);
  }));
  CHECK(office.bob.parts_of(parent) == std::vector<KeyWord>{child.word});
  CHECK(office.ann.header(parent).iteration == 2);
  check_equal(office.site, office.ann);
  check_equal(office.site, office.bob);
}

TEST_CASE("R3: what a transaction releases together is pinned to each other", "[client]") {
  Office office;
  const Drawing child = office.ann.make_drawing("D1");
  office.ann.release(child);
  const Drawing parent = office.ann.make_drawing("D2", {child.floating(), child.floating()});
  office.ann.borrow(child);
  office.ann.borrow(parent);
  Drawing next;
  REQUIRE(office.ann.submit([&](Transaction& t) {
    t.release(parent);
    next = t.next_revision(child);
    t.release(next);
  }));
  CHECK(office.bob.parts_of(parent) == std::vector<KeyWord>{next.word, next.word});
  check_equal(office.site, office.bob);
}

TEST_CASE("R3: a reference that was fixed stays what it was", "[client]") {
  Office office;
  const Drawing child = office.ann.make_drawing("D1");
  office.ann.release(child);
  const Drawing parent = office.ann.make_drawing("D2", {child});
  office.ann.borrow(child);
  REQUIRE(office.ann.submit([&](Transaction& t) { t.release(t.next_revision(child)); }));
  office.ann.release(parent);
  CHECK(office.ann.parts_of(parent) == std::vector<KeyWord>{child.word});
  // Nothing was pinned, so nothing was handed in again.
  CHECK(office.ann.header(parent).iteration == 1);
}

TEST_CASE("R3, R10: a release refused because of others names them all, and nothing is sent",
          "[client]") {
  Office office;
  const Drawing one = office.ann.make_drawing("D1");
  const Drawing two = office.ann.make_drawing("D2");
  const Drawing parent = office.ann.make_drawing("D3", {one.floating(), two});
  office.ann.borrow(parent);
  const auto refused = office.ann->write([&](Transaction& t) { t.release(parent); });
  REQUIRE(code_of(refused) == Errc::children_not_released);
  REQUIRE(refused.error().reasons.size() == 2);
  CHECK(refused.error().reasons[0].message ==
        "drawings:3.1 refers to drawings:1.1, which is not released: release it too, or refer to "
        "a revision that is.");
  CHECK(refused.error().reasons[1].key == AnyKey(two));
  CHECK(office.ann->status().outbox == 0);
  CHECK(office.ann.holds(parent));
}

TEST_CASE("R3: a part that is made, referred to and released in one transaction is whole",
          "[client]") {
  Office office;
  const Drawing parent = office.ann.make_drawing("D1");
  office.ann.borrow(parent);
  Drawing child;
  REQUIRE(office.ann.submit([&](Transaction& t) {
    child = t.create<office::Drawing>([](auto body) { body.setNumber("D2"); }, Borrowing::kept);
    OfficeDesk::fill(t.edit(parent), "D1", {child.floating()});
    t.check_in(parent, {}, Borrowing::kept);
    t.release(parent);
    t.release(child);
  }));
  CHECK(office.bob.parts_of(parent) == std::vector<KeyWord>{child.word});
  CHECK(office.ann.header(parent).iteration == 2);
  check_equal(office.site, office.bob);
}

TEST_CASE("a tree whose children float is released with references as they are", "[client]") {
  Office office;
  const Drawing drawing = office.ann.make_drawing("D1");
  const auto made = office.ann->write([&](Transaction& t) {
    return t.create<office::Index>(
        [&](auto body) { refer<office::Drawing>(body.initOf(1)[0], drawing.floating()); });
  });
  REQUIRE(made);
  office.site.settle();
  office.ann.release(*made);
  const auto now = office.bob->snapshot();
  CHECK(KeyWord((*now.get(*made))->getOf()[0].getKey()) == drawing.floating().word);
}

TEST_CASE("a tree whose children are unchecked is pinned to drafts, too", "[client]") {
  Office office;
  const Drawing drawing = office.ann.make_drawing("D1");
  const auto made = office.ann->write([&](Transaction& t) {
    return t.create<office::Sketch>(
        [&](auto body) { refer<office::Drawing>(body.initOf(), drawing.floating()); });
  });
  REQUIRE(made);
  office.site.settle();
  office.ann.release(*made);
  const auto now = office.bob->snapshot();
  CHECK(KeyWord((*now.get(*made))->getOf().getKey()) == drawing.word);
  check_equal(office.site, office.bob);
}

TEST_CASE("C9, S21: a removal that a released record stands against comes back with all of them",
          "[client]") {
  Office office;
  const auto steel = office.ann.make_material("steel");
  const Drawing one = office.ann.make_drawing("D1", {}, steel);
  const Drawing two = office.ann.make_drawing("D2", {}, steel);
  office.ann.release(one);
  office.ann.release(two);
  office.ann.borrow(steel);
  const auto removed = office.ann.submit([&](Transaction& t) { t.remove(steel); });
  REQUIRE(code_of(removed) == Errc::referenced);
  REQUIRE(removed.error().reasons.size() == 2);
  CHECK(removed.error().reasons[0].key == AnyKey(one));
  CHECK(removed.error().reasons[1].key == AnyKey(two));
  // It is there again, borrowed as before.
  CHECK(office.ann.value(steel));
  CHECK(office.ann.holds(steel));
  check_equal(office.site, office.ann);
}

TEST_CASE("C9, F9: work on what was removed meanwhile is refused aloud, and kept", "[client]") {
  Office office;
  const Drawing drawing = office.ann.make_drawing("D1");
  office.ann.go_off_line();
  REQUIRE(office.ann->write([&](Transaction& t) { t.set_state(drawing, "draft", "in-review"); }));
  office.bob.borrow(drawing);
  REQUIRE(office.bob.submit([&](Transaction& t) { t.remove(drawing); }));
  office.ann.go_on_line();
  const auto conflicts = office.ann->conflicts();
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].reasons[0].code == Errc::removed);
  CHECK_FALSE(office.ann.value(drawing));
  CHECK(code_of(office.ann->write([&](Transaction& t) { t.edit(drawing); })) == Errc::removed);
}

TEST_CASE("R8: a new reference to what is obsolete is refused or told, as its tree says",
          "[client]") {
  Office office;
  const Drawing child = office.ann.make_drawing("D1");
  office.ann.release(child);
  REQUIRE(office.ann.set_state(child, "released", "withdrawn", "wrong"));
  const auto steel = office.ann.make_material("steel");
  REQUIRE(office.ann.set_state(steel, "live", "phased-out"));
  // Off line too.
  office.ann.go_off_line();
  const auto refused = office.ann->write([&](Transaction& t) {
    t.create<office::Drawing>([&](auto body) { OfficeDesk::fill(body, "D2", {child.floating()}); });
  });
  REQUIRE(code_of(refused) == Errc::obsolete);
  CHECK(
      refused.error().message ==
      "drawings:2.1 refers to drawings:1.1, which is in state 'withdrawn'. Refer to another one.");
  office.ann.events();
  REQUIRE(office.ann->write([&](Transaction& t) {
    t.create<office::Drawing>([&](auto body) { OfficeDesk::fill(body, "D3", {}, steel); });
  }));
  const auto told = office.ann.events();
  const auto warning = std::ranges::find(told, Event::Kind::warning, &Event::kind);
  REQUIRE(warning != told.end());
  CHECK(warning->error.message ==
        "drawings:2.1 refers to materials:1.1, which is in state 'phased-out'. Refer to another "
        "one.");
  office.ann.go_on_line();
  CHECK(office.ann->status().conflicts == 0);
}

TEST_CASE("F33: an obsolete child is named when its parent is released", "[client]") {
  Office office;
  const Drawing child = office.ann.make_drawing("D1");
  office.ann.release(child);
  const Drawing parent = office.ann.make_drawing("D2", {child.floating()});
  REQUIRE(office.bob.set_state(child, "released", "withdrawn", "wrong"));
  office.ann.borrow(parent);
  const auto refused = office.ann->write([&](Transaction& t) { t.release(parent); });
  REQUIRE(code_of(refused) == Errc::obsolete);
  CHECK(refused.error().key == AnyKey(child));
}

}  // namespace coppice::test
