// Random questions about random articles: whatever indexes there are, the answer is what a plain
// loop over all records finds, with conditions written a second time as C++ functions.
#include <algorithm>
#include <random>

#include "coppice/ref.h"
#include "test_places.h"
#include "tests/client/depot.h"
#include "tests/codegen/compile.h"

namespace coppice::test {
namespace {

using depot::Article;
using depot::Firm;
using A = depot::ArticleFields;
using F = depot::FirmFields;
using Keys = std::vector<Key<Article>>;

// -------- Articles

const char* const kWords[] = {"bolt", "nut",    "Müller", "10k",   "red",    "re",   "screw",
                              "b",    "blue",   "green",  "cable", "washer", "0603", "relay",
                              "coil", "spring", "plug",   "grey",  "clear",  "lid"};

class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_(seed) {}

  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  std::string word() { return kWords[number(std::size(kWords))]; }

  void fill(Article::Builder article, const std::vector<Key<Firm>>& firms) {
    article.setPrice(static_cast<std::int64_t>(number(60)) - 30);
    if (number(2)) article.setTitle(word() + " " + word());
    if (number(3)) article.setNote(number(9) ? word() : std::string(130, 'x') + word());
    if (number(3)) refer(article.initMaker(), firm(firms));
    article.setKind(static_cast<depot::Kind>(number(3)));
    auto keywords = article.initKeywords(static_cast<unsigned>(number(3)));
    for (unsigned i = 0; i < keywords.size(); ++i)
      keywords.set(i, number(5) ? word() : std::string(130, 'y') + word());
    auto levels = article.initLevels(static_cast<unsigned>(number(4)));
    for (unsigned i = 0; i < levels.size(); ++i)
      levels.set(i, static_cast<std::int16_t>(number(10)));
    auto lines = article.initLines(static_cast<unsigned>(number(3)));
    for (auto line : lines) line.setCount(static_cast<std::uint32_t>(number(5)));
    auto makers = article.initMakers(static_cast<unsigned>(number(3)));
    for (auto maker : makers) refer<Firm>(maker, firm(firms));
    if (number(2)) article.setAddress(word());
  }

 private:
  // Fixed or floating.
  Key<Firm> firm(const std::vector<Key<Firm>>& firms) {
    const auto key = firms[number(firms.size())];
    return number(2) ? key : key.floating();
  }

  std::mt19937_64 random_;
};

constexpr std::size_t kArticles = 1500;

// A desk with articles in all states: drafts, released, superseded and removed ones.
struct Stock {
  explicit Stock(std::vector<TreeDefinition> trees) {
    desk.options.trees = std::move(trees);
    desk.go_on_line();
    for (int i = 0; i < 12; ++i) {
      const auto firm = desk.make_firm("firm " + std::to_string(i));
      firms.push_back(firm);
    }
    desk.site_of().settle();
    make_articles();
    revise();
    desk.site_of().settle();
  }

  void make_articles() {
    desk->lease<Article>(2 * kArticles);
    desk.site_of().settle();
    const auto made = desk->write([&](Transaction& t) {
      Keys keys;
      for (std::size_t i = 0; i < kArticles; ++i)
        keys.push_back(t.create<Article>([&](auto article) { filler.fill(article, firms); }));
      return keys;
    });
    REQUIRE(made);
    articles = *made;
    desk.site_of().settle();
  }
  void revise() {
    for (std::size_t i = 0; i < articles.size(); i += 36) {
      desk.release(articles[i]);
      if (i % 72 == 0) next_revision(articles[i]);
    }
    for (std::size_t i = 5; i < articles.size(); i += 60) {
      desk.borrow(articles[i]);
      REQUIRE(desk->write([&](Transaction& t) { t.remove(articles[i]); }));
    }
  }
  void next_revision(Key<Article> key) {
    desk.borrow(key);
    REQUIRE(desk->write([&](Transaction& t) {
      const auto next = t.next_revision(key);
      filler.fill(t.edit(next), firms);
    }));
  }

