#include <set>

#include "tests/client/site.h"

namespace coppice::test {
namespace {

// Files every part under the length of its title; counts what it is told.
class Lengths final : public Indexer {
 public:
  explicit Lengths(std::uint32_t version = 1) : version_(version) {}
  std::string name() const override { return "lengths"; }
  std::uint32_t version() const override { return version_; }
  std::vector<TreeId> trees() const override { return {TreeOf<shop::Part>::id}; }
  void change(const IndexedChange& change, IndexWriter& index) override {
    ++calls;
    if (auto before = change.before_as<shop::Part>()) {
      index.remove(length(*before), change.key.word.value);
    }
    if (auto after = change.after_as<shop::Part>()) {
      if ((*after)->getTitle() == forbidden) throw std::runtime_error("a title nobody wants");
      index.add(length(*after), change.key.word.value);
    }
  }
  std::uint64_t length(const Record<shop::Part>& part) const {
    return part->getTitle().size() * version_;
  }

  int calls = 0;
  std::string forbidden = "(none)";

 private:
  const std::uint32_t version_;
};

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Desk bob{site, "bob"};
  std::shared_ptr<Lengths> lengths = std::make_shared<Lengths>();
  Key<shop::Part> part;
  Shop() {
    ann.options.indexers = {lengths};
    ann.go_on_line();
    bob.go_on_line();
    part = ann.make_part("P1");
    site.settle();
  }
  std::vector<std::uint64_t> filed(std::uint64_t length) {
    return ann->snapshot().index("lengths", length).value();
  }
  using Filed = std::vector<std::uint64_t>;
};

}  // namespace

TEST_CASE("an index follows local, synced and reverted changes, and equals a rebuild", "[client]") {
  Shop shop;
  const Shop::Filed part{shop.part.word.value};
  CHECK(shop.filed(0) == part);
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(shop.filed(0).empty());
  CHECK(shop.filed(4) == part);
  shop.ann->give_back({shop.part});
  CHECK(shop.filed(0) == part);
  shop.site.settle();

  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Screw"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.filed(5) == part);
  CHECK(shop.ann->check_invariants().empty());

  // A create that is refused.
  REQUIRE(shop.ann->write([&](Transaction& t) {
    t.create<shop::Part>([](auto made) { made.setTitle("Washer"); });
    t.set_state(shop.part, 55, 56);
  }));
  CHECK(shop.filed(6).size() == 1);
  shop.site.settle();
  CHECK(shop.filed(6).empty());

  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann->write([&](Transaction& t) { t.remove(shop.part); }));
  CHECK(shop.ann->snapshot().index_count("lengths").value() == 0);
  shop.site.settle();
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("a snapshot's index is as old as its records", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  const auto before = shop.ann->snapshot();
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(before.index("lengths", 0)->size() == 1);
  CHECK(before.index("lengths", 4)->empty());
}

TEST_CASE("an indexer that throws fails the local transaction and leaves nothing", "[client]") {
  Shop shop;
  shop.lengths->forbidden = "Bomb";
  const auto ids = shop.ann->ids_left(TreeOf<shop::Part>::id);
  const auto written = shop.ann->write([](Transaction& t) {
    t.create<shop::Part>([](auto part) { part.setTitle("Bolt"); });
    t.create<shop::Part>([](auto part) { part.setTitle("Bomb"); });
  });
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::invalid);
  CHECK(written.error().message.find("Indexer 'lengths' failed at parts:") == 0);
  CHECK(written.error().message.find("a title nobody wants. Nothing was written.") !=
        std::string::npos);
  CHECK(shop.ann->snapshot().count<shop::Part>() == 1);
  CHECK(shop.filed(4).empty());
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(shop.ann.count(Event::Kind::created) == 1);
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("an indexer that refuses a local give back leaves the borrow and the edit", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  // What it had before, and would have again.
  shop.lengths->forbidden = "";
  auto returned = shop.ann->give_back({shop.part});
  REQUIRE(returned.result());
  CHECK(returned.result()->error().code == Errc::invalid);
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann->borrowed().size() == 1);
}

TEST_CASE("an indexer that throws while syncing is set aside, and the sync goes on", "[client]") {
  Shop shop;
  shop.lengths->forbidden = "Bomb";
  const auto before = shop.ann->snapshot();
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bomb"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();

  CHECK(shop.ann.title(shop.part) == "Bomb");
  check_equal(shop.site, shop.ann);
  const auto asked = shop.ann->snapshot().index("lengths", 4);
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Errc::index_set_aside);
  CHECK(shop.ann->status().indexers_set_aside == std::vector<std::string>{"lengths"});
  CHECK(before.index("lengths", 0)->size() == 1);
  CHECK(shop.ann->check_invariants().empty());
}

