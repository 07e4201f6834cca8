// Live queries: an answer at the start, and an event for each change of it.
#include <random>
#include <set>

#include "coppice/ref.h"
#include "tests/client/depot.h"

namespace coppice::test {
namespace {

using depot::Article;
using depot::Firm;
using A = depot::ArticleFields;
using F = depot::FirmFields;
using Kind = Event::Kind;
using Keys = std::vector<Key<Article>>;

struct News {
  Kind kind;
  Key<Article> key;
  bool operator==(const News&) const = default;
};
using AllNews = std::vector<News>;

std::ostream& operator<<(std::ostream& out, const News& news) {
  return out << to_string(news.kind) << ' ' << to_string(news.key.word);
}

// What a live query was told since the last call.
AllNews news(DepotDesk& desk, std::uint64_t number) {
  AllNews all;
  for (const Event& event : desk.events()) {
    if (event.query == number) all.push_back({event.kind, Key<Article>(event.key.word)});
  }
  return all;
}

Keys answer(DepotDesk& desk, const Query<Article>& query) {
  Keys keys;
  const auto now = desk->snapshot();
  for (auto article : now.select(query)) keys.push_back(article.key());
  return keys;
}

void set_price(DepotDesk& desk, Key<Article> key, std::int64_t price) {
  REQUIRE(desk->write([&](Transaction& t) { t.edit(key).setPrice(price); }));
}

const auto kCheap = query<Article>().where(A::price < 10);

}  // namespace

TEST_CASE("a live query has its answer at the start and is told of what changes", "[client]") {
  Depot depot;
  const auto a = depot.ann.make("A", 5), b = depot.ann.make("B", 50);
  const auto live = depot.ann->live(kCheap);
  REQUIRE(live);
  CHECK(live->start() == Keys{a});
  CHECK(news(depot.ann, live->number()).empty());

  const auto c = depot.ann.make("C", 7);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::entered, c}});
  depot.ann.make("D", 70);
  CHECK(news(depot.ann, live->number()).empty());
  depot.site.settle();
  depot.ann.borrow(a);
  depot.ann.borrow(b);
  // A borrow changes nothing that the query asks for.
  CHECK(news(depot.ann, live->number()).empty());
  set_price(depot.ann, a, 6);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::updated, a}});
  set_price(depot.ann, b, 6);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::entered, b}});
  set_price(depot.ann, a, 60);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::left, a}});
  REQUIRE(depot.ann->write([&](Transaction& t) { t.remove(b); }));
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::left, b}});
  // What is thrown away is a change too.
  depot.ann->give_back({a});
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::entered, a}});
  depot.site.settle();
  CHECK(news(depot.ann, live->number()).empty());
}

TEST_CASE("a live query is told of what others do", "[client]") {
  Depot depot;
  const auto live = depot.bob->live(kCheap);
  REQUIRE(live);
  const auto a = depot.ann.make("A", 5);
  depot.ann.make("B", 50);
  depot.site.settle();
  const auto events = depot.bob.events();
  const auto entered = std::find_if(events.begin(), events.end(),
                                    [](const Event& event) { return event.kind == Kind::entered; });
  REQUIRE(entered != events.end());
  CHECK(entered->key == AnyKey(a));
  CHECK(entered->origin == Event::Origin::remote);
  CHECK(entered->query == live->number());
  depot.ann.borrow(a);
  set_price(depot.ann, a, 50);
  REQUIRE(depot.ann.check_in(a));
  depot.site.settle();
  CHECK(news(depot.bob, live->number()) == AllNews{{Kind::left, a}});
}

TEST_CASE("a live query sees what it tells of, indexes included", "[client]") {
  Depot depot;
  depot.ann.close();
  std::vector<Keys> seen;
  Client* client = nullptr;
  depot.ann.options.on_event = [&](const Event& event) {
    if (event.kind != Kind::entered) return;
    const auto now = client->snapshot();
    seen.emplace_back();
    for (auto article : now.select(kCheap)) seen.back().push_back(article.key());
  };
  client = &depot.ann.open();
  const auto live = client->live(kCheap);
  const auto a = depot.ann.make("A", 5);
  client->step(depot.site.now_us);
  CHECK(seen == std::vector<Keys>{{a}});
}

