// Leaving the line well prepared, and sets of records.
#include "tests/client/office.h"

namespace coppice::test {

using Drawing = Key<office::Drawing>;

namespace {

struct Assembly : Office {
  Key<office::Material> steel = ann.make_material("steel");
  Drawing screw = ann.make_drawing("screw", {}, steel);
  Drawing plate = ann.make_drawing("plate", {screw.floating()});
  Drawing desk = ann.make_drawing("desk", {plate.floating(), screw.floating()});
  Drawing other = ann.make_drawing("other");
};

}  // namespace

TEST_CASE("a set of records is closed under what they refer to", "[client]") {
  Assembly office;
  const auto all = office.bob->with_references({office.desk});
  CHECK(all == std::vector<AnyKey>{AnyKey(office.desk).record(), AnyKey(office.plate).record(),
                                   AnyKey(office.screw).record(), AnyKey(office.steel).record()});
  const auto drawings = office.bob->with_references({office.desk}, {TreeOf<office::Drawing>::id});
  CHECK(drawings.size() == 3);
  CHECK(office.bob->with_references({office.other}).size() == 1);
}

TEST_CASE("B10: who prepares to go off line has the records, the ids and everything new",
          "[client]") {
  Assembly office;
  const auto ready = office.bob->prepare_offline({.records = {office.desk},
                                                  .with_references = true,
                                                  .trees = {TreeOf<office::Drawing>::id},
                                                  .ids = {{TreeOf<office::Material>::id, 5'000}},
                                                  .options = {.reason = "trade fair"}});
  CHECK_FALSE(ready.result());
  office.site.settle();
  REQUIRE(accepted(ready));
  CHECK((*ready.result())->borrowed.size() == 3);
  CHECK(office.bob->ids_left(TreeOf<office::Material>::id) >= 5'000);
  office.bob.go_off_line();
  for (const Drawing drawing : {office.desk, office.plate, office.screw}) {
    CHECK(office.bob->write([&](Transaction& t) {
      t.edit(drawing).setNote("from the fair");
      t.check_in(drawing);
    }));
  }
  office.bob.go_on_line();
  CHECK(office.bob->status().conflicts == 0);
  check_equal(office.site, office.bob);
}

TEST_CASE("B10, B5: what is in the way of a preparation is told, and nothing is borrowed",
          "[client]") {
  Assembly office;
  office.ann.borrow(office.plate);
  const auto ready =
      office.bob->prepare_offline({.records = {office.desk}, .with_references = true});
  office.site.settle();
  REQUIRE(code_of(ready) == Errc::held);
  CHECK(ready.result()->error().key == AnyKey(office.plate).record());
  CHECK(office.bob->borrowed().empty());
}

TEST_CASE("B10: off line nothing can be prepared", "[client]") {
  Assembly office;
  office.bob.go_off_line();
  CHECK(code_of(office.bob->prepare_offline({.records = {office.desk}})) == Errc::offline);
  CHECK(code_of(office.bob->prepare_offline({})) == Errc::offline);
  // Nor does it leave anything behind that would be asked for later.
  CHECK(office.bob->status().outbox == 0);
}

}  // namespace coppice::test
