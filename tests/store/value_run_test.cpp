// Sorted runs above the table of index values.
#include "store/value_run.h"

#include <algorithm>
#include <stdexcept>

#include "store/format.h"
#include "store/run_drain.h"
#include "store/unique_check.h"
#include "tests/store/index_depot.h"

namespace coppice::store {
namespace {

using Ids = Depot::Ids;

// What an article with a number has in indexes.
constexpr std::size_t kEntries = 8;
// More than one article becomes a run, and two runs of a level one of the next.
constexpr RunLimits kSmall{.direct_max = kEntries, .fan_out = 2, .bytes_max = 1 << 20};
constexpr RunLimits kLittle{.direct_max = kEntries, .fan_out = 4, .bytes_max = 4'000};

struct SmallRuns : Depot {
  explicit SmallRuns(const RunLimits& limits = kSmall) : Depot(article_tree(), limits) {}

  std::vector<std::size_t> runs() {
    const auto txn = database->read();
    std::vector<std::size_t> sizes;
    for (const StoredRun& stored : indexes->tables().values.runs(txn))
      sizes.push_back(stored.run.size());
    return sizes;
  }
  std::uint64_t format() { return database->meta().number(database->read(), kFormatFact); }
  // Records of these ids with numbers of one letter.
  static Bodies letters(std::uint64_t first_id, const std::string& letters,
                        std::int64_t price = 0) {
    Bodies bodies;
    for (const char letter : letters)
      bodies.emplace_back(key(first_id++), numbered(std::string(1, letter), price));
    return bodies;
  }
  std::string order(IndexValues::Direction direction) {
    std::string found;
    const auto txn = database->read();
    for (IndexValues v(txn, indexes->tables(), number("number"), direction); v; v.next()) {
      std::vector<KeyWord> keys;
      v.read_keys(keys);
      CHECK(v.count() == keys.size());
      for (const KeyWord one : keys) {
        const auto body = tree().find(txn, one)->body();
        found +=
            capnp::readMessageUnchecked<Article>(reinterpret_cast<const capnp::word*>(body.data()))
                .getNumber()
                .cStr();
      }
    }
    return found;
  }
  bool clashes(std::uint64_t id, const std::string& number) {
    const auto txn = database->read();
    UniqueCheck check(*indexes, txn);
    const Words body = numbered(number);
    check.add(AnyKey(kArticles, key(id)), body);
    return !check.run().empty();
  }
};

using Direction = IndexValues::Direction;

}  // namespace

TEST_CASE("few entries are written into the table, and many as a run", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "A"));
  CHECK(depot.runs().empty());
  CHECK(depot.count_values() == kEntries);
  depot.write(SmallRuns::letters(2, "BC"));
  CHECK(depot.runs() == std::vector<std::size_t>{2 * kEntries});
  CHECK(depot.count_values() == kEntries);
  CHECK(depot.ids("number") == Ids{1, 2, 3});
  CHECK(depot.ids("number", ValueRange::of("B")) == Ids{2});
  CHECK(depot.faults().empty());
}

TEST_CASE("what is written while there are runs goes above them, and counts", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "A"));
  depot.write(SmallRuns::letters(2, "BCDE"));
  depot.write({{key(1), {}}});
  depot.write({{key(3), numbered("Z")}});
  CHECK(depot.count_values() == kEntries);
  CHECK(depot.ids("number") == Ids{2, 4, 5, 3});
  depot.write({{key(3), numbered("C")}});
  CHECK(depot.order(Direction::ascending) == "BCDE");
  CHECK(depot.faults().empty());
}

TEST_CASE("values whose entries are gone are passed by, forward and back", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "A"));
  depot.write(SmallRuns::letters(2, "BCDEF", 7));
  depot.write({{key(1), {}}, {key(3), {}}, {key(4), {}}, {key(6), {}}});
  CHECK(depot.order(Direction::ascending) == "BE");
  CHECK(depot.order(Direction::descending) == "EB");
  CHECK(depot.ids("price") == Ids{2, 5});
  depot.write({{key(2), {}}, {key(5), {}}});
  CHECK(depot.order(Direction::descending).empty());
  CHECK(depot.faults().empty());
}

TEST_CASE("runs of a level become one of the next, so that there are few", "[store]") {
  SmallRuns depot;
  for (std::uint64_t round = 0; round < 64; ++round) {
    depot.write(SmallRuns::letters(1 + 2 * round, "AB", static_cast<std::int64_t>(round)));
    CHECK(depot.runs().size() <= 8);
  }
  CHECK(depot.runs() == std::vector<std::size_t>{128 * kEntries});
  CHECK(depot.faults().empty());
}