TEST_CASE("a new revision takes the place of the one before", "[client]") {
  Depot depot;
  const auto first = depot.ann.make("A", 5);
  depot.site.settle();
  const auto newest = depot.ann->live(kCheap);
  const auto released = depot.ann->live(kCheap.released());
  const auto all = depot.ann->live(kCheap.all_revisions());
  REQUIRE((newest && released && all));
  CHECK(newest->start() == Keys{first});
  CHECK(released->start().empty());
  CHECK(all->start() == Keys{first});
  depot.ann.release(first);
  depot.ann.borrow(first);
  const auto second = *depot.ann->write([&](Transaction& t) { return t.next_revision(first); });
  std::map<std::uint64_t, AllNews> told;
  for (const Event& event : depot.ann.events()) {
    if (event.query != 0) told[event.query].push_back({event.kind, Key<Article>(event.key.word)});
  }
  CHECK(told[newest->number()] == AllNews{{Kind::left, first}, {Kind::entered, second}});
  CHECK(told[released->number()] == AllNews{{Kind::entered, first}});
  CHECK(told[all->number()] == AllNews{{Kind::entered, second}});
  depot.site.settle();
  REQUIRE(depot.ann->write([&](Transaction& t) { t.remove(second); }));
  CHECK(news(depot.ann, newest->number()) == AllNews{{Kind::left, second}, {Kind::entered, first}});
}

TEST_CASE("a change of what is referred to changes the answer", "[client]") {
  Depot depot;
  const auto acme = depot.ann.make_firm("Acme"), holding = depot.ann.make_firm("Holding");
  const auto a = *depot.ann.make([&](auto article) { refer(article.initMaker(), acme); });
  const auto b =
      *depot.ann.make([&](auto article) { refer(article.initMaker(), acme.floating()); });
  depot.ann.make("C");
  depot.site.settle();
  const auto by_name = depot.ann->live(query<Article>().where(A::maker.to(F::name) == "Ace"));
  const auto by_parent =
      depot.ann->live(query<Article>().where(A::maker.to(F::parent).to(F::name) == "Group"));
  REQUIRE((by_name && by_parent));
  depot.ann.borrow(acme);
  depot.ann.borrow(holding);
  REQUIRE(depot.ann->write([&](Transaction& t) { t.edit(acme).setName("Ace"); }));
  CHECK(news(depot.ann, by_name->number()) == AllNews{{Kind::entered, a}, {Kind::entered, b}});
  REQUIRE(depot.ann->write([&](Transaction& t) { refer(t.edit(acme).initParent(), holding); }));
  CHECK(news(depot.ann, by_parent->number()).empty());
  REQUIRE(depot.ann->write([&](Transaction& t) { t.edit(holding).setName("Group"); }));
  CHECK(news(depot.ann, by_parent->number()) == AllNews{{Kind::entered, a}, {Kind::entered, b}});
  REQUIRE(depot.ann->write([&](Transaction& t) { t.edit(acme).setName("Acme"); }));
  CHECK(news(depot.ann, by_name->number()) == AllNews{{Kind::left, a}, {Kind::left, b}});
}

TEST_CASE("with a limit the answer is those that come first", "[client]") {
  Depot depot;
  const auto a = depot.ann.make("A", 10), b = depot.ann.make("B", 20), c = depot.ann.make("C", 30);
  depot.site.settle();
  const auto first_two = query<Article>().order_by(A::price).limit(2);
  const auto live = depot.ann->live(first_two);
  REQUIRE(live);
  CHECK(live->start() == Keys{a, b});
  const auto d = depot.ann.make("D", 15);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::left, b}, {Kind::entered, d}});
  depot.ann.make("E", 40);
  CHECK(news(depot.ann, live->number()).empty());
  depot.ann.borrow(a);
  set_price(depot.ann, a, 12);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::updated, a}});
  REQUIRE(depot.ann->write([&](Transaction& t) { t.remove(a); }));
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::left, a}, {Kind::entered, b}});
  CHECK(answer(depot.ann, first_two) == Keys{d, b});
  CHECK(c.word);
}

TEST_CASE("what is tried, and what is refused, is not told of", "[client]") {
  Depot depot;
  const auto live = depot.ann->live(kCheap);
  REQUIRE(live);
  depot.ann.events();
  depot.ann->what_if([](Transaction& t) { t.create<Article>([](auto) {}); });
  CHECK(news(depot.ann, live->number()).empty());
  depot.ann.make("A", 50);
  CHECK(code_of(depot.ann.make([](auto article) { article.setNumber("A"); })) == Errc::not_unique);
  CHECK(news(depot.ann, live->number()).empty());
}