  struct SitedDesk : DepotDesk {
    explicit SitedDesk(Site& site) : DepotDesk(site, "ann"), site(site) {}
    Site& site_of() { return site; }
    Site& site;
  };
  Site site;
  SitedDesk desk{site};
  Filler filler{1};
  std::vector<Key<Firm>> firms;
  Keys articles;
};

// The depot's trees without any index.
std::vector<TreeInfoPtr> plain_trees() {
  std::string text = read_file(COPPICE_SOURCE_DIR "/tests/codegen/schemas/depot.capnp");
  text = text.substr(text.find("struct Firm"));
  for (const std::string word : {" $Coppice.index", " $Coppice.unique", " $Coppice.search"}) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word))
      text.erase(at, word.size());
  }
  return {tree_in(text, "articles"), tree_in(text, "firms")};
}

// -------- Questions

// A condition twice: as a query has it, and as a function.
struct Asked {
  Condition<Article> condition;
  std::function<bool(const Snapshot&, Article::Reader)> holds;
};

std::string folded(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (auto at = lower.find("ü"); at != std::string::npos; at = lower.find("ü"))
    lower.replace(at, 2, "u");
  return lower;
}

bool has_word(const std::string& text, const std::string& word) {
  const std::string spaced = " " + folded(text);
  return spaced.find(" " + folded(word)) != std::string::npos;
}

std::string firm_name(const Snapshot& now, schema::Ref<Firm>::Reader maker) {
  const auto firm = maker.getKey() != 0 ? now.get(key_of(maker)) : std::nullopt;
  return firm ? std::string((*firm)->getName().cStr()) : "";
}

class Questions {
 public:
  explicit Questions(std::uint64_t seed, const std::vector<Key<Firm>>& firms)
      : filler_(seed), firms_(firms) {}

  Asked condition(int depth) {
    switch (depth == 0 ? 3 : filler_.number(6)) {
      case 0: {
        const Asked a = condition(depth - 1), b = condition(depth - 1);
        return {a.condition && b.condition, [a, b](const Snapshot& now, Article::Reader article) {
                  return a.holds(now, article) && b.holds(now, article);
                }};
      }
      case 1: {
        const Asked a = condition(depth - 1), b = condition(depth - 1);
        return {a.condition || b.condition, [a, b](const Snapshot& now, Article::Reader article) {
                  return a.holds(now, article) || b.holds(now, article);
                }};
      }
      case 2: {
        const Asked a = condition(depth - 1);
        return {!a.condition, [a](const Snapshot& now, Article::Reader article) {
                  return !a.holds(now, article);
                }};
      }
      default:
        return filler_.number(3) ? test() : joined();
    }
  }

  // One field's values.
  Asked test() {
    const auto price = static_cast<std::int64_t>(filler_.number(70)) - 35;
    const auto level = static_cast<std::int16_t>(filler_.number(12));
    const std::string word = filler_.word();
    switch (filler_.number(14)) {
      case 0:
        return on(A::price == price, [=](auto a) { return a.getPrice() == price; });
      case 1:
        return on(A::price < price, [=](auto a) { return a.getPrice() < price; });
      case 2:
        return on(A::price.between(price, price + 3),
                  [=](auto a) { return a.getPrice() >= price && a.getPrice() <= price + 3; });
      case 3:
        return on(A::price != price, [=](auto a) { return a.getPrice() != price; });
      case 4:
        return on(A::title.contains(word), [=](auto a) {
          return folded(a.getTitle().cStr()).find(folded(word)) != std::string::npos;
        });
      case 5:
        return on(A::title.matches(word),
                  [=](auto a) { return has_word(a.getTitle().cStr(), word); });
      case 6:
        return on(A::title.starts_with(word),
                  [=](auto a) { return std::string_view(a.getTitle().cStr()).starts_with(word); });
      case 7:
        return on(A::note == word, [=](auto a) { return a.getNote() == word.c_str(); });
      case 8:
        return on(A::kind == static_cast<depot::Kind>(level % 3),
                  [=](auto a) { return static_cast<int>(a.getKind()) == level % 3; });
      case 9:
        return on(A::keywords > word, [=](auto a) {
          for (auto one : a.getKeywords()) {
            if (std::string_view(one.cStr()) > word) return true;
          }
          return false;
        });
      case 10:
        return on(A::levels >= level, [=](auto a) {
          for (auto one : a.getLevels()) {
            if (one >= level) return true;
          }
          return false;
        });
      case 11:
        return on(A::lines::count == static_cast<std::uint32_t>(level), [=](auto a) {
          for (auto line : a.getLines()) {
            if (line.getCount() == static_cast<std::uint32_t>(level)) return true;
          }
          return false;
        });
      case 12:
        return on(A::address.is_set(),
                  [](auto a) { return a.isAddress() && a.getAddress().size() > 0; });
      default:
        return on(A::price.one_of({price, price + 5}),
                  [=](auto a) { return a.getPrice() == price || a.getPrice() == price + 5; });
    }
  }

