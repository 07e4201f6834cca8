// Rows of BORROWING.md about ids, check-ins and programs of different ages that no other test has.
#include "tests/client/depot.h"
#include "tests/client/office.h"

namespace coppice::test {
namespace {

constexpr TreeId kPartTree = TreeOf<shop::Part>::id;

// The percentages that were told for parts.
std::vector<std::uint32_t> told_of_parts(Desk& desk) {
  std::vector<std::uint32_t> told;
  for (const Event& event : desk.events()) {
    if (event.kind == Event::Kind::lease && event.key.tree == kPartTree)
      told.push_back(event.place);
  }
  return told;
}

// The stamps as a program of before had them, whose schema has a lower `minimumWriter`.
std::vector<std::uint64_t> earlier_stamps() {
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(TreeOf<office::Stamp>::schema().data())));
  message.getRoot<protocol::TreeSchema>().setMinimumWriter(1);
  return canonical_words(message.getRoot<protocol::TreeSchema>().asReader());
}

struct StampDesk : Desk {
  StampDesk(Site& site, std::string name, std::vector<std::uint64_t> schema)
      : Desk(site, std::move(name)), words(std::move(schema)) {
    options.trees = {{TreeOf<office::Stamp>::id, words}};
  }
  Result<Key<office::Stamp>> make() {
    return (*this)->write([](Transaction& t) {
      return t.create<office::Stamp>([](auto body) { body.setText("paid"); });
    });
  }
  Result<Done> change(Key<office::Stamp> key) {
    return (*this)->write([&](Transaction& t) {
      t.edit(key).setText("urgent");
      t.check_in(key);
    });
  }
  const std::vector<std::uint64_t> words;
};

// A site whose stamps an old program made, and a newer one that has not come yet.
struct Stamps {
  Site site;
  StampDesk old{site, "old", earlier_stamps()};
  StampDesk young{site,
                  "young",
                  {TreeOf<office::Stamp>::schema().begin(), TreeOf<office::Stamp>::schema().end()}};
  Key<office::Stamp> key;
  Stamps() {
    old.go_on_line();
    key = old.make().value();
    site.settle();
    old.borrow(key);
  }
};

}  // namespace

TEST_CASE("D1: ids that run out are told at 20 % and at 10 %, once each", "[client]") {
  server::Options options;
  options.lease_count_max = 10;
  Site site(options);
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.go_off_line();
  ann.events();
  const auto make = [&](int count) {
    for (int i = 0; i < count; ++i) ann.make_part("P");
    ann->step(site.now_us);
    ann->step(site.now_us);
  };
  make(7);
  CHECK(told_of_parts(ann).empty());
  make(1);
  CHECK(told_of_parts(ann) == std::vector<std::uint32_t>{20});
  make(1);
  CHECK(told_of_parts(ann) == std::vector<std::uint32_t>{10});
}

TEST_CASE("D1: more ids are asked for when half are used, and more of them each time", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const std::uint64_t first = ann->ids_left(kPartTree);
  const auto use = [&](std::uint64_t count) {
    REQUIRE(ann->write([&](Transaction& t) {
      for (std::uint64_t i = 0; i < count; ++i) t.create<shop::Part>([](auto) {});
    }));
    site.settle();
  };
  use(first / 2 - 1);
  CHECK(ann->ids_left(kPartTree) == first - first / 2 + 1);
  use(1);
  CHECK(ann->ids_left(kPartTree) > 2 * first);
}

