#include <set>

#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Kind = Event::Kind;

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Desk bob{site, "bob"};
  Key<shop::Part> part;
  Shop() {
    ann.go_on_line();
    bob.go_on_line();
    part = ann.make_part("P1");
    site.settle();
    forget();
  }
  void forget() {
    ann.events();
    bob.events();
  }
  // What happened to the part, in order.
  std::vector<Kind> told(Desk& desk) {
    std::vector<Kind> kinds;
    for (const Event& event : desk.events()) {
      if (event.key.record() == AnyKey(part).record()) kinds.push_back(event.kind);
    }
    return kinds;
  }
};

using Kinds = std::vector<Kind>;

}  // namespace

TEST_CASE("a record's life is told to everybody, once and in order", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  CHECK(shop.told(shop.ann) == Kinds{Kind::borrowed});
  CHECK(shop.told(shop.bob) == Kinds{Kind::borrowed});

  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(shop.told(shop.ann) == Kinds{Kind::changed});
  REQUIRE(shop.ann.check_in(shop.part));
  CHECK(shop.told(shop.ann) == Kinds{Kind::returned});
  shop.site.settle();
  CHECK(shop.told(shop.ann).empty());
  CHECK(shop.told(shop.bob) == Kinds{Kind::changed, Kind::returned});

  shop.ann.release(shop.part);
  CHECK(shop.told(shop.bob) == Kinds{Kind::borrowed, Kind::released, Kind::state, Kind::returned});
  shop.forget();
  REQUIRE(shop.ann->write([&](Transaction& t) { t.set_state(shop.part, 100, 130); }));
  shop.site.settle();
  CHECK(shop.told(shop.ann) == Kinds{Kind::state});
  CHECK(shop.told(shop.bob) == Kinds{Kind::state});
}

TEST_CASE("each edit is a change, and a check-in that changes nothing is none", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  shop.forget();
  for (const char* title : {"Bolt", "Nut", "Screw"}) {
    REQUIRE(shop.ann.retitle(shop.part, title));
    CHECK(shop.told(shop.ann) == Kinds{Kind::changed});
  }
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  CHECK(shop.told(shop.ann).empty());
  shop.site.settle();
  CHECK(shop.told(shop.ann).empty());
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  shop.site.settle();
  CHECK(shop.told(shop.ann).empty());
}

TEST_CASE("what goes back to what it was is a change", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  shop.forget();
  shop.ann->give_back({shop.part});
  // The replica shows both at once; the authority's word adds nothing that was not told.
  CHECK(shop.told(shop.ann) == Kinds{Kind::changed, Kind::returned});
  shop.site.settle();
  CHECK(shop.told(shop.ann).empty());
}

TEST_CASE("a refused create is told as a conflict and as a removal, when both are visible",
          "[client]") {
  Shop shop;
  Key<shop::Part> made;
  REQUIRE(shop.ann->write([&](Transaction& t) {
    made = t.create<shop::Part>([](auto) {});
    t.set_state(shop.part, 55, 56);
  }));
  shop.ann.events();
  shop.site.settle();
  std::size_t conflicts = 0, removals = 0;
  for (const Event& event : shop.ann.events()) {
    if (event.kind == Kind::conflict) {
      ++conflicts;
      CHECK(event.error.code == Errc::state_conflict);
      CHECK(event.operation != 0);
      CHECK(shop.ann->conflicts().size() == 1);
    }
    if (event.kind == Kind::removed && event.key == AnyKey(made)) {
      ++removals;
      CHECK_FALSE(shop.ann->snapshot().get(made));
    }
  }
  CHECK(conflicts == 1);
  CHECK(removals == 1);
}

// A transaction of creates is over with its answer, any other when the feed has brought its
// effects: so each kind is told in its own order.
TEST_CASE("each accepted operation is told once, with a sequence that is here", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  shop.forget();
  for (int i = 0; i < 5; ++i) {
    shop.ann.make_part("P");
    REQUIRE(shop.ann.retitle(shop.part, "Bolt " + std::to_string(i)));
    REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  }
  shop.site.settle();
  std::set<std::uint64_t> accepted;
  for (const Event& event : shop.ann.events()) {
    if (event.kind != Kind::accepted) continue;
    CHECK(accepted.insert(event.operation).second);
    CHECK(event.sequence > 0);
    CHECK(event.sequence <= shop.ann->status().cursor);
  }
  CHECK(accepted.size() == 10);
}

TEST_CASE("local events say so, and events of others too", "[client]") {
  Shop shop;
  const auto made = shop.ann.make_part("P2");
  shop.site.settle();
  for (Desk* desk : {&shop.ann, &shop.bob}) {
    std::size_t created = 0;
    for (const Event& event : desk->events()) {
      if (event.kind != Kind::created) continue;
      ++created;
      CHECK(event.key == AnyKey(made));
      CHECK(event.origin == (desk == &shop.ann ? Event::Origin::local : Event::Origin::remote));
      CHECK(event.sequence == (desk == &shop.ann ? 0 : shop.site.header(made).sequence));
    }
    CHECK(created == 1);
  }
}

TEST_CASE("a first sync tells how far it is, not each record", "[client]") {
  Shop shop;
  for (int i = 0; i < 100; ++i) shop.ann.make_part("P");
  shop.site.settle();
  Desk carol(shop.site, "carol");
  carol.go_on_line();
  std::size_t progress = 0, created = 0;
  for (const Event& event : carol.events()) {
    progress += event.kind == Kind::progress;
    created += event.kind == Kind::created;
  }
  CHECK(progress > 0);
  CHECK(created == 0);
  CHECK(carol->snapshot().count<shop::Part>() == 101);
}

TEST_CASE("a transaction of more events than are kept tells that some are missing", "[client]") {
  Shop shop;
  shop.ann->lease<shop::Movement>(30'000);
  shop.site.settle();
  shop.forget();
  REQUIRE(shop.ann->write([](Transaction& t) {
    for (int i = 0; i < 21'000; ++i) t.create<shop::Movement>([](auto) {});
  }));
  const auto events = shop.ann.events();
  CHECK(events.size() == 20'001);
  CHECK(events.back().kind == Kind::missed);
}

TEST_CASE("connection events come when the status changes", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  CHECK(shop.ann.count(Kind::connection) > 0);
  CHECK(shop.ann->status().connection == Connection::offline);
  CHECK(shop.ann->status().reason == "disconnected by the application");
  shop.ann.go_on_line();
  CHECK(shop.ann.count(Kind::connection) > 0);
}

TEST_CASE("ids that come and ids that run out are told", "[client]") {
  server::Options options;
  options.lease_count_max = 10;
  Site site(options);
  Desk ann(site, "ann");
  ann.go_on_line();
  CHECK(ann.count(Kind::lease) >= 3);
  ann.go_off_line();
  ann.events();
  while (ann->ids_left(TreeOf<shop::Part>::id) > 0) ann.make_part("P");
  ann->step(site.now_us);
  std::size_t told = 0;
  for (const Event& event : ann.events()) {
    if (event.kind != Kind::lease) continue;
    ++told;
    CHECK(event.key.tree == TreeOf<shop::Part>::id);
    CHECK(event.place == 0);
  }
  CHECK(told > 0);
}

}  // namespace coppice::test
