// Programs of different ages on one database.
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

// A desk whose program knows the shop of a few years on.
struct NewDesk : Desk {
  NewDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{parts->id(), parts->message()}};
  }
  TreeInfoPtr parts = newer_tree_in_shop("parts");
  Words body(const std::string& title) {
    return body_of(*parts, [&](capnp::DynamicStruct::Builder part) {
      part.set("title", title.c_str());
      part.set("colour", "red");
      part.set("shelf", 77);
    });
  }
  AnyKey make(const std::string& title) {
    const auto made = (*this)->write(
        [&](Transaction& t) { return t.create(TreeOf<shop::Part>::id, body(title)); });
    REQUIRE(made);
    return *made;
  }
};

Words stored_body(Site& site, AnyKey key) {
  const auto value = *site.stored(key);
  const auto record = *RecordView::parse(std::as_bytes(std::span(value)));
  return {record.body().begin(), record.body().end()};
}

}  // namespace

TEST_CASE("a newer schema becomes everybody's, and records of both ages live together",
          "[client]") {
  Site site;
  Desk old(site, "old");
  old.go_on_line();
  const auto first = old.make_part("P1");
  site.settle();
  NewDesk young(site, "young");
  young.go_on_line();
  CHECK(young->snapshot().catalogue().find("parts")->version() == 2);
  CHECK(old->snapshot().catalogue().find("parts")->version() == 2);
  const AnyKey second = young.make("Bolt");
  site.settle();
  CHECK(old.title(Key<shop::Part>(second.word)) == "Bolt");
  CHECK(young.value(first) == site.stored(first));
  CHECK(old.make_part("P3"));
  site.settle();
  CHECK(old->status().conflicts == 0);
  check_equal(site, old);
}

TEST_CASE("fields that a program does not know survive its edits", "[client]") {
  Site site;
  NewDesk young(site, "young");
  young.go_on_line();
  const Key<shop::Part> key(young.make("Bolt").word);
  site.settle();
  Desk old(site, "old");
  old.go_on_line();
  old.borrow(key);
  REQUIRE(old.retitle(key, "Nut"));
  old.reopen();
  REQUIRE(old.check_in(key));
  old.go_on_line();
  CHECK(stored_body(site, key) == young.body("Nut"));
  check_equal(site, old);
}

TEST_CASE("fields that a program does not know survive in its drawer", "[client]") {
  Site site;
  NewDesk young(site, "young");
  young.go_on_line();
  const Key<shop::Part> key(young.make("Bolt").word);
  site.settle();
  Desk old(site, "old");
  old.go_on_line();
  old.borrow(key);
  REQUIRE(old->write([&](Transaction& t) {
    t.edit(key).setTitle("Nut");
    t.check_in(key);
    t.set_state(key, 55, 56);
  }));
  site.settle();
  REQUIRE(old->conflicts().size() == 1);
  CHECK(old->conflicts()[0].items[0].mine == young.body("Nut"));
  CHECK(old->conflicts()[0].items[0].base == young.body("Bolt"));
}

TEST_CASE("a program that is newer than its replica works off line", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.go_off_line();
  ann.close();
  const auto newer = newer_tree_in_shop("parts");
  ann.options.trees = {{newer->id(), newer->message()}};
  ann.open();
  const auto made = ann.make_part("P1");
  CHECK(ann->check_invariants().empty());
  ann.go_on_line();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann->snapshot().catalogue().find("parts")->version() == 2);
  CHECK(ann.value(made) == site.stored(made));
}