TEST_CASE("F22: without ids nothing is made, and everything else goes on", "[client]") {
  server::Options options;
  options.lease_count_max = 3;
  Site site(options);
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto held = ann.make_part("held");
  site.settle();
  ann.borrow(held);
  ann.go_off_line();
  while (ann->ids_left(kPartTree) > 0) ann.make_part("P");
  const auto made = ann->write([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  CHECK(code_of(made) == Errc::lease_exhausted);
  REQUIRE(ann->write(
      [](Transaction& t) { t.create<shop::Company>([](auto body) { body.setName("Smith"); }); }));
  REQUIRE(ann.retitle(held, "Bolt"));
  REQUIRE(ann.check_in(held));
  ann.go_on_line();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann->ids_left(kPartTree) > 0);
  check_equal(site, ann);
}

TEST_CASE("F27, C1: of a check-in of 200 records with one that is refused nothing is applied",
          "[client]") {
  Depot depot;
  std::vector<Key<depot::Article>> keys;
  std::vector<AnyKey> records;
  for (int i = 0; i < 200; ++i) {
    keys.push_back(depot.ann.make("A" + std::to_string(i)));
    records.push_back(keys.back());
  }
  depot.site.settle();
  const auto borrowed = depot.ann->check_out(records);
  depot.site.settle();
  REQUIRE(accepted(borrowed));
  depot.ann.go_off_line();
  depot.bob.make("taken");
  depot.bob.make("taken too");
  depot.site.settle();
  REQUIRE(depot.ann->write([&](Transaction& t) {
    for (const auto key : keys) {
      t.edit(key).setPrice(7);
      t.check_in(key);
    }
    t.edit(keys[17]).setNumber("taken");
    t.edit(keys[18]).setNumber("taken too");
  }));
  depot.ann.go_on_line();
  const auto conflicts = depot.ann->conflicts();
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].items.size() == 200);
  REQUIRE(conflicts[0].reasons.size() == 2);
  CHECK(conflicts[0].reasons[0].key == AnyKey(keys[17]));
  CHECK(conflicts[0].reasons[1].key == AnyKey(keys[18]));
  CHECK(depot.ann->borrowed().size() == 200);
  for (const auto key : keys) CHECK(depot.site.header(key).iteration == 1);
}

TEST_CASE("V6: movements are made without a borrow, off line by several, and add up", "[client]") {
  Site site;
  Desk ann(site, "ann"), bob(site, "bob"), carol(site, "carol");
  for (Desk* desk : {&ann, &bob, &carol}) desk->go_on_line();
  const auto part = ann.make_part("resistor");
  site.settle();
  ann.borrow(part);
  for (Desk* desk : {&bob, &carol}) {
    desk->go_off_line();
    for (const int delta : {100, -3}) {
      REQUIRE((*desk)->write([&](Transaction& t) {
        t.create<shop::Movement>([&](auto body) {
          refer<shop::Part>(body.initPart(), part);
          body.setDelta(delta);
        });
      }));
    }
  }
  bob.go_on_line();
  carol.go_on_line();
  const auto now = ann->snapshot();
  int stock = 0;
  for (const auto key : now.where_used<shop::Movement>(part)) stock += (*now.get(key))->getDelta();
  CHECK(stock == 194);
  CHECK(ann.holds(part));
}

TEST_CASE("B12: where a tree asks for newer writers, older programs only read", "[client]") {
  Stamps stamps;
  stamps.young.go_on_line();
  const auto made = stamps.old.make();
  REQUIRE(code_of(made) == Errc::needs_newer_client);
  CHECK(made.error().message ==
        "Tree 'stamps' can only be read by this program, whose schema of it is older than those "
        "that may write. Update the program.");
  CHECK(code_of(stamps.old.change(stamps.key)) == Errc::needs_newer_client);
  CHECK(stamps.old.value(stamps.key));
  // What it holds it can give back, and then not get again.
  stamps.old->give_back({stamps.key});
  stamps.site.settle();
  const auto borrow = stamps.old->check_out(stamps.key);
  stamps.site.settle();
  CHECK(code_of(borrow) == Errc::needs_newer_client);
  stamps.young.borrow(stamps.key);
  REQUIRE(stamps.young.change(stamps.key));
  stamps.site.settle();
  CHECK(stamps.site.header(stamps.key).schema_version == 2);
  check_equal(stamps.site, stamps.old);
}

TEST_CASE("F30: what an older program did under a borrow from before is refused, and kept",
          "[client]") {
  Stamps stamps;
  stamps.old.go_off_line();
  REQUIRE(stamps.old.change(stamps.key));
  REQUIRE(stamps.old.make());
  stamps.young.go_on_line();
  stamps.old.go_on_line();
  const auto conflicts = stamps.old->conflicts();
  REQUIRE(conflicts.size() == 2);
  for (const Conflict& conflict : conflicts) {
    CHECK(conflict.reasons[0].code == Errc::needs_newer_client);
    CHECK_FALSE(conflict.items[0].mine.empty());
  }
  CHECK(stamps.site.header(stamps.key).iteration == 1);
}

}  // namespace coppice::test
