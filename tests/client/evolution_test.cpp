// Programs of different ages that work on the same records, on line and off, in any order.
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

const TreeInfoPtr& newer_parts() {
  static const TreeInfoPtr tree = newer_tree_in_shop("parts");
  return tree;
}

// A desk whose program knows the shop of a few years on, and sets colours.
struct YoungDesk : Desk {
  YoungDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{newer_parts()->id(), newer_parts()->message()}};
  }
  void paint(AnyKey key, const char* colour) {
    REQUIRE((*this)->write([&](Transaction& t) {
      t.edit_body(key)
          .getRoot<capnp::DynamicStruct>(newer_parts()->dynamic())
          .set("colour", colour);
    }));
  }
};

std::string colour(Desk& desk, AnyKey key) {
  const auto now = desk->snapshot();
  const auto found = now.get(key);
  REQUIRE(found);
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(found->view.body().data()));
  return root.getAs<capnp::DynamicStruct>(newer_parts()->dynamic())
      .get("colour")
      .as<capnp::Text>()
      .cStr();
}

// What both have done to a record is there, everywhere.
void check_both(Site& site, Desk& old, Desk& young, Key<shop::Part> key, const std::string& title,
                const std::string& hue) {
  CHECK(old.title(key) == title);
  CHECK(young.title(key) == title);
  CHECK(colour(old, key) == hue);
  CHECK(colour(young, key) == hue);
  CHECK(site.header(key).schema_version == 2);
  check_equal(site, old);
  check_equal(site, young);
}

}  // namespace

TEST_CASE("B12, F30: an old and a new program take turns with one record", "[client]") {
  Site site;
  Desk old(site, "old");
  YoungDesk young(site, "young");
  old.go_on_line();
  young.go_on_line();
  const auto key = old.make_part("P1");
  site.settle();
  for (const char* turn : {"first", "second"}) {
    young.borrow(key);
    young.paint(key, turn);
    REQUIRE(young.check_in(key));
    site.settle();
    old.borrow(key);
    REQUIRE(old.retitle(key, turn));
    REQUIRE(old.check_in(key));
    site.settle();
    check_both(site, old, young, key, turn, turn);
  }
}

TEST_CASE("old and new programs work off line, and come back in either order", "[client]") {
  Site site;
  Desk old(site, "old");
  YoungDesk young(site, "young");
  old.go_on_line();
  const auto mine = old.make_part("P1");
  const auto theirs = old.make_part("P2");
  site.settle();
  young.go_on_line();
  old.borrow(mine);
  young.borrow(theirs);
  old.go_off_line();
  young.go_off_line();

  REQUIRE(old.retitle(mine, "Nut"));
  REQUIRE(old.check_in(mine));
  young.paint(theirs, "red");
  REQUIRE(young.check_in(theirs));
  const auto made = old.make_part("P3");

  const bool old_first = GENERATE(true, false);
  (old_first ? old : static_cast<Desk&>(young)).go_on_line();
  (old_first ? static_cast<Desk&>(young) : old).go_on_line();
  CHECK(old->status().conflicts + young->status().conflicts == 0);
  CHECK(young.title(mine) == "Nut");
  CHECK(colour(old, theirs) == "red");
  CHECK(site.header(mine).schema_version == 1);
  CHECK(site.header(theirs).schema_version == 2);
  CHECK(site.header(made).schema_version == 1);
  check_equal(site, old);
  check_equal(site, young);
}

TEST_CASE("a new program that nobody knows yet edits off line what an old one made", "[client]") {
  Site site;
  Desk old(site, "old");
  Key<shop::Part> key;
  {
    Desk before(site, "young");
    before.go_on_line();
    key = before.make_part("P1", Borrowing::kept);
    site.settle();
  }
  YoungDesk young(site, "young");
  young.open();
  young.paint(key, "red");
  CHECK(young.header(key).schema_version == 0);
  REQUIRE(young.check_in(key));
  old.go_on_line();
  CHECK(old->snapshot().catalogue().find("parts")->version() == 1);
  young.go_on_line();
  CHECK(old->snapshot().catalogue().find("parts")->version() == 2);
  old.borrow(key);
  REQUIRE(old.retitle(key, "Nut"));
  REQUIRE(old.check_in(key));
  site.settle();
  check_both(site, old, young, key, "Nut", "red");
}

TEST_CASE("what is given back is shown as what it was, with the version of that", "[client]") {
  Site site;
  Desk old(site, "old");
  old.go_on_line();
  const auto key = old.make_part("P1");
  site.settle();
  YoungDesk young(site, "young");
  young.go_on_line();
  young.borrow(key);
  young.paint(key, "red");
  CHECK(young.header(key).schema_version == 2);
  const auto given = young->give_back({AnyKey(key)});
  CHECK(young.header(key).schema_version == 1);
  site.settle();
  CHECK(accepted(given));
  CHECK(young.header(key).schema_version == 1);
  check_equal(site, young);
}

TEST_CASE("two programs that differ in names only keep what the last one brought", "[client]") {
  Site site;
  const auto renamed = tree_in_shop("parts", {{"title @1 :Text;", "heading @1 :Text;"}});
  Desk old(site, "old");
  Desk young(site, "young");
  young.options.trees = {{renamed->id(), renamed->message()}};
  old.go_on_line();
  young.go_on_line();
  for (Desk* desk : {&old, &young, &old}) {
    desk->reopen();
    desk->go_on_line();
    CHECK((*desk)->snapshot().catalogue().find("parts")->version() == 2);
  }
  const auto key = old.make_part("P1");
  site.settle();
  CHECK(site.header(key).schema_version == 1);
}

}  // namespace coppice::test
