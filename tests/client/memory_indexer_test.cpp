#include <map>

#include "tests/client/site.h"

namespace coppice::test {
namespace {

// How many parts have each title.
class Titles final : public MemoryIndexer<std::map<std::string, int>> {
 public:
  std::string name() const override { return "titles"; }
  std::vector<TreeId> trees() const override { return {TreeOf<shop::Part>::id}; }
  void follow(const IndexedChange& change, std::map<std::string, int>& titles) override {
    if (auto before = change.before_as<shop::Part>()) {
      const std::string title = (*before)->getTitle();
      if (--titles[title] == 0) titles.erase(title);
    }
    if (auto after = change.after_as<shop::Part>()) {
      const std::string title = (*after)->getTitle();
      if (title == "Bomb") throw std::runtime_error("a title nobody wants");
      ++titles[title];
    }
  }
};

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Desk bob{site, "bob"};
  std::shared_ptr<Titles> titles = std::make_shared<Titles>();
  Key<shop::Part> part;
  Shop() {
    ann.options.indexers = {titles};
    ann.go_on_line();
    bob.go_on_line();
    part = ann.make_part("P1");
    site.settle();
  }
  using Counts = std::map<std::string, int>;
  Counts now() { return *titles->at(ann->snapshot()); }
};

}  // namespace

TEST_CASE("a state in memory follows local and synced changes", "[client]") {
  Shop shop;
  CHECK(shop.now() == Shop::Counts{{"", 1}});
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  CHECK(shop.now() == Shop::Counts{{"Bolt", 1}});
  shop.ann->give_back({shop.part});
  shop.site.settle();
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Screw"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.now() == Shop::Counts{{"Screw", 1}});
}

TEST_CASE("a snapshot keeps the state in memory that it began with", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  const auto before = shop.ann->snapshot();
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  const auto between = shop.ann->snapshot();
  REQUIRE(shop.ann.retitle(shop.part, "Nut"));
  CHECK(*shop.titles->at(before) == Shop::Counts{{"", 1}});
  CHECK(*shop.titles->at(between) == Shop::Counts{{"Bolt", 1}});
  CHECK(shop.now() == Shop::Counts{{"Nut", 1}});
}

TEST_CASE("a transaction that fails leaves nothing in memory", "[client]") {
  Shop shop;
  const auto written = shop.ann->write([](Transaction& t) {
    t.create<shop::Part>([](auto part) { part.setTitle("Bolt"); });
    t.create<shop::Part>([](auto part) { part.setTitle("Bomb"); });
  });
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::invalid);
  CHECK(shop.now() == Shop::Counts{{"", 1}});
  shop.ann.make_part("P2");
  CHECK(shop.now() == Shop::Counts{{"", 2}});
}

TEST_CASE("a state in memory that fails on synced changes is set aside and built anew",
          "[client]") {
  Shop shop;
  const auto before = shop.ann->snapshot();
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bomb"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.titles->at(shop.ann->snapshot()) == nullptr);
  CHECK(*shop.titles->at(before) == Shop::Counts{{"", 1}});
  CHECK(shop.ann.title(shop.part) == "Bomb");
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bolt"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.titles->at(shop.ann->snapshot()) == nullptr);
  shop.site.now_us += 61'000'000;
  shop.site.settle();
  REQUIRE(shop.titles->at(shop.ann->snapshot()));
  CHECK(shop.now() == Shop::Counts{{"Bolt", 1}});
}

TEST_CASE("a state in memory is built anew when the replica is opened", "[client]") {
  Shop shop;
  shop.ann.options.indexers = {shop.titles = std::make_shared<Titles>()};
  shop.ann.reopen();
  CHECK(shop.now() == Shop::Counts{{"", 1}});
}

TEST_CASE("a client without the indexer has no state of it", "[client]") {
  Shop shop;
  CHECK(shop.titles->at(shop.bob->snapshot()) == nullptr);
}

}  // namespace coppice::test