  // Along references.
  Asked joined() {
    const std::string name = "firm " + std::to_string(filler_.number(14));
    const auto firm = firms_[filler_.number(firms_.size())];
    switch (filler_.number(4)) {
      case 0:
        return {A::maker.to(F::name) == name, [=](const Snapshot& now, Article::Reader a) {
                  return firm_name(now, a.getMaker()) == name;
                }};
      case 1:
        return {A::makers.to(F::name) < name, [=](const Snapshot& now, Article::Reader a) {
                  for (auto maker : a.getMakers()) {
                    const auto here = firm_name(now, maker);
                    if (!here.empty() && here < name) return true;
                  }
                  return false;
                }};
      case 2:
        return on(A::makers == firm, [=](auto a) {
          for (auto maker : a.getMakers()) {
            if (key_of(maker).id() == firm.id()) return true;
          }
          return false;
        });
      default:
        return on(A::maker == firm.floating(),
                  [=](auto a) { return key_of(a.getMaker()).id() == firm.id(); });
    }
  }

  std::uint64_t number(std::uint64_t below) { return filler_.number(below); }

 private:
  static Asked on(Condition<Article> condition, std::function<bool(Article::Reader)> holds) {
    return {std::move(condition),
            [holds = std::move(holds)](const Snapshot&, Article::Reader article) {
              return holds(article);
            }};
  }

  Filler filler_;
  const std::vector<Key<Firm>>& firms_;
};

// -------- The plain loop

using Rank = std::pair<bool, std::string>;  // unset last, then what is compared

struct Ordering {
  std::optional<std::function<Query<Article>(const Query<Article>&)>> ask;
  std::function<std::optional<std::string>(const Snapshot&, Article::Reader)> value;
  bool is_descending = false;
};

std::string sortable(std::int64_t number) {
  std::string digits = std::to_string(number + 1'000'000);
  return std::string(8 - digits.size(), '0') + digits;
}
std::optional<std::string> unless_empty(std::string text) {
  if (text.empty()) return std::nullopt;
  return text;
}

Ordering ordering(std::uint64_t which) {
  const Direction direction = which % 2 ? Direction::descending : Direction::ascending;
  const bool is_descending = which % 2;
  const auto by = [&](auto field, auto value) {
    return Ordering{[=](const Query<Article>& q) { return q.order_by(field, direction); }, value,
                    is_descending};
  };
  switch (which / 2) {
    case 0:
      return by(A::price, [](const Snapshot&, Article::Reader a) {
        return std::optional(sortable(a.getPrice()));
      });
    case 1:
      return by(A::title, [](const Snapshot&, Article::Reader a) {
        return unless_empty(a.getTitle().cStr());
      });
    case 2:
      return by(A::levels, [=](const Snapshot&, Article::Reader a) {
        std::optional<std::string> best;
        for (auto level : a.getLevels()) {
          const auto value = sortable(level);
          if (!best || (is_descending ? *best < value : value < *best)) best = value;
        }
        return best;
      });
    case 3:
      return by(A::keywords, [=](const Snapshot&, Article::Reader a) {
        std::optional<std::string> best;
        for (auto one : a.getKeywords()) {
          const std::string value = one.cStr();
          if (!best || (is_descending ? *best < value : value < *best)) best = value;
        }
        return best;
      });
    case 4:
      return by(A::maker.to(F::name), [](const Snapshot& now, Article::Reader a) {
        return unless_empty(firm_name(now, a.getMaker()));
      });
    default:
      return {};
  }
}