namespace {

// Bob gives the part a title that ann's indexer throws at.
void set_lengths_aside(Shop& shop) {
  shop.lengths->forbidden = "Bomb";
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bomb"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  REQUIRE(shop.ann->status().indexers_set_aside.size() == 1);
}

}  // namespace

TEST_CASE("an indexer that is set aside is told of, once, and does not see what follows",
          "[client]") {
  Shop shop;
  set_lengths_aside(shop);
  const int calls = shop.lengths->calls;
  std::vector<Event> told;
  for (const Event& event : shop.ann.events()) {
    if (event.kind == Event::Kind::indexer) told.push_back(event);
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0].error.code == Errc::index_set_aside);
  CHECK(told[0].error.message.find("a title nobody wants") != std::string::npos);
  shop.ann.make_part("P2");
  shop.site.settle();
  CHECK(shop.lengths->calls == calls);
}

TEST_CASE("an indexer that was set aside is built anew after a pause", "[client]") {
  Shop shop;
  set_lengths_aside(shop);
  shop.ann.events();
  // Still broken after a minute, then mended.
  shop.site.now_us += 61'000'000;
  shop.site.settle();
  CHECK_FALSE(shop.ann->snapshot().index("lengths", 4));
  shop.lengths->forbidden = "(none)";
  shop.site.now_us += 60'000'000;
  shop.site.settle();
  CHECK_FALSE(shop.ann->snapshot().index("lengths", 4));
  shop.site.now_us += 61'000'000;
  shop.site.settle();
  CHECK(shop.filed(4) == Shop::Filed{shop.part.word.value});
  CHECK(shop.ann->status().indexers_set_aside.empty());
  CHECK(shop.ann.count(Event::Kind::indexer) == 1);
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("an indexer that was set aside is built anew when the replica is opened", "[client]") {
  Shop shop;
  set_lengths_aside(shop);
  shop.ann.options.indexers = {shop.lengths = std::make_shared<Lengths>()};
  shop.ann.reopen();
  CHECK(shop.filed(4) == Shop::Filed{shop.part.word.value});
}

TEST_CASE("an indexer that cannot be built does not keep the replica closed", "[client]") {
  Shop shop;
  set_lengths_aside(shop);
  shop.ann.reopen();
  CHECK(shop.ann->status().indexers_set_aside.size() == 1);
  CHECK(shop.ann.title(shop.part) == "Bomb");
}

TEST_CASE("building an index tells how far it is", "[client]") {
  Shop shop;
  std::vector<BuildProgress> told;
  shop.bob.options.indexers = {std::make_shared<Lengths>()};
  shop.bob.options.on_progress = [&](const BuildProgress& p) { told.push_back(p); };
  shop.bob.reopen();
  REQUIRE(told.size() == 2);
  CHECK(told[0].what == "index 'lengths'");
  CHECK(told[0].done == 0);
  CHECK(told[1].done == 1);
  CHECK(told[1].total == 1);
}

TEST_CASE("two indexers of one name are refused", "[client]") {
  Shop shop;
  shop.bob.options.indexers = {std::make_shared<Lengths>(), std::make_shared<Lengths>()};
  CHECK_THROWS_AS(shop.bob.reopen(), RefusedError);
  shop.bob.options.indexers.clear();
  shop.bob.reopen();
}

TEST_CASE("an index of the same version is not built anew", "[client]") {
  Shop shop;
  shop.ann.options.indexers = {shop.lengths = std::make_shared<Lengths>()};
  shop.ann.reopen();
  CHECK(shop.lengths->calls == 0);
  CHECK(shop.filed(0).size() == 1);
}

TEST_CASE("an index is built anew when its version changes", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  shop.ann.options.indexers = {shop.lengths = std::make_shared<Lengths>(2)};
  shop.ann.reopen();
  CHECK(shop.filed(4).empty());
  CHECK(shop.filed(8).size() == 1);
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("an indexer that is new to a replica gets what is there", "[client]") {
  Shop shop;
  shop.bob.options.indexers = {std::make_shared<Lengths>()};
  shop.bob.reopen();
  CHECK(shop.bob->snapshot().index("lengths", 0)->size() == 1);
  CHECK(shop.bob->snapshot().index("unknown", 0).error().code == Errc::bad_request);
  const IndexHandle handle("lengths");
  CHECK(handle.find_keys<shop::Part>(shop.bob->snapshot(), 0).value() ==
        std::vector<Key<shop::Part>>{shop.part});
}

}  // namespace coppice::test
