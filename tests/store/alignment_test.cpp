// Records are read where they lie, so every value must lie at a multiple of 8.
#include <array>
#include <map>
#include <random>
#include <set>

#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

std::size_t misaligned(const Txn& txn, Table table) {
  std::size_t count = 0;
  Cursor cursor(txn, table);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    if (!aligned(cursor.value())) ++count;
  }
  return count;
}

// Small bodies mostly, and some that need pages of their own.
Words random_body(std::mt19937_64& random) {
  const std::size_t count = random() % 20 == 0 ? 500 + random() % 1500 : 1 + random() % 40;
  return words(count, random() % 1000);
}

}  // namespace

TEST_CASE("every record and every index entry is aligned after random puts and erases", "[store]") {
  Records records;
  const Table index = *records.environment.open_table("index", Layout::integer_index);
  std::mt19937_64 random(7);
  std::map<std::uint64_t, Words> expected;
  std::set<std::pair<std::uint64_t, std::uint64_t>> filed;
  for (int round = 0; round < 40; ++round) {
    records.environment.write([&](WriteTxn& txn) {
      for (int i = 0; i < 500; ++i) {
        const KeyWord at = key(1 + random() % 3000);
        const auto pair = std::pair(random() % 50, random() % 5000);
        if (random() % 3 == 0) {
          CHECK(records.tree.erase(txn, at) == (expected.erase(at.value) == 1));
          CHECK(txn.index_erase(index, pair.first, pair.second) == (filed.erase(pair) == 1));
          continue;
        }
        const Words body = random_body(random);
        const std::uint16_t flags = random() % 4 == 0 ? RecordHeader::kReleased : 0;
        records.tree.put(txn, at, header(i + 1, flags), body);
        expected[at.value] = body;
        txn.index_add(index, pair.first, pair.second);
        filed.insert(pair);
      }
    });
    auto txn = records.environment.read();
    REQUIRE(misaligned(txn, records.table) == 0);
    REQUIRE(misaligned(txn, index) == 0);
    REQUIRE(records.tree.count(txn) == expected.size());
    REQUIRE(txn.count(index) == filed.size());
  }
  auto txn = records.environment.read();
  for (const auto& [word, body] : expected) {
    REQUIRE(body_of(*records.tree.find(txn, KeyWord(word))) == body);
  }
}

TEST_CASE("a value that is no multiple of 8 bytes is no record", "[store]") {
  alignas(8) std::array<std::byte, 80> room{};
  RecordHeader header;
  header.body_words = 1;
  std::memcpy(room.data(), &header, sizeof header);
  CHECK(RecordView::parse(Bytes(room).first(72)));
  for (std::size_t size = 0; size < 80; ++size) {
    if (size != 72) CHECK_FALSE(RecordView::parse(Bytes(room).first(size)));
  }
}

TEST_CASE("a value that got in behind the tree's back is reported, not read", "[store]") {
  Records records;
  records.put(key(1), header(1), words(3));
  records.environment.write([&](WriteTxn& txn) {
    const std::array<std::byte, 71> odd{};
    txn.put(records.table, key(2).value, odd);
  });
  auto txn = records.environment.read();
  CHECK_THROWS_AS(records.tree.find(txn, key(2)), CorruptionError);
  CHECK_THROWS_AS(records.tree.head(txn, RecordId{2}), CorruptionError);
  CHECK_THROWS_AS(RecordCursor(txn, records.tree, key(2)).record(), CorruptionError);
}

}  // namespace coppice::store