TEST_CASE("a record's header names the version that describes its body", "[client]") {
  Site site;
  Desk old(site, "old");
  old.go_on_line();
  const auto first = old.make_part("P1");
  site.settle();
  CHECK(site.header(first).schema_version == 1);
  NewDesk young(site, "young");
  young.go_on_line();
  const Key<shop::Part> second(young.make("Bolt").word);
  site.settle();
  CHECK(site.header(second).schema_version == 2);

  SECTION("an old program's create, made while the tree is newer, is of the old version") {
    const auto third = old.make_part("P3");
    CHECK(old.header(third).schema_version == 1);
    site.settle();
    CHECK(site.header(third).schema_version == 1);
  }
  SECTION("an old program's edit keeps the newer version, whose fields are in it") {
    old.borrow(second);
    REQUIRE(old.retitle(second, "Nut"));
    CHECK(old.header(second).schema_version == 2);
    REQUIRE(old.check_in(second));
    site.settle();
    CHECK(site.header(second).schema_version == 2);
  }
  SECTION("a new program's edit of an old record is of the new version") {
    young.borrow(first);
    REQUIRE(young.retitle(first, "Nut"));
    REQUIRE(young.check_in(first));
    site.settle();
    CHECK(site.header(first).schema_version == 2);
  }
  SECTION("the next revision is of the version of the one it copies") {
    old.release(second);
    young.release(first);
    old.borrow(second);
    young.borrow(first);
    REQUIRE(old->write([&](Transaction& t) { return t.next_revision(second); }));
    REQUIRE(young->write([&](Transaction& t) { return t.next_revision(first); }));
    site.settle();
    CHECK(site.header(Key<shop::Part>(second.id(), Revision{2})).schema_version == 2);
    CHECK(site.header(Key<shop::Part>(first.id(), Revision{2})).schema_version == 1);
  }
  SECTION("a first sync brings the versions, and their schemas") {
    Desk late(site, "late");
    late.go_on_line();
    CHECK(late.header(first).schema_version == 1);
    CHECK(late.header(second).schema_version == 2);
    const auto now = late->snapshot();
    CHECK(now.catalogue().find(TreeOf<shop::Part>::id, 1)->version() == 1);
  }
  check_equal(site, old);
  check_equal(site, young);
}

TEST_CASE("work of a program that is newer than any authority knows gets its version there",
          "[client]") {
  Site site;
  NewDesk ann(site, "ann");
  {
    Desk before(site, "ann");
    before.go_on_line();
  }
  ann.open();
  const AnyKey made = ann.make("Bolt");
  CHECK(ann.header(made).schema_version == 0);

  SECTION("when the same program connects") {}
  SECTION("when an older program does") {
    ann.close();
    Desk older(site, "ann");
    older.go_on_line();
    CHECK(older->status().conflicts == 0);
    older.close();
  }
  ann.reopen();
  ann.go_on_line();
  CHECK(site.header(made).schema_version == 2);
  CHECK(stored_body(site, made) == ann.body("Bolt"));
  check_equal(site, ann);
}

TEST_CASE("an earlier program is not kept from its server by a later one that wrote nothing",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.close();
  // Somebody else's program goes another way, and is the first to be adopted.
  const auto left =
      tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; a @21 :Text;"}});
  const auto right =
      tree_in_shop("parts", {{"tool @1 :Text;", "tool @1 :Text; minutes @2 :Float32;"}});
  ann.options.trees = {{right->id(), right->message()}};
  ann.open();
  Desk bob(site, "bob");
  bob.options.trees = {{left->id(), left->message()}};
  bob.go_on_line();
  ann.connect();
  site.settle();
  CHECK(ann->status().connection == Connection::refused);
  ann.close();
  ann.options.trees = shop_trees();
  ann.go_on_line();
  check_equal(site, ann);
}

TEST_CASE("a snapshot taken before a tree was there has nothing of it", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.trees = trees<shop::Part>();
  ann.go_on_line();
  const auto before = ann->snapshot();
  Desk bob(site, "bob");
  bob.go_on_line();
  const auto company =
      bob->write([](Transaction& t) { return t.create<shop::Company>([](auto) {}); });
  REQUIRE(company);
  site.settle();
  CHECK(ann->snapshot().get(*company));
  CHECK_FALSE(before.get(*company));
  CHECK_FALSE(before.head(*company));
  CHECK(before.count<shop::Company>() == 0);
  CHECK_FALSE(before.walk(TreeOf<shop::Company>::id).next());
}

}  // namespace coppice::test
