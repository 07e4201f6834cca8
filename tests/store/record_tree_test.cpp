#include "store/record_tree.h"

#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

constexpr auto kReleased = RecordHeader::kReleased;
constexpr auto kRemoved = RecordHeader::kRemoved;

}  // namespace

TEST_CASE("a record is found as it was put", "[store]") {
  Records records;
  RecordHeader put = header(9);
  put.token = 5;
  put.borrower = 2;
  put.state = 77;
  records.put(key(4711, 2), put, words(5));
  auto txn = records.environment.read();
  const auto found = records.tree.find(txn, key(4711, 2));
  REQUIRE(found);
  put.body_words = 5;
  CHECK(found->header() == put);
  CHECK(body_of(*found) == words(5));
  CHECK_FALSE(records.tree.find(txn, key(4711, 1)));
}

TEST_CASE("a released record carries the hash of its body", "[store]") {
  Records records;
  records.put(key(1), header(1, kReleased), words(4));
  records.put(key(2), header(2), words(4));
  auto txn = records.environment.read();
  CHECK(records.tree.find(txn, key(1))->hash() == content_hash(words(4)));
  CHECK(records.tree.find(txn, key(2))->hash() == ContentHash{});
}

TEST_CASE("the head of a record is its newest revision, a tombstone too", "[store]") {
  Records records;
  records.put(key(1, 1), header(1, kReleased), words(1));
  records.put(key(1, 2), header(2), words(2));
  records.put(key(2, 1), header(3), words(3));
  records.put(key(4, 1), header(4, kRemoved), {});
  auto txn = records.environment.read();
  CHECK(records.tree.head(txn, RecordId{1})->key == key(1, 2));
  CHECK(records.tree.head(txn, RecordId{2})->key == key(2, 1));
  CHECK_FALSE(records.tree.head(txn, RecordId{3}));
  CHECK(records.tree.head(txn, RecordId{4})->record.header().removed());
  CHECK_FALSE(records.tree.head(txn, RecordId{5}));
  CHECK_FALSE(records.tree.head(txn, RecordId{0}));
}

TEST_CASE("the highest id and the highest revision are keys like all others", "[store]") {
  Records records;
  const KeyWord last = key(kRecordIdMax, kRevisionMax);
  records.put(key(kRecordIdMax, 1), header(1, kReleased), words(1));
  auto head = [&] {
    auto txn = records.environment.read();
    const auto found = records.tree.head(txn, RecordId{kRecordIdMax});
    return found ? found->key : KeyWord{};
  };
  CHECK(head() == key(kRecordIdMax, 1));
  records.put(last, header(2), words(2));
  CHECK(head() == last);
  auto txn = records.environment.read();
  CHECK(records.tree.resolve(txn, key(kRecordIdMax, 0))->key == key(kRecordIdMax, 1));
}

TEST_CASE("a floating key is the newest released revision, else the newest", "[store]") {
  Records records;
  auto floating = [&](std::uint64_t id) {
    auto txn = records.environment.read();
    const auto found = records.tree.resolve(txn, key(id, 0));
    return found ? found->key : KeyWord{};
  };
  CHECK(floating(1) == KeyWord{});
  records.put(key(1, 1), header(1), words(1));
  CHECK(floating(1) == key(1, 1));
  records.put(key(1, 1), header(2, kReleased), words(1));
  records.put(key(1, 2), header(3), words(2));
  CHECK(floating(1) == key(1, 1));
  records.put(key(1, 2), header(4, kReleased), words(2));
  records.put(key(1, 3), header(5, kRemoved), {});
  CHECK(floating(1) == key(1, 2));
  records.put(key(2, 1), header(6, kRemoved), {});
  CHECK(floating(2) == KeyWord{});
}

TEST_CASE("a fixed key is that revision, unless it was removed", "[store]") {
  Records records;
  records.put(key(1, 1), header(1, kReleased), words(1));
  records.put(key(1, 2), header(2, kRemoved), {});
  auto txn = records.environment.read();
  CHECK(records.tree.resolve(txn, key(1, 1))->key == key(1, 1));
  CHECK_FALSE(records.tree.resolve(txn, key(1, 2)));
  CHECK_FALSE(records.tree.resolve(txn, key(1, 3)));
}

