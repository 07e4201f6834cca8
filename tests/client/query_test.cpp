// Queries as an application asks them: which records, which revisions, in which order, how many.
#include "coppice/query.h"

#include "coppice/ref.h"
#include "depot.coppice.h"
#include "tests/client/depot.h"

namespace coppice::test {
namespace {

using depot::Article;
using depot::Firm;
using A = depot::ArticleFields;
using F = depot::FirmFields;
using Keys = std::vector<Key<Article>>;

Keys answer(Client& client, const Query<Article>& query) {
  Keys keys;
  const auto now = client.snapshot();
  for (auto article : now.select(query)) keys.push_back(article.key());
  CHECK(now.count(query) == keys.size());
  return keys;
}

// What compiles.
template <typename Field, typename Value>
concept Findable = requires(const Snapshot& now, Field field, Value value) {
  now.find(field, value);
};
template <typename Field, typename Value>
concept Equals = requires(Field field, Value value) {
  field == value;
};
template <typename Field, typename Value>
concept Less = requires(Field field, Value value) {
  field < value;
};
template <typename Field>
concept Contains = requires(Field field) {
  field.contains("x");
};
static_assert(Findable<decltype(A::number), const char*>);
static_assert(!Findable<decltype(A::note), const char*>);
static_assert(Equals<decltype(A::note), std::string>);
static_assert(!Equals<decltype(A::price), const char*>);
static_assert(!Equals<decltype(A::nowhere), int>);
static_assert(Equals<decltype(A::maker), Key<Firm>> && !Equals<decltype(A::maker), Key<Article>>);
static_assert(Less<decltype(A::price), int> && !Less<decltype(A::maker), Key<Firm>>);
static_assert(!Less<decltype(A::obsolete), bool>);
static_assert(Contains<decltype(A::title)> && !Contains<decltype(A::barcode)>);

}  // namespace

TEST_CASE("a query gives the records that fulfil its condition, in the order of keys", "[client]") {
  Depot depot;
  const auto a = depot.ann.make("A", 30), b = depot.ann.make("B", 10), c = depot.ann.make("C", 20);
  const auto all = query<Article>();
  CHECK(answer(*depot.ann, all) == Keys{a, b, c});
  CHECK(answer(*depot.ann, all.where(A::price < 30)) == Keys{b, c});
  CHECK(answer(*depot.ann, all.where(A::price < 30).where(A::number != "B")) == Keys{c});
  CHECK(answer(*depot.ann, all.where(A::price > 30)).empty());
  CHECK(answer(*depot.ann, all.limit(2)) == Keys{a, b});
  CHECK(answer(*depot.ann, all.where(A::note.is_set())).empty());
  depot.site.settle();
  CHECK(answer(*depot.bob, all.where(A::price < 30)) == Keys{b, c});
}

TEST_CASE("an order is by values, then by keys, and the unset come last", "[client]") {
  Depot depot;
  const auto make = [&](std::int64_t price, const char* note) {
    return *depot.ann.make([&](auto article) {
      article.setPrice(price);
      article.setNote(note);
    });
  };
  const auto a = make(20, "x"), b = make(10, ""), c = make(20, "y"), d = make(10, "x");
  const auto all = query<Article>();
  CHECK(answer(*depot.ann, all.order_by(A::price)) == Keys{b, d, a, c});
  CHECK(answer(*depot.ann, all.order_by(A::price, Direction::descending)) == Keys{a, c, b, d});
  CHECK(answer(*depot.ann, all.order_by(A::note)) == Keys{a, d, c, b});
  CHECK(answer(*depot.ann, all.order_by(A::note, Direction::descending)) == Keys{c, a, d, b});
  CHECK(answer(*depot.ann, all.order_by(A::price).order_by(A::note)) == Keys{d, b, a, c});
  CHECK(answer(*depot.ann, all.order_by(A::price).limit(3)) == Keys{b, d, a});
  CHECK(answer(*depot.ann, all.order_by(A::price).limit(0)).empty());
}

TEST_CASE("a list is put in order by its value that comes first", "[client]") {
  Depot depot;
  const auto make = [&](std::vector<std::int16_t> levels) {
    return *depot.ann.make([&](auto article) {
      auto list = article.initLevels(static_cast<unsigned>(levels.size()));
      for (unsigned i = 0; i < levels.size(); ++i) list.set(i, levels[i]);
    });
  };
  const auto a = make({5, 1}), b = make({2, 9}), c = make({});
  const auto all = query<Article>();
  CHECK(answer(*depot.ann, all.order_by(A::levels)) == Keys{a, b, c});
  CHECK(answer(*depot.ann, all.order_by(A::levels, Direction::descending)) == Keys{b, a, c});
}

TEST_CASE("a query is about the newest, the released or all revisions", "[client]") {
  Depot depot;
  const auto draft = depot.ann.make("draft", 5);
  const auto first = depot.ann.make("A", 5);
  depot.site.settle();
  depot.ann.release(first);
  depot.ann.borrow(first);
  const auto second = *depot.ann->write([&](Transaction& t) { return t.next_revision(first); });
  const auto five = query<Article>().where(A::price == 5);
  CHECK(answer(*depot.ann, five) == Keys{draft, second});
  CHECK(answer(*depot.ann, five.released()) == Keys{first});
  CHECK(answer(*depot.ann, five.all_revisions()) == Keys{draft, first, second});
  REQUIRE(depot.ann->write([&](Transaction& t) { t.edit(second).setPrice(6); }));
  // The newest is asked, and it alone: an older revision does not stand in for it.
  CHECK(answer(*depot.ann, five) == Keys{draft});
  CHECK(answer(*depot.ann, five.released()) == Keys{first});
  // A removed draft is only a spent number.
  depot.site.settle();
  REQUIRE(depot.ann->write([&](Transaction& t) { t.remove(second); }));
  CHECK(answer(*depot.ann, five) == Keys{draft, first});
}

TEST_CASE("a query follows references to the records of its snapshot", "[client]") {
  Depot depot;
  const auto acme = depot.ann.make_firm("Acme"), bolts = depot.ann.make_firm("Bolts");
  const auto make = [&](Key<Firm> maker) {
    return *depot.ann.make([&](auto article) { refer(article.initMaker(), maker); });
  };
  const auto a = make(acme), b = make(bolts), c = make(acme.floating());
  const auto by_acme = query<Article>().where(A::maker.to(F::name) == "Acme");
  CHECK(answer(*depot.ann, by_acme) == Keys{a, c});
  CHECK(answer(*depot.ann, query<Article>().order_by(A::maker.to(F::name),
                                                     Direction::descending)) == Keys{b, a, c});
  const auto before = depot.ann->snapshot();
  depot.site.settle();
  depot.ann.borrow(acme);
  REQUIRE(depot.ann->write([&](Transaction& t) { t.edit(acme).setName("Ace"); }));
  CHECK(answer(*depot.ann, by_acme).empty());
  CHECK(before.count(by_acme) == 2);
}

TEST_CASE("a query outlives what it was made of", "[client]") {
  Depot depot;
  const auto a = depot.ann.make("A");
  auto asked = query<Article>();
  {
    const std::string number(1, 'A');
    asked = asked.where(A::number == number);
  }
  CHECK(answer(*depot.ann, asked) == Keys{a});
}

TEST_CASE("a tool asks with names of its own, and is told what is wrong", "[client]") {
  Depot depot;
  const auto a = depot.ann.make("A", 5);
  const auto now = depot.ann->snapshot();
  const auto tree = now.catalogue().find("articles");
  const auto* price = tree->fields().find("price");
  REQUIRE(price);
  AnyQuery asked{.tree = tree->id()};
  asked.where = AnyCondition::test(price->id, Test::equal, {OwnedValue(FieldValue(5))});
  auto walk = now.select(asked);
  REQUIRE(walk);
  CHECK(walk->next()->key == AnyKey(a));
  CHECK(!walk->next());
  asked.where = AnyCondition::test(FieldId{1}, Test::set, {});
  CHECK(code_of(now.select(asked)) == Errc::bad_request);
  CHECK(code_of(now.count(asked)) == Errc::bad_request);
  asked.tree = TreeId{1};
  asked.where = {};
  CHECK(code_of(now.select(asked)) == Errc::unknown_tree);
}

TEST_CASE("what is tried can be asked, and is not there afterwards", "[client]") {
  Depot depot;
  depot.ann.make("A", 5);
  const auto five = query<Article>().where(A::price == 5);
  std::uint64_t inside = 0;
  depot.ann->what_if(
      [](Transaction& t) { t.create<Article>([](auto article) { article.setPrice(5); }); },
      [&](const Snapshot& outcome) { inside = outcome.count(five); });
  CHECK(inside == 2);
  CHECK(depot.ann->snapshot().count(five) == 1);
}

}  // namespace coppice::test
