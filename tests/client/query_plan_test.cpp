// Which indexes serve a query, and what explain() says of it.
#include "coppice/ref.h"
#include "tests/client/depot.h"
#include "tests/codegen/compile.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using depot::Article;
using depot::Firm;
using A = depot::ArticleFields;
using F = depot::FirmFields;

// 1,000 articles of twenty firms; titles of two words, prices from 0 to 99.
struct Many {
  Many() {
    desk.go_on_line();
    std::vector<Key<Firm>> firms;
    for (int i = 0; i < 20; ++i) firms.push_back(desk.make_firm("firm " + std::to_string(i)));
    REQUIRE(desk->write([&](Transaction& t) {
      for (int i = 0; i < 1000; ++i) {
        t.create<Article>([&](auto article) {
          article.setNumber("A" + std::to_string(i));
          article.setPrice(i / 10);
          article.setTitle(i % 100 == 0 ? "red bolt" : "blue nut");
          article.setObsolete(i % 2 == 0);
          if (i % 20 == 0) refer(article.initMaker(), firms[static_cast<std::size_t>(i / 100)]);
          refer(article.initMakers(1)[0], firms[static_cast<std::size_t>(i % 20)].floating());
          auto lines = article.initLines(1);
          lines[0].setCount(static_cast<std::uint32_t>(i));
        });
      }
    }));
  }
  std::string explained(const Query<Article>& query) {
    return desk->snapshot().explain(query).text();
  }
  std::uint64_t count(const Query<Article>& query) { return desk->snapshot().count(query); }

  Site site;
  DepotDesk desk{site, "ann"};
};

}  // namespace

TEST_CASE("explain names the index, or why there is none", "[client]") {
  Many many;
  const auto all = query<Article>();
  CHECK(many.explained(all) == "articles\n  all records of articles: 1000\n");
  CHECK(many.explained(all.where(A::number == "A7")) ==
        "articles: number = \"A7\"\n  index on number, \"A7\": 1\n");
  CHECK(many.explained(all.where(A::note == "x")) ==
        "articles: note = \"x\"\n"
        "  all records of articles: 1000\n"
        "  tested: note = \"x\"\n"
        "  (field 'note' has no index)\n");
  CHECK(many.explained(all.where(A::price >= 98 && A::price < 99 && A::title.contains("nut"))) ==
        "articles: price >= 98 and price < 99 and title contains \"nut\"\n"
        "  index on price, 98: 10\n"
        "  tested: price >= 98 and price < 99 and title contains \"nut\"\n");
  CHECK_THAT(many.explained(all.where(A::title.contains("nut"))),
             ContainsSubstring("  (each text is looked into: title contains \"nut\")\n"));
  CHECK(many.explained(all.where(A::obsolete == true)) ==
        "articles: obsolete = true\n"
        "  all records of articles: 1000\n"
        "  tested: obsolete = true\n"
        "  (index on obsolete, true gives more than 100 of 1000 records)\n");
  CHECK(many.explained(all.where(A::price == 1 || A::number == "A7").limit(3)) ==
        "articles: price = 1 or number = \"A7\" limit 3\n"
        "  either of: 11\n"
        "    index on price, 1: 10\n"
        "    index on number, \"A7\": 1\n"
        "  the first 3\n");
  CHECK_THAT(many.explained(all.where(A::price == 1 || A::note == "x")),
             ContainsSubstring("all records of articles"));
  CHECK_THAT(many.explained(all.where(A::title.matches("red bo"))),
             ContainsSubstring("  search for 'bo': 10\n  tested: "));
  CHECK_THAT(many.explained(all.where(!(A::price < 95))),
             ContainsSubstring("index on price, from 95 to 9223372036854775807: 50\n"));
}

TEST_CASE("an index gives the order where no other is better", "[client]") {
  Many many;
  const auto all = query<Article>();
  CHECK(many.explained(all.order_by(A::price, Direction::descending).limit(5)) ==
        "articles: order by price desc limit 5\n"
        "  index on price, in its order, as long as that takes at most 100 entries\n"
        "  the first 5\n");
  CHECK(many.explained(all.order_by(A::price)) ==
        "articles: order by price\n  all records of articles: 1000\n  sorted\n");
  CHECK(many.explained(all.where(A::number == "A7").order_by(A::price).limit(5)) ==
        "articles: number = \"A7\" order by price limit 5\n"
        "  index on number, \"A7\": 1\n"
        "  sorted, the first 5 kept\n");
  CHECK_THAT(many.explained(all.order_by(A::note).limit(5)),
             ContainsSubstring("sorted, the first 5 kept"));
}

TEST_CASE("a condition on what is referred to goes from the inside out", "[client]") {
  Many many;
  const auto all = query<Article>();
  const auto by_maker = all.where(A::maker.to(F::name) == "firm 3");
  CHECK(many.explained(by_maker) ==
        "articles: maker.name = \"firm 3\"\n"
        "  those that refer to 1 of firms by maker: 5\n"
        "    index on name, \"firm 3\": 1\n"
        "    tested: name = \"firm 3\"\n"
        "  tested: maker.name = \"firm 3\"\n");
  CHECK(many.count(by_maker) == 5);
  // By where-used, since this reference has no index of its own.
  const auto by_makers = all.where(A::makers.to(F::name) == "firm 3");
  CHECK_THAT(many.explained(by_makers),
             ContainsSubstring("those that refer to 1 of firms by makers: 55"));
  CHECK(many.count(by_makers) == 50);
}

TEST_CASE("an index that is not complete yet is told of", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.make_part("P1");
  site.settle();
  const auto newer =
      tree_in_shop("parts", {{"number @0 :Text", "number @0 :Text $Coppice.unique"}});
  // The catalogue of a replica that is only looked at may be ahead of its indexes.
  AnyQuery asked{.tree = newer->id()};
  asked.where = AnyCondition::test(newer->indexes().indexes()[0].field, Test::equal,
                                   {OwnedValue(FieldValue("P1"))});
  CHECK_THAT(ann->snapshot().explain(asked)->text(),
             ContainsSubstring("(field 'number' has no index)"));
  Desk bob(site, "bob");
  bob.options.trees = {{newer->id(), newer->message()}};
  bob.go_on_line();
  site.settle();
  CHECK_THAT(ann->snapshot().explain(asked)->text(),
             ContainsSubstring("index on number, \"P1\": 1"));
}

}  // namespace coppice::test