TEST_CASE("work that the authority refuses leaves the answer again", "[client]") {
  Depot depot;
  const auto live = depot.ann->live(kCheap);
  REQUIRE(live);
  depot.ann.go_off_line();
  const auto mine = depot.ann.make("A", 1);
  CHECK(news(depot.ann, live->number()) == AllNews{{Kind::entered, mine}});
  const auto theirs = depot.bob.make("A", 2);
  depot.site.settle();
  depot.ann.connect();
  depot.site.settle();
  const auto told = news(depot.ann, live->number());
  CHECK(std::count(told.begin(), told.end(), News{Kind::left, mine}) == 1);
  CHECK(std::count(told.begin(), told.end(), News{Kind::entered, theirs}) == 1);
  CHECK(answer(depot.ann, kCheap) == Keys{theirs});
}

TEST_CASE("a live query ends with its handle", "[client]") {
  Depot depot;
  auto first = depot.ann->live(kCheap);
  REQUIRE(first);
  const auto second = depot.ann->live(kCheap);
  REQUIRE(second);
  CHECK(first->number() != second->number());
  const auto number = first->number();
  first = error(Errc::cancelled, "not wanted any more");
  depot.ann.make("A", 5);
  const auto events = depot.ann.events();
  CHECK(std::none_of(events.begin(), events.end(),
                     [&](const Event& event) { return event.query == number; }));
  CHECK(std::any_of(events.begin(), events.end(),
                    [&](const Event& event) { return event.query == second->number(); }));
}

TEST_CASE("where there can be no live query the refusal says so", "[client]") {
  Depot depot;
  depot.ann->write(
      [&](Transaction&) { CHECK(code_of(depot.ann->live(kCheap)) == Errc::bad_request); });
  AnyQuery asked{.tree = TreeId{1}};
  CHECK(code_of(depot.ann->live(asked)) == Errc::unknown_tree);
  depot.ann.close();
  depot.ann.options.access = Client::Access::read_only;
  depot.ann.open();
  CHECK(code_of(depot.ann->live(kCheap)) == Errc::not_supported);
}

TEST_CASE("a first sync is told of, as records or as missed", "[client]") {
  Depot depot;
  for (int i = 0; i < 30; ++i) depot.ann.make("A" + std::to_string(i), i);
  depot.site.settle();
  DepotDesk eve(depot.site, "eve");
  eve.open();
  const auto live = eve->live(kCheap);
  REQUIRE(live);
  CHECK(live->start().empty());
  eve.go_on_line();
  std::set<Key<Article>> known;
  for (const News& one : news(eve, live->number())) {
    CHECK(one.kind == Kind::entered);
    known.insert(one.key);
  }
  const auto now = answer(eve, kCheap);
  CHECK(now.size() == 10);
  CHECK(known == std::set<Key<Article>>(now.begin(), now.end()));
  // Everything is fetched again: what was there goes, and comes.
  eve.go_off_line();
  REQUIRE(eve->fetch_anew());
  eve.go_on_line();
  for (const News& one : news(eve, live->number())) {
    if (one.kind == Kind::entered) known.insert(one.key);
    if (one.kind == Kind::left) known.erase(one.key);
  }
  CHECK(known == std::set<Key<Article>>(now.begin(), now.end()));
}