TEST_CASE("runs are drained in pieces, and the drain goes on after a restart", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "ABCDE"));
  depot.write({{key(1), {}}, {key(2), numbered("X")}});
  REQUIRE(depot.indexes->has_runs());
  depot.indexes->drain(10);
  CHECK(depot.count_values() > 0);
  CHECK(depot.count_values() < 4 * kEntries);
  CHECK(depot.faults().empty());
  depot.open();
  REQUIRE(depot.indexes->has_runs());
  // Above what was drained, and below; and what is written after it began is drained after it.
  depot.write({{key(3), {}}, {key(9), numbered("A")}, {key(2), numbered("B")}});
  depot.indexes->drain(10);
  CHECK(depot.faults().empty());
  CHECK(depot.order(Direction::ascending) == "ABDE");
  depot.indexes->drain_to_the_end();
  CHECK(depot.runs().empty());
  CHECK(depot.count_values() == 4 * kEntries);
  CHECK(depot.order(Direction::descending) == "EDBA");
  CHECK(depot.faults().empty());
}

TEST_CASE("beyond their bound a transaction drains all runs", "[store]") {
  SmallRuns depot(kLittle);
  std::size_t drained = 0;
  for (std::uint64_t round = 0; round < 20; ++round) {
    depot.write(SmallRuns::letters(1 + 3 * round, "ABC"));
    drained += depot.runs().empty();
    CHECK(depot.faults().empty());
  }
  CHECK(drained > 1);
  CHECK(drained < 10);
}

TEST_CASE("a transaction so large that a drain would follow is written into the table", "[store]") {
  SmallRuns depot(kLittle);
  depot.write(SmallRuns::letters(1, "ABCDEFGHIJ"));
  CHECK(depot.runs().empty());
  CHECK(depot.count_values() == 10 * kEntries);
}

TEST_CASE("a database says that it has runs, for programs that know none", "[store]") {
  SmallRuns depot;
  CHECK(depot.format() == kFormat);
  depot.write(SmallRuns::letters(1, "ABC"));
  CHECK(depot.format() == kFormatWithRuns);
  depot.open();
  depot.indexes->drain_to_the_end();
  CHECK(depot.format() == kFormat);
}

TEST_CASE("unique values are looked for in runs and in the table", "[store]") {
  SmallRuns depot;
  const auto check = [&] {
    CHECK(depot.clashes(9, "A"));
    CHECK(depot.clashes(9, "B"));
    CHECK(!depot.clashes(1, "A"));
    CHECK(!depot.clashes(2, "B"));
    CHECK(!depot.clashes(9, "C"));
    CHECK(!depot.clashes(9, "D"));
  };
  depot.write(SmallRuns::letters(1, "A"));
  depot.write(SmallRuns::letters(2, "BC"));
  depot.write({{key(3), {}}});
  check();
  depot.open();
  check();
  depot.indexes->drain_to_the_end();
  check();
}

TEST_CASE("a drain that was given up leaves unique values found in runs", "[store]") {
  SmallRuns depot(kLittle);
  depot.write(SmallRuns::letters(1, "ABC"));
  depot.write(SmallRuns::letters(4, "DEF"));
  depot.write(SmallRuns::letters(7, "GHI"));
  REQUIRE(!depot.runs().empty());
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_THROWS_AS(depot.database->write([&](WriteTxn& txn) {
      IndexUpdate update(*depot.indexes, txn);
      for (const auto& [key, body] : SmallRuns::letters(10, "JKLMNOPQ"))
        update.change(AnyKey(kArticles, key), {}, body);
      update.finish();
      REQUIRE(!depot.indexes->tables().values.has_runs(txn));
      throw std::runtime_error("given up");
    }),
                    std::runtime_error);
    CHECK(depot.clashes(99, "B"));
    CHECK(!depot.clashes(99, "K"));
  }
  CHECK(depot.faults().empty());
}

TEST_CASE("an index that is not wanted any more leaves nothing in runs", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "ABC"));
  depot.adopt(article_tree({{"number @0 :Text $Coppice.unique", "number @0 :Text"}}));
  REQUIRE(!depot.runs().empty());
  depot.indexes->work_to_the_end();
  CHECK(depot.runs().empty());
  CHECK(depot.count_values() == 3 * (kEntries - 1));
  CHECK(depot.faults().empty());
}