TEST_CASE("an append of a key that is not the highest is a put", "[store]") {
  Records records;
  records.environment.write([&](WriteTxn& txn) {
    records.tree.append(txn, key(5), header(1), words(5));
    records.tree.append(txn, key(9), header(2), words(9));
    records.tree.append(txn, key(7), header(3), words(7));
    records.tree.append(txn, key(9), header(4), words(99));
    const auto copied = records.tree.find(txn, key(5));
    const Words value(reinterpret_cast<const std::uint64_t*>(copied->value().data()),
                      reinterpret_cast<const std::uint64_t*>(copied->value().data()) + 13);
    records.tree.append_value(txn, key(1), *RecordView::parse(bytes_of(value)));
  });
  auto txn = records.environment.read();
  std::vector<KeyWord> keys;
  for (RecordCursor cursor(txn, records.tree); cursor; cursor.next()) keys.push_back(cursor.key());
  CHECK(keys == std::vector{key(1), key(5), key(7), key(9)});
  CHECK(body_of(*records.tree.find(txn, key(9))) == words(99));
  CHECK(body_of(*records.tree.find(txn, key(1))) == words(5));
}

TEST_CASE("a cursor walks from a key on, tombstones included", "[store]") {
  Records records;
  for (std::uint64_t id : {1, 2, 3}) records.put(key(id), header(id), words(id));
  records.put(key(2), header(4, kRemoved), {});
  auto txn = records.environment.read();
  RecordCursor cursor(txn, records.tree, key(2));
  REQUIRE(cursor);
  CHECK(cursor.record().header().removed());
  cursor.next();
  REQUIRE(cursor);
  CHECK(cursor.key() == key(3));
  cursor.next();
  CHECK_FALSE(cursor);
}

TEST_CASE("headers are replaced where they lie, and bodies and hashes stay", "[store]") {
  Records records;
  for (std::uint64_t id = 1; id <= 500; ++id) {
    records.put(key(id), header(id, id % 7 == 0 ? kReleased : 0), words(1 + id % 40, id));
  }
  records.put(key(501), header(501, kRemoved), {});
  records.environment.write([&](WriteTxn& txn) {
    HeaderWriter headers(txn, records.tree);
    CHECK_FALSE(headers.find(key(9999)));
    // Neighbours, a gap, a step back, and one that is not there between them.
    for (std::uint64_t id : {1, 2, 3, 250, 251, 7, 8, 501}) {
      const auto found = headers.find(key(id));
      REQUIRE(found);
      CHECK(found->sequence == id);
      RecordHeader replaced = *found;
      replaced.sequence = 10'000 + id;
      headers.replace(replaced);
      CHECK_FALSE(headers.find(key(id, 2)));
    }
  });
  auto txn = records.environment.read();
  for (std::uint64_t id : {1, 2, 3, 7, 8, 250, 251}) {
    const auto found = records.tree.find(txn, key(id));
    CHECK(found->header().sequence == 10'000 + id);
    CHECK(body_of(*found) == words(1 + id % 40, id));
  }
  CHECK(records.tree.find(txn, key(7))->hash() == content_hash(words(8, 7)));
  CHECK(records.tree.find(txn, key(501))->header().sequence == 10'501);
  CHECK(records.tree.find(txn, key(4))->header().sequence == 4);
  CHECK(records.tree.count(txn) == 501);
}

TEST_CASE("reading ahead gives each record once, in order, without tombstones", "[store]") {
  Records records;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    const bool removed = id % 5 == 0 || id == 19;
    records.put(key(id), header(id, removed ? kRemoved : 0), removed ? Words{} : words(id));
  }
  const std::vector<std::uint64_t> expected{1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18};
  auto txn = records.environment.read();
  for (const std::size_t count : {1, 4, 7, 15, 16, 100}) {
    std::vector<std::uint64_t> ids;
    RecordCursor cursor(txn, records.tree);
    std::vector<Entry> ahead;
    for (cursor.read_ahead(count, ahead); !ahead.empty(); cursor.read_ahead(count, ahead)) {
      CHECK(ahead.size() <= count);
      for (const Entry& entry : ahead) {
        ids.push_back(entry.key.id().value);
        CHECK(body_of(entry.record) == words(entry.key.id().value));
      }
    }
    CHECK(ids == expected);
  }
}

TEST_CASE("reading ahead refuses a damaged record", "[store]") {
  Records records;
  records.put(key(1), header(1), words(1));
  records.environment.write(
      [&](WriteTxn& txn) { txn.put(records.table, 1u << 25, bytes_of(words(3))); });
  auto txn = records.environment.read();
  RecordCursor cursor(txn, records.tree);
  std::vector<Entry> ahead;
  CHECK_THROWS_AS(cursor.read_ahead(10, ahead), CorruptionError);
}

}  // namespace coppice::store
