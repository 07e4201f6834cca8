// Full text search in a replica.
#include <random>

#include "depot.coppice.h"
#include "schema/fold.h"
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using depot::Article;
using Keys = std::vector<Key<Article>>;

struct SearchDesk {
  Site site;
  Desk ann{site, "ann"};
  SearchDesk() {
    ann.options.trees = trees<Article, depot::Firm>();
    ann.go_on_line();
  }
  Key<Article> make(const std::string& title, const std::vector<std::string>& keywords = {}) {
    const auto made = ann->write([&](Transaction& t) {
      return t.create<Article>([&](Article::Builder article) {
        article.setTitle(title);
        auto list = article.initKeywords(static_cast<unsigned>(keywords.size()));
        for (unsigned i = 0; i < keywords.size(); ++i) list.set(i, keywords[i]);
      });
    });
    REQUIRE(made);
    return *made;
  }
  Keys search(std::string_view text, std::size_t limit = 100,
              Revisions revisions = Revisions::newest) {
    Keys keys;
    const auto now = ann->snapshot();
    for (auto hit : now.search<Article>(text, limit, revisions)) keys.push_back(hit.key());
    return keys;
  }
};

}  // namespace

TEST_CASE("words are found in all searched fields, whatever their case and accents", "[client]") {
  SearchDesk desk;
  const auto resistor = desk.make("Resistor 10k", {"SMD", "R\u00e9sistance"});
  desk.make("Capacitor 10n");
  CHECK(desk.search("RESISTOR") == Keys{resistor});
  CHECK(desk.search("resistance smd") == Keys{resistor});
  CHECK(desk.search("10k, smd!") == Keys{resistor});
  CHECK(desk.search("10k capacitor").empty());
  CHECK(desk.search("esistor").empty());
  CHECK(desk.search("").empty());
  CHECK(desk.search(" - ").empty());
  CHECK(desk.search("resistor", 0).empty());
}

TEST_CASE("words are found by their beginnings", "[client]") {
  SearchDesk desk;
  const auto resistor = desk.make("Resistor 10k"), resin = desk.make("Resin");
  CHECK(desk.search("res") == Keys{resin, resistor});
  CHECK(desk.search("resi 10") == Keys{resistor});
}

TEST_CASE("better hits come first", "[client]") {
  SearchDesk desk;
  const auto inside_beginning = desk.make("Box of bolts"), inside = desk.make("Box, bolt"),
             first_beginning = desk.make("Bolts, many"), first = desk.make("Bolt M6"),
             whole = desk.make("Bolt");
  CHECK(desk.search("bolt") == Keys{whole, first, inside, first_beginning, inside_beginning});
  CHECK(desk.search("bolt", 2) == Keys{whole, first});
  CHECK(desk.search("box bolt") == Keys{inside, inside_beginning});
}

TEST_CASE("search follows changes, and asks for the revisions that are wanted", "[client]") {
  SearchDesk desk;
  const auto first = desk.make("Bolt");
  desk.site.settle();
  desk.ann.release(first);
  desk.ann.borrow(first);
  const auto second = *desk.ann->write([&](Transaction& t) {
    const auto next = t.next_revision(first);
    t.edit(next).setTitle("Screw");
    return next;
  });
  CHECK(desk.search("bolt").empty());
  CHECK(desk.search("screw") == Keys{second});
  CHECK(desk.search("bolt", 100, Revisions::released) == Keys{first});
  CHECK(desk.search("bolt", 100, Revisions::all) == Keys{first});
  desk.site.settle();
  REQUIRE(desk.ann->write([&](Transaction& t) { t.remove(second); }));
  CHECK(desk.search("screw").empty());
  CHECK(desk.search("bolt") == Keys{first});
  CHECK(desk.ann->check_invariants() == std::vector<std::string>{});
}

TEST_CASE("a beginning that very many words have finds some of them", "[client]") {
  SearchDesk desk;
  const auto leased = desk.ann->lease<Article>(1000);
  desk.site.settle();
  REQUIRE(accepted(leased));
  for (int i = 0; i < 300; ++i) desk.make("w" + std::to_string(i) + " box");
  CHECK(desk.search("w", 20).size() == 20);
  CHECK(desk.search("w box", 20).size() == 20);
  CHECK(desk.search("w299 box").size() == 1);
  CHECK(desk.search("w299 w298").empty());
}

TEST_CASE("search finds what a look through all records finds", "[client]") {
  const auto seed = GENERATE(1u, 2u);
  INFO("seed " << seed);
  std::mt19937 random(seed);
  SearchDesk desk;
  const std::vector<std::string> vocabulary = {"a",   "ab",  "abc", "b",   "bc",
                                               "bcd", "cab", "cc",  "ccc", "d"};
  auto text = [&](unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) text += vocabulary[random() % vocabulary.size()] + " ";
    return text;
  };
  std::vector<std::pair<Key<Article>, std::string>> all;
  for (int i = 0; i < 80; ++i) {
    const std::string title = text(1 + random() % 4);
    all.emplace_back(desk.make(title), title);
  }
  for (int i = 0; i < 50; ++i) {
    const std::string asked = text(1 + random() % 3);
    INFO("asked for " << asked);
    Keys expected;
    for (const auto& [key, title] : all) {
      bool has_all = true;
      for (WordWalk word(asked); word; word.next()) {
        bool has = false;
        for (WordWalk own(title); own; own.next()) has |= own.word().starts_with(word.word());
        has_all &= has;
      }
      if (has_all) expected.push_back(key);
    }
    auto found = desk.search(asked);
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
  }
}

}  // namespace coppice::test
