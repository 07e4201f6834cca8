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
    return ann->snapshot().index("lengths", length);
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
  CHECK(shop.ann->snapshot().index_count("lengths") == 0);
  shop.site.settle();
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("a snapshot's index is as old as its records", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  const auto before = shop.ann->snapshot();
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(before.index("lengths", 0).size() == 1);
  CHECK(before.index("lengths", 4).empty());
}

TEST_CASE("an indexer that throws fails the local transaction and leaves nothing", "[client]") {
  Shop shop;
  shop.lengths->forbidden = "Bomb";
  const auto ids = shop.ann->ids_left(TreeOf<shop::Part>::id);
  CHECK_THROWS_WITH(shop.ann->write([](Transaction& t) {
    t.create<shop::Part>([](auto part) { part.setTitle("Bolt"); });
    t.create<shop::Part>([](auto part) { part.setTitle("Bomb"); });
  }),
                    "a title nobody wants");
  CHECK(shop.ann->snapshot().count<shop::Part>() == 1);
  CHECK(shop.filed(4).empty());
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(shop.ann.count(Event::Kind::created) == 1);
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("an indexer that throws while syncing stops the sync, not the program", "[client]") {
  Shop shop;
  shop.lengths->forbidden = "Bomb";
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bomb"));
  REQUIRE(shop.bob.check_in(shop.part));
  // It would be tried again for ever, so not settle().
  std::string reason;
  for (int i = 0; i < 50 && reason.find("nobody wants") == std::string::npos; ++i) {
    shop.bob->step(shop.site.now_us);
    shop.site.network.run_until_idle();
    shop.site.work();
    shop.ann->step(shop.site.now_us);
    reason = shop.ann->status().reason;
  }
  CHECK(reason.find("a title nobody wants") != std::string::npos);
  CHECK(shop.ann.title(shop.part).empty());
  CHECK(shop.ann->check_invariants().empty());
  shop.lengths->forbidden = "";
  shop.site.settle();
  CHECK(shop.ann.title(shop.part) == "Bomb");
  check_equal(shop.site, shop.ann);
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
  CHECK(shop.bob->snapshot().index("lengths", 0).size() == 1);
  CHECK(shop.bob->snapshot().index("unknown", 0).empty());
}

}  // namespace coppice::test