Keys looked_through(const Snapshot& now, const Asked& asked, Revisions revisions,
                    const Ordering& ordering) {
  struct Found {
    std::optional<std::string> value;
    Key<Article> key;
  };
  std::map<RecordId, Record<Article>> meant;
  std::vector<Record<Article>> all;
  for (auto article : now.tree<Article>()) {
    all.push_back(article);
    if (revisions == Revisions::newest || article.header().released())
      meant.insert_or_assign(article.key().id(), article);
  }
  if (revisions != Revisions::all) {
    all.clear();
    for (const auto& [id, article] : meant) all.push_back(article);
  }
  std::vector<Found> found;
  for (const auto& article : all) {
    if (asked.holds(now, article.body()))
      found.push_back(
          {ordering.value ? ordering.value(now, article.body()) : std::nullopt, article.key()});
  }
  std::stable_sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    if (a.value.has_value() != b.value.has_value()) return a.value.has_value();
    return ordering.is_descending ? a.value > b.value : a.value < b.value;
  });
  Keys keys;
  for (const Found& one : found) keys.push_back(one.key);
  return keys;
}

// How the answers were found, so that it is known that the test tests it.
struct Ways {
  std::map<Explanation::Step, int> seen;
  void add(const Explanation& explanation) {
    ++seen[explanation.step];
    for (const Explanation& below : explanation.below) add(below);
  }
};

Ways ask_at_random(Stock& stock, std::uint64_t rounds) {
  Ways ways;
  const auto now = stock.desk->snapshot();
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    Questions questions(seed, stock.firms);
    const Asked asked = questions.condition(static_cast<int>(seed % 4));
    const Ordering order = ordering(questions.number(14));
    const auto revisions = static_cast<Revisions>(questions.number(3));
    auto query = coppice::query<Article>().where(asked.condition);
    if (revisions == Revisions::released) query = query.released();
    if (revisions == Revisions::all) query = query.all_revisions();
    if (order.ask) query = (*order.ask)(query);
    Keys expected = looked_through(now, asked, revisions, order);
    if (questions.number(2)) {
      const auto limit = questions.number(20);
      query = query.limit(limit);
      if (expected.size() > limit) expected.resize(limit);
    }
    Keys answer;
    for (auto article : now.select(query)) answer.push_back(article.key());
    const auto how = now.explain(query);
    INFO("seed " << seed << "\n" << how.text());
    REQUIRE(answer == expected);
    REQUIRE(now.count(query) == expected.size());
    ways.add(how);
  }
  return ways;
}

}  // namespace

TEST_CASE("with indexes every query has the answer of a plain loop", "[client]") {
  Stock stock(trees<Article, Firm>());
  const Ways ways = ask_at_random(stock, 4000);
  using Step = Explanation::Step;
  for (const Step step : {Step::all_records, Step::index, Step::search, Step::users, Step::either,
                          Step::both, Step::test, Step::in_order, Step::sort, Step::limit})
    CHECK(ways.seen.contains(step));
  CHECK(stock.desk->check_invariants().empty());
}

TEST_CASE("without any index every query has the same answer", "[client]") {
  const auto plain = plain_trees();
  std::vector<TreeDefinition> trees;
  for (const auto& tree : plain) trees.push_back({tree->id(), tree->message()});
  Stock stock(trees);
  const Ways ways = ask_at_random(stock, 1000);
  CHECK_FALSE(ways.seen.contains(Explanation::Step::index));
  CHECK_FALSE(ways.seen.contains(Explanation::Step::in_order));
}

}  // namespace coppice::test