TEST_CASE("so many changes at once are missed, and the answer is asked anew", "[client]") {
  Depot depot;
  depot.ann->lease<Article>(30'000);
  depot.site.settle();
  const auto live = depot.bob->live(kCheap);
  REQUIRE(live);
  depot.bob.go_off_line();
  depot.bob.events();
  for (int batch = 0; batch < 7; ++batch) {
    REQUIRE(depot.ann->write([&](Transaction& t) {
      for (int i = 0; i < 3'000; ++i) t.create<Article>([](auto article) { article.setPrice(1); });
    }));
    depot.site.settle();
  }
  depot.bob.go_on_line();
  const auto told = news(depot.bob, live->number());
  const bool missed = std::any_of(told.begin(), told.end(),
                                  [](const News& one) { return one.kind == Kind::missed; });
  CHECK(missed);
  CHECK(depot.bob->snapshot().count(kCheap) == 21'000);
  depot.bob.events();
  const auto one = depot.ann.make("one", 2);
  depot.site.settle();
  CHECK(news(depot.bob, live->number()) == AllNews{{Kind::entered, one}});
}

// -------- Whatever happens, start and events together are the answer.

TEST_CASE("a list kept by events is the answer, always", "[client]") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    Depot depot;
    std::vector<Key<Firm>> firms;
    for (int i = 0; i < 3; ++i) firms.push_back(depot.ann.make_firm("firm " + std::to_string(i)));
    depot.site.settle();

    const auto all = query<Article>();
    const std::vector<Query<Article>> queries = {
        all.where(A::price < 5),
        all.where(A::price < 5).released(),
        all.where(!(A::kind == depot::Kind::MADE)).all_revisions(),
        all.where(A::maker.to(F::name).contains("x") || A::price == 9),
        all.order_by(A::price, Direction::descending).limit(3),
        all.where(A::maker.is_set()).order_by(A::maker.to(F::name)).limit(2)};
    struct Kept {
      DepotDesk* desk;
      Query<Article> query;
      LiveQuery<Article> live;
      std::set<Key<Article>> keys;
    };
    std::vector<Kept> kept;
    for (DepotDesk* desk : {&depot.ann, &depot.bob}) {
      for (const auto& query : queries) {
        auto live = (*desk)->live(query);
        REQUIRE(live);
        std::set<Key<Article>> keys(live->start().begin(), live->start().end());
        kept.push_back({desk, query, std::move(*live), std::move(keys)});
      }
    }
    const auto check = [&] {
      for (DepotDesk* desk : {&depot.ann, &depot.bob}) {
        for (const Event& event : desk->events()) {
          for (Kept& one : kept) {
            if (one.desk != desk || event.query != one.live.number()) continue;
            const Key<Article> key(event.key.word);
            if (event.kind == Kind::entered) REQUIRE(one.keys.insert(key).second);
            if (event.kind == Kind::left) REQUIRE(one.keys.erase(key) == 1);
            if (event.kind == Kind::updated) REQUIRE(one.keys.contains(key));
          }
        }
      }
      for (const Kept& one : kept) {
        const auto now = answer(*one.desk, one.query);
        INFO("seed " << seed << ", query " << (&one - kept.data()));
        REQUIRE(one.keys == std::set<Key<Article>>(now.begin(), now.end()));
      }
    };

    Keys articles;
    for (int step = 0; step < 60; ++step) {
      DepotDesk& desk = below(2) ? depot.ann : depot.bob;
      const auto fill = [&](Article::Builder article) {
        article.setPrice(static_cast<std::int64_t>(below(10)));
        article.setKind(static_cast<depot::Kind>(below(3)));
        if (below(2))
          refer(article.initMaker(), below(2) ? firms[below(3)] : firms[below(3)].floating());
      };
      const auto any = articles.empty() ? Key<Article>() : articles[below(articles.size())];
      switch (articles.size() < 4 ? 0 : below(6)) {
        case 0:
          articles.push_back(*desk.make(fill));
          break;
        case 1: {
          const auto head = desk->snapshot().head(any.floating());
          if (!head || head->header().released()) break;
          desk->check_out(head->key());
          depot.site.settle();
          desk->write([&](Transaction& t) {
            fill(t.edit(head->key()));
            t.check_in(head->key(), "", below(2) ? Borrowing::kept : Borrowing::ends);
          });
          break;
        }
        case 2: {
          const auto head = desk->snapshot().head(any.floating());
          if (!head) break;
          desk->check_out(head->key());
          depot.site.settle();
          desk->write([&](Transaction& t) {
            if (head->header().released()) {
              t.next_revision(head->key());
            } else {
              t.release(head->key());
            }
          });
          break;
        }
        case 3: {
          const auto firm = firms[below(3)];
          desk->check_out(firm);
          depot.site.settle();
          desk->write([&](Transaction& t) {
            t.edit(firm).setName(std::string(below(2) ? "x" : "y") + std::to_string(random()));
            t.check_in(firm);
          });
          break;
        }
        case 4: {
          const auto head = desk->snapshot().head(any.floating());
          if (!head || head->header().released()) break;
          desk->check_out(head->key());
          depot.site.settle();
          desk->write([&](Transaction& t) { t.remove(head->key()); });
          break;
        }
        default:
          if (below(3) == 0) desk.go_off_line();
          desk.make(fill);
          break;
      }
      check();
      if (below(3) == 0) {
        depot.ann.go_on_line();
        depot.bob.go_on_line();
        depot.site.settle();
        check();
      }
    }
  }
}

}  // namespace coppice::test
