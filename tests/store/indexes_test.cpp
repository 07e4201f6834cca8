#include "store/indexes.h"

#include <algorithm>
#include <random>

#include "tests/store/index_depot.h"

namespace coppice::store {
namespace {

using Ids = Depot::Ids;

}  // namespace

TEST_CASE("an index finds records by a value and by a range of values", "[store]") {
  Depot depot(article_tree());
  depot.write(
      {{key(1), numbered("C", -5)}, {key(2), numbered("A", 3)}, {key(3), numbered("B", 3)}});
  CHECK(depot.ids("number") == Ids{2, 3, 1});
  CHECK(depot.ids("number", ValueRange::of("B")) == Ids{3});
  CHECK(depot.ids("number", ValueRange::of("BB")) == Ids{});
  CHECK(depot.ids("number", {FieldValue("B"), std::nullopt}) == Ids{3, 1});
  CHECK(depot.ids("number", {std::nullopt, FieldValue("B")}) == Ids{2, 3});
  CHECK(depot.ids("price", ValueRange::of(3)) == Ids{2, 3});
  CHECK(depot.ids("price", {FieldValue(-100), FieldValue(0)}) == Ids{1});
  CHECK(depot.faults().empty());
}

TEST_CASE("an index follows what changes and forgets what is removed", "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1), numbered("A", 1)}, {key(2), numbered("B", 2)}});
  depot.write({{key(1), numbered("A", 7)}, {key(2), {}}});
  CHECK(depot.ids("number") == Ids{1});
  CHECK(depot.ids("price", ValueRange::of(1)) == Ids{});
  CHECK(depot.ids("price", ValueRange::of(7)) == Ids{1});
  CHECK(depot.faults().empty());
}

TEST_CASE("a record that changes several times in one transaction leaves its last values",
          "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1), numbered("A")}, {key(1), numbered("B")}, {key(1), numbered("A")}});
  CHECK(depot.ids("number") == Ids{1});
  depot.write({{key(1), numbered("B")}, {key(1), numbered("A")}, {key(1), {}}});
  CHECK(depot.ids("number") == Ids{});
  CHECK(depot.faults().empty());
}

TEST_CASE("all revisions of a record are in an index", "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1, 1), numbered("A")}, {key(1, 2), numbered("A")}, {key(2), numbered("A")}});
  CHECK(depot.ids("number", ValueRange::of("A")) == Ids{1, 1, 2});
}

TEST_CASE("values of equal beginnings that keys cut off are told apart by their records",
          "[store]") {
  Depot depot(article_tree());
  const std::string common(IndexTables::kValueBytesMax, 'x');
  depot.write({{key(1), numbered(common + "1")},
               {key(2), numbered(common + "2")},
               {key(3), numbered(common)}});
  auto txn = depot.database->read();
  const std::string wanted = common + "2";
  const ValueRange range = ValueRange::of(std::string_view(wanted));
  Ids exact;
  for (IndexRange r(txn, depot.indexes->tables(), depot.number("number"), range); r; r.next()) {
    CHECK(r.is_cut());
    const auto& plan = depot.indexes->tree(kArticles)->info->indexes();
    if (has_value_in(plan, *plan.find("number"), depot.tree().find(txn, r.key())->body(), range))
      exact.push_back(r.key().id().value);
  }
  CHECK(exact == Ids{2});
}

TEST_CASE("an index that is added later is built in pieces, and goes on after a restart",
          "[store]") {
  Depot depot(article_tree({{"number @0 :Text $Coppice.unique", "number @0 :Text"}}));
  Depot::Bodies bodies;
  for (std::uint64_t id = 1; id <= 100; ++id) bodies.emplace_back(key(id), numbered("N"));
  depot.write(bodies);
  CHECK(!depot.indexes->has_work());
  depot.adopt(article_tree());
  REQUIRE(depot.indexes->has_work());
  depot.indexes->work(30);
  CHECK(depot.indexes->progress().done == 30);
  CHECK(depot.indexes->progress().total == 100);
  depot.open();
  REQUIRE(depot.indexes->has_work());
  // Before the position, and beyond it.
  depot.write({{key(10), numbered("M")},
               {key(90), numbered("M")},
               {key(91), {}},
               {key(200), numbered("M")}});
  depot.indexes->work(30);
  CHECK(depot.indexes->has_work());
  depot.write({{key(90), numbered("O")}});
  depot.indexes->work_to_the_end();
  CHECK(depot.faults().empty());
  CHECK(depot.ids("number", ValueRange::of("M")) == Ids{10, 200});
  CHECK(depot.ids("number", ValueRange::of("O")) == Ids{90});
  CHECK(depot.ids("number", ValueRange::of("N")).size() == 97);
}

TEST_CASE("an index of a tree that is empty needs no building", "[store]") {
  Depot depot(article_tree());
  CHECK(!depot.indexes->has_work());
}

TEST_CASE("an index that nobody wants any more is removed", "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1), numbered("A", 1)}, {key(2), numbered("B", 2)}});
  const auto before = depot.count_values();
  depot.adopt(article_tree({{"number @0 :Text $Coppice.unique", "number @0 :Text"}}));
  REQUIRE(depot.indexes->has_work());
  depot.open();
  depot.indexes->work_to_the_end();
  CHECK(depot.count_values() == before - 2);
  CHECK(depot.faults().empty());
  // And wanted again: built anew.
  depot.adopt(article_tree());
  depot.indexes->work_to_the_end();
  CHECK(depot.ids("number") == Ids{1, 2});
  CHECK(depot.faults().empty());
}

TEST_CASE("a renamed field keeps its index", "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1), numbered("A")}});
  depot.adopt(article_tree({{"number @0", "label @0"}}));
  CHECK(!depot.indexes->has_work());
  CHECK(depot.ids("label") == Ids{1});
}

TEST_CASE("an authority keeps unique indexes only", "[store]") {
  Depot depot;
  depot.open(Indexes::Kept::unique);
  depot.adopt(article_tree());
  depot.write({{key(1), numbered("A", 1)}});
  CHECK(depot.ids("number") == Ids{1});
  CHECK(!depot.number("price"));
  CHECK(depot.faults().empty());
}

TEST_CASE("the check finds an entry that is missing and one too many", "[store]") {
  Depot depot(article_tree());
  depot.write({{key(1), numbered("A")}, {key(2), numbered("B")}});
  const ValueTables& values = depot.indexes->tables().values;
  const ValueKey a(depot.number("number"), FieldValue("A"));
  depot.database->write(
      [&](WriteTxn& txn) { values.below_runs(txn).erase(a.bytes(), bytes_of(key(1).value)); });
  REQUIRE(depot.faults().size() == 2);
  CHECK(depot.faults()[0] == "articles:1.1: an index does not have it");
  depot.database->write([&](WriteTxn& txn) {
    values.below_runs(txn).add(a.bytes(), bytes_of(key(1).value));
    values.below_runs(txn).add(a.bytes(), bytes_of(key(2).value));
  });
  REQUIRE(depot.faults().size() == 1);
  CHECK_THAT(depot.faults()[0], Catch::Matchers::ContainsSubstring("has 3 values"));
}

TEST_CASE("indexes of random histories are what a rebuild makes", "[store]") {
  const auto seed = GENERATE(1u, 2u, 3u);
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Depot depot(article_tree());
  for (int round = 0; round < 30; ++round) {
    Depot::Bodies bodies;
    for (int i = 0; i < 20; ++i) {
      const KeyWord at = key(1 + random() % 30, 1 + random() % 2);
      Words body;
      if (random() % 4 != 0) {
        body = body_of<Article>([&](auto article) {
          article.setNumber(std::to_string(random() % 10));
          auto keywords = article.initKeywords(random() % 4);
          for (unsigned k = 0; k < keywords.size(); ++k)
            keywords.set(k, std::string(random() % 20, static_cast<char>('a' + random() % 3)));
          article.setPrice(random() % 5);
          article.initMaker().setKey(random() % 3 << 24);
        });
      }
      bodies.emplace_back(at, std::move(body));
    }
    depot.write(bodies);
    REQUIRE(depot.faults() == std::vector<std::string>{});
  }
}

}  // namespace coppice::store