TEST_CASE("an index is built beside runs", "[store]") {
  SmallRuns depot;
  depot.adopt(article_tree({{"number @0 :Text $Coppice.unique", "number @0 :Text"}}));
  depot.indexes->work_to_the_end();
  depot.write(SmallRuns::letters(1, "ABCDEFG"));
  REQUIRE(!depot.runs().empty());
  depot.adopt(article_tree());
  depot.indexes->work(3);
  depot.write({{key(2), {}}, {key(6), numbered("X")}, {key(3), numbered("Y")}});
  depot.indexes->work_to_the_end();
  CHECK(!depot.runs().empty());
  CHECK(depot.order(Direction::ascending) == "ADEGXY");
  CHECK(depot.faults().empty());
  depot.indexes->drain_to_the_end();
  CHECK(depot.order(Direction::ascending) == "ADEGXY");
  CHECK(depot.faults().empty());
}

TEST_CASE("a snapshot of before keeps the runs of its moment", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "ABC"));
  const auto before = depot.database->read();
  depot.write({{key(1), {}}, {key(2), {}}});
  depot.indexes->drain_to_the_end();
  IndexRange found(before, depot.indexes->tables(), depot.number("number"), {});
  Ids ids;
  for (; found; found.next()) ids.push_back(found.key().id().value);
  CHECK(ids == Ids{1, 2, 3});
  CHECK(depot.ids("number") == Ids{3});
}

TEST_CASE("a run that is damaged is told of, and one out of order", "[store]") {
  SmallRuns depot;
  depot.write(SmallRuns::letters(1, "ABC"));
  const auto table = depot.database->environment().open_table("index_runs", Layout::integer_keys);
  std::vector<std::byte> stored;
  {
    const auto txn = depot.database->read();
    Cursor cursor(txn, *table);
    REQUIRE(cursor.first());
    stored.assign(cursor.value().begin(), cursor.value().end());
  }
  const auto replace = [&](const std::vector<std::byte>& with) {
    depot.database->write([&](WriteTxn& txn) { txn.put(*table, 1, with); });
  };
  auto exchanged = stored;
  std::swap_ranges(exchanged.begin() + 16, exchanged.begin() + 48, exchanged.begin() + 48);
  replace(exchanged);
  const auto faults = depot.faults();
  CHECK(std::ranges::count(faults, "run 1 of index entries is not in order") == 1);
  auto cut = stored;
  cut.resize(cut.size() - 32);
  replace(cut);
  CHECK_THROWS_AS(depot.faults(), CorruptionError);
  auto endless = stored;
  endless[7] = std::byte{0xff};
  replace(endless);
  CHECK_THROWS_AS(depot.faults(), CorruptionError);
}

TEST_CASE("a long value in a run is told from others by its end", "[store]") {
  SmallRuns depot;
  const std::string common(40, 'x');
  depot.write({{key(1), numbered(common + "B")},
               {key(2), numbered(common)},
               {key(3), numbered(common + "A")}});
  REQUIRE(!depot.runs().empty());
  CHECK(depot.ids("number") == Ids{2, 3, 1});
  const std::string wanted = common + "A";
  CHECK(depot.ids("number", ValueRange::of(std::string_view(wanted))) == Ids{3});
  CHECK(depot.clashes(9, wanted));
  CHECK(!depot.clashes(9, common + "C"));
  CHECK(depot.faults().empty());
}

TEST_CASE("runs are drained when nobody has written much for half a second", "[store]") {
  SmallRuns depot;
  RunDrain drain(*depot.indexes);
  CHECK(!drain.step(0));
  CHECK(!drain.deadline_us());
  depot.write(SmallRuns::letters(1, "ABC"));
  CHECK(!drain.step(1'000'000));
  CHECK(drain.deadline_us() == 1'500'000);
  depot.write(SmallRuns::letters(4, "DEF"));
  CHECK(!drain.step(1'400'000));
  CHECK(drain.deadline_us() == 1'900'000);
  // Small ones do not put it off.
  depot.write(SmallRuns::letters(7, "G"));
  CHECK(!drain.step(1'600'000));
  CHECK(drain.deadline_us() == 1'900'000);
  // A clock that is set back does not put it off for longer than that.
  CHECK(!drain.step(1'000'000));
  CHECK(drain.deadline_us() == 1'500'000);
  CHECK(drain.step(1'500'000));
  CHECK(depot.runs().empty());
  CHECK(!drain.deadline_us());
}

}  // namespace coppice::store
