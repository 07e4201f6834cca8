#include "store/environment.h"

#include <filesystem>

#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string refusal(const std::filesystem::path& folder, const Environment::Options& options) {
  try {
    Environment environment(folder, options);
  } catch (const StorageError& e) {
    return e.what();
  }
  return "";
}

// The numbers in a table of integer keys and values.
Words content(const Txn& txn, Table table) {
  Words numbers;
  Cursor cursor(txn, table);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    numbers.push_back(cursor.value_number());
  }
  return numbers;
}

}  // namespace

TEST_CASE("a folder is opened once in a process, and again when it is closed", "[store]") {
  TempFolder folder;
  const auto data = folder / "data";
  {
    Environment environment(data, quick());
    CHECK_THAT(refusal(data, quick()), ContainsSubstring("open in this program already"));
    CHECK_THAT(refusal(data / "..//data", read_only()),
               ContainsSubstring("open in this program already"));
  }
  CHECK(refusal(data, quick()).empty());
}

TEST_CASE("a failed open leaves nothing locked", "[store]") {
  TempFolder folder;
  const auto data = folder / "data";
  std::filesystem::create_directories(data / "data.mdb");  // a folder where the file should be
  CHECK_FALSE(refusal(data, quick()).empty());
  std::filesystem::remove(data / "data.mdb");
  CHECK(refusal(data, quick()).empty());
}

TEST_CASE("looking at a folder without a database is refused and makes nothing", "[store]") {
  TempFolder folder;
  CHECK(refusal(folder / "none", read_only()) ==
        "There is no database in " + (folder / "none").string() + ".");
  CHECK_FALSE(std::filesystem::exists(folder / "none"));
  CHECK_THAT(refusal(folder.path(), read_only()), ContainsSubstring("There is no database"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a folder that cannot be made is refused with the reason", "[store]") {
  CHECK_THAT(refusal("/proc/no/such/folder", quick()), ContainsSubstring("Cannot make the folder"));
}

TEST_CASE("the same name is the same table, and a missing one is nothing to a reader", "[store]") {
  TempFolder folder;
  {
    Environment environment(folder / "data", quick());
    const Table first = *environment.open_table("a", Layout::integer_keys);
    CHECK(environment.open_table("a", Layout::integer_keys)->handle == first.handle);
    environment.write([&](WriteTxn& txn) { txn.put(first, 1, bytes_of(words(1, 6))); });
  }
  Environment environment(folder / "data", read_only());
  CHECK_FALSE(environment.open_table("b", Layout::integer_keys));
  const Table table = *environment.open_table("a", Layout::integer_keys);
  CHECK(content(environment.read(), table) == words(1, 6));
}

TEST_CASE("an exception in a write changes nothing and reaches the caller", "[store]") {
  Records records;
  records.put(key(1), header(1), words(1));
  struct Stop {};
  CHECK_THROWS_AS(records.environment.write([&](WriteTxn& txn) {
    records.tree.put(txn, key(1), header(2), words(2));
    records.tree.put(txn, key(2), header(3), words(3));
    throw Stop{};
  }),
                  Stop);
  auto txn = records.environment.read();
  CHECK(records.tree.count(txn) == 1);
  CHECK(body_of(*records.tree.find(txn, key(1))) == words(1));
  // The next write is not disturbed.
  records.put(key(2), header(4), words(4));
}

TEST_CASE("a write returns what its function returns", "[store]") {
  Records records;
  CHECK(records.environment.write([](WriteTxn&) { return std::string("made"); }) == "made");
}

TEST_CASE("a read transaction sees one state, whatever is written meanwhile", "[store]") {
  Records records;
  records.put(key(1), header(1), words(1));
  auto before = records.environment.read();
  const auto seen = records.tree.find(before, key(1));
  for (std::uint64_t i = 2; i < 200; ++i) {
    records.environment.write([&](WriteTxn& txn) {
      records.tree.put(txn, key(1), header(i), words(40, i));
      records.tree.put(txn, key(i), header(i), words(40, i));
    });
  }
  CHECK(body_of(*seen) == words(1));
  CHECK(body_of(*records.tree.find(before, key(1))) == words(1));
  CHECK(records.tree.count(before) == 1);
  CHECK(records.tree.count(records.environment.read()) == 199);
}

TEST_CASE("a table made after a transaction began is empty in it", "[store]") {
  Records records;
  auto before = records.environment.read();
  const Table late = *records.environment.open_table("late", Layout::integer_keys);
  records.environment.write([&](WriteTxn& txn) { txn.put(late, 1, bytes_of(words(1))); });
  CHECK_FALSE(before.find(late, 1));
  CHECK(before.count(late) == 0);
  CHECK(content(before, late).empty());
  CHECK(content(records.environment.read(), late) == words(1));
}

TEST_CASE("an index keeps a sorted set of values for each key", "[store]") {
  TempFolder folder;
  Environment environment(folder / "data", quick());
  const Table index = *environment.open_table("index", Layout::integer_index);
  environment.write([&](WriteTxn& txn) {
    for (std::uint64_t value : {30, 10, 20, 10}) txn.index_add(index, 7, value);
    txn.index_add(index, 8, 5);
    CHECK_FALSE(txn.index_erase(index, 7, 25));
    CHECK(txn.index_erase(index, 7, 20));
  });
  auto values = [&](std::uint64_t key) {
    auto txn = environment.read();
    Words found;
    Cursor cursor(txn, index);
    for (bool more = cursor.first_value(key); more; more = cursor.next_value()) {
      found.push_back(cursor.value_number());
    }
    return found;
  };
  CHECK(values(7) == Words{10, 30});
  CHECK(values(8) == Words{5});
  CHECK(values(9).empty());
  environment.write([&](WriteTxn& txn) {
    CHECK(txn.erase(index, 7));
    CHECK_FALSE(txn.erase(index, 7));
  });
  CHECK(values(7).empty());
  environment.write([&](WriteTxn& txn) { txn.clear(index); });
  CHECK(environment.read().count(index) == 0);
}

TEST_CASE("a cursor moves both ways and seeks", "[store]") {
  TempFolder folder;
  Environment environment(folder / "data", quick());
  const Table table = *environment.open_table("numbers", Layout::integer_keys);
  environment.write([&](WriteTxn& txn) {
    for (std::uint64_t i : {3, 1, 256, 2}) txn.put(table, i, bytes_of(i));
  });
  auto txn = environment.read();
  CHECK(content(txn, table) == Words{1, 2, 3, 256});
  Cursor cursor(txn, table);
  REQUIRE(cursor.seek(4));
  CHECK(cursor.key_number() == 256);
  REQUIRE(cursor.previous());
  CHECK(cursor.key_number() == 3);
  CHECK_FALSE(cursor.seek(257));
  REQUIRE(cursor.last());
  CHECK(cursor.key_number() == 256);
  CHECK_FALSE(cursor.next());
}

TEST_CASE("a copy is a whole database of its own", "[store]") {
  Records records;
  records.put(key(1), header(1), words(1));
  const auto copy = records.folder / "copy";
  records.environment.copy_to(copy);
  records.put(key(1), header(2), words(2));
  Environment environment(copy, quick());
  const RecordTree tree(*environment.open_table("records", Layout::integer_keys));
  CHECK(body_of(*tree.find(environment.read(), key(1))) == words(1));
}

}  // namespace coppice::store
