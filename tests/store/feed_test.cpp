#include "store/feed.h"

#include "store/meta.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

constexpr TreeId kTree{0xabc};

AnyKey record(std::uint64_t id) { return {kTree, key(id)}; }

struct Changes {
  TempFolder folder;
  Environment environment{folder / "feed", quick()};
  Feed feed{*environment.open_table("feed", Layout::integer_keys)};

  void advance(std::uint64_t previous, std::uint64_t sequence, AnyKey key) {
    environment.write([&](WriteTxn& txn) { feed.advance(txn, previous, sequence, key); });
  }
  std::vector<std::pair<std::uint64_t, AnyKey>> after(std::uint64_t cursor) {
    auto txn = environment.read();
    std::vector<std::pair<std::uint64_t, AnyKey>> seen;
    for (Feed::Walk walk(txn, feed, cursor); walk; walk.next()) {
      seen.emplace_back(walk.sequence(), walk.key());
    }
    return seen;
  }
};

using Seen = std::vector<std::pair<std::uint64_t, AnyKey>>;

}  // namespace

TEST_CASE("a change moves a record's one entry to the head of the feed", "[store]") {
  Changes changes;
  changes.advance(0, 1, record(10));
  changes.advance(0, 2, record(20));
  changes.advance(1, 3, record(10));
  CHECK(changes.after(0) == Seen{{2, record(20)}, {3, record(10)}});
  auto txn = changes.environment.read();
  CHECK(changes.feed.count(txn) == 2);
  CHECK_FALSE(changes.feed.at(txn, 1));
  CHECK(changes.feed.at(txn, 3) == record(10));
}

TEST_CASE("a walk visits what came after the cursor, in order", "[store]") {
  Changes changes;
  CHECK(changes.after(0).empty());
  for (std::uint64_t i = 1; i <= 300; ++i) changes.advance(0, 10 * i, record(i));
  CHECK(changes.after(2990) == Seen{{3000, record(300)}});
  CHECK(changes.after(2989) == Seen{{2990, record(299)}, {3000, record(300)}});
  CHECK(changes.after(3000).empty());
  CHECK(changes.after(0).size() == 300);
}

TEST_CASE("a damaged entry of the feed is reported", "[store]") {
  Changes changes;
  const Table table = *changes.environment.open_table("feed", Layout::integer_keys);
  changes.environment.write([&](WriteTxn& txn) { txn.put(table, 1, bytes_of(words(1))); });
  auto txn = changes.environment.read();
  CHECK_THROWS_AS(changes.feed.at(txn, 1), CorruptionError);
  CHECK_THROWS_AS(Feed::Walk(txn, changes.feed, 0).key(), CorruptionError);
}

TEST_CASE("facts are numbers and texts by name, 0 and empty if never set", "[store]") {
  TempFolder folder;
  Environment environment(folder / "meta", quick());
  const Meta meta(*environment.open_table("meta", Layout::byte_keys));
  environment.write([&](WriteTxn& txn) {
    meta.set_number(txn, "cursor", 1);
    meta.set_number(txn, "cursor", ~std::uint64_t{0});
    meta.set_text(txn, "name", std::string("a\0b", 3));
    meta.set_text(txn, "nothing", "");
  });
  auto txn = environment.read();
  CHECK(meta.number(txn, "cursor") == ~std::uint64_t{0});
  CHECK(meta.number(txn, "curso") == 0);
  CHECK(meta.text(txn, "name") == std::string("a\0b", 3));
  CHECK(meta.text(txn, "nothing").empty());
  CHECK(meta.text(txn, "other").empty());
  CHECK_THROWS_AS(meta.number(txn, "name"), CorruptionError);
}

}  // namespace coppice::store
