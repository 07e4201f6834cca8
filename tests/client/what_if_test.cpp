#include "tests/client/site.h"

namespace coppice::test {
namespace {

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Key<shop::Part> part;
  Shop() {
    ann.go_on_line();
    part = ann.make_part("P1");
    site.settle();
    ann->poll();
    ann.events();
  }
};

std::vector<Event::Kind> kinds(const WhatIf& report) {
  std::vector<Event::Kind> kinds;
  for (const Event& event : report.changes) kinds.push_back(event.kind);
  return kinds;
}

// Files every part under the length of its title.
class Lengths final : public Indexer {
 public:
  std::string name() const override { return "lengths"; }
  std::uint32_t version() const override { return 1; }
  std::vector<TreeId> trees() const override { return {TreeOf<shop::Part>::id}; }
  void change(const IndexedChange& change, IndexWriter& index) override {
    if (auto before = change.before_as<shop::Part>())
      index.remove((*before)->getTitle().size(), change.key.word.value);
    if (auto after = change.after_as<shop::Part>()) {
      if ((*after)->getTitle() == "Bomb") throw std::runtime_error("a title nobody wants");
      index.add((*after)->getTitle().size(), change.key.word.value);
    }
  }
};

class Count final : public MemoryIndexer<int> {
 public:
  std::string name() const override { return "count"; }
  std::vector<TreeId> trees() const override { return {TreeOf<shop::Part>::id}; }
  void follow(const IndexedChange& change, int& count) override {
    if (!change.before) ++count;
    if (!change.after) --count;
  }
};

}  // namespace

TEST_CASE("what is tried is seen inside, and nowhere afterwards", "[client]") {
  Shop shop;
  const auto ids = shop.ann->ids_left(TreeOf<shop::Part>::id);
  Key<shop::Part> made;
  bool looked = false;
  const auto report = shop.ann->what_if(
      [&](Transaction& t) {
        made = t.create<shop::Part>([](auto part) { part.setTitle("Bolt"); });
      },
      [&](const Snapshot& outcome) {
        looked = true;
        CHECK(outcome.count<shop::Part>() == 2);
        REQUIRE(outcome.get(made));
        CHECK((*outcome.get(made))->getTitle() == "Bolt");
        std::size_t walked = 0;
        for (auto part : outcome.tree<shop::Part>()) walked += part.key() == made ? 10 : 1;
        CHECK(walked == 11);
      });
  CHECK(looked);
  CHECK(report.refusals.empty());
  CHECK(kinds(report) == std::vector{Event::Kind::created});
  CHECK(report.changes[0].key == AnyKey(made));

  CHECK(shop.ann->snapshot().count<shop::Part>() == 1);
  CHECK(shop.ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.ann->poll().empty());
  CHECK(shop.ann->check_invariants().empty());
  // The id is not spent: the next create takes it.
  CHECK(shop.ann.make_part("P2") == made);
}

TEST_CASE("indexes inside see what is tried, in tables and in memory", "[client]") {
  Shop shop;
  auto count = std::make_shared<Count>();
  shop.ann.options.indexers = {std::make_shared<Lengths>(), count};
  shop.ann.reopen();
  const auto report = shop.ann->what_if(
      [](Transaction& t) { t.create<shop::Part>([](auto part) { part.setTitle("Bolt"); }); },
      [&](const Snapshot& outcome) {
        CHECK(outcome.index("lengths", 4)->size() == 1);
        CHECK(*count->at(outcome) == 2);
      });
  CHECK(report.refusals.empty());
  CHECK(shop.ann->snapshot().index("lengths", 4)->empty());
  CHECK(*count->at(shop.ann->snapshot()) == 1);
  shop.ann.make_part("P2");
  CHECK(*count->at(shop.ann->snapshot()) == 2);
}

TEST_CASE("what would be refused is told with every reason, and nothing is shown", "[client]") {
  Shop shop;
  const auto report = shop.ann->what_if(
      [&](Transaction& t) {
        t.edit(shop.part).setTitle("not borrowed");
        t.check_in(Key<shop::Part>(RecordId{77}, Revision{1}));
      },
      [](const Snapshot&) { FAIL("There is no outcome to look at."); });
  REQUIRE(report.refusals.size() == 2);
  CHECK(report.refusals[0].code == Errc::not_borrowed);
  CHECK(report.refusals[1].code == Errc::unknown_record);
  CHECK(report.changes.empty());
}

TEST_CASE("an indexer that would refuse is one of the reasons", "[client]") {
  Shop shop;
  shop.ann.options.indexers = {std::make_shared<Lengths>()};
  shop.ann.reopen();
  const auto report = shop.ann->what_if(
      [](Transaction& t) { t.create<shop::Part>([](auto part) { part.setTitle("Bomb"); }); });
  REQUIRE(report.refusals.size() == 1);
  CHECK(report.refusals[0].code == Errc::invalid);
  CHECK(report.changes.empty());
}

TEST_CASE("an exception inside leaves everything as it was", "[client]") {
  Shop shop;
  const auto ids = shop.ann->ids_left(TreeOf<shop::Part>::id);
  auto create = [](Transaction& t) { t.create<shop::Part>([](auto) {}); };
  CHECK_THROWS_WITH(
      shop.ann->what_if(create, [](const Snapshot&) { throw std::runtime_error("enough"); }),
      "enough");
  CHECK_THROWS_WITH(shop.ann->what_if([&](Transaction& t) {
    create(t);
    throw std::runtime_error("enough");
  }),
                    "enough");
  CHECK(shop.ann->snapshot().count<shop::Part>() == 1);
  CHECK(shop.ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(shop.ann->check_invariants().empty());
}

TEST_CASE("an edit is tried without becoming one", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  shop.ann->poll();
  const auto report = shop.ann->what_if([&](Transaction& t) {
    t.edit(shop.part).setTitle("Nut");
    t.check_in(shop.part);
  });
  CHECK(report.refusals.empty());
  CHECK(report.changes.size() >= 1);
  CHECK(shop.ann.title(shop.part).empty());
  CHECK(shop.ann.holds(shop.part));
  CHECK(shop.ann->status().unchecked == 0);
}

TEST_CASE("trying inside a write is refused", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->write([&](Transaction&) {
    const auto report = shop.ann->what_if([](Transaction&) {});
    REQUIRE(report.refusals.size() == 1);
    CHECK(report.refusals[0].code == Errc::bad_request);
  }));
}

}  // namespace coppice::test
