// Several processes, and processes that die.
#include "store/database.h"
#include "tests/schema/bodies.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

TreeInfoPtr parts() { return TreeInfo::parse(TreeOf<shop::Part>::schema()).value(); }

}  // namespace

TEST_CASE("a folder that another process writes is refused, and looking at it is not", "[store]") {
  TempFolder folder;
  const auto data = folder / "data";
  Child child([&](Line& line) {
    Environment environment(data, quick());
    const Table table = *environment.open_table("records", Layout::integer_keys);
    environment.write([&](WriteTxn& txn) { txn.put(table, 1, bytes_of(words(1))); });
    line.tell();
    return line.await();
  });
  REQUIRE(child.line().await());
  CHECK_THROWS_WITH(Environment(data, quick()),
                    data.string() +
                        " is in use by another process. Close that program first, or "
                        "open the folder read-only.");
  {
    Environment looking(data, read_only());
    const Table table = *looking.open_table("records", Layout::integer_keys);
    CHECK(looking.read().count(table) == 1);
  }
  child.line().tell();
  CHECK(child.wait() == 0);
  CHECK_NOTHROW(Environment(data, quick()));
}

TEST_CASE("a writer that is killed leaves the lock and its last commit behind it", "[store]") {
  // At a different moment each time, in the middle of a transaction.
  for (int kill_at : {0, 1, 7, 23}) {
    TempFolder folder;
    Child child([&](Line& line) {
      Database database(folder / "data", Role::authority, quick());
      database.adopt(parts());
      const RecordTree tree = *database.tree(TreeOf<shop::Part>::id);
      const auto body = test::full_part();
      for (std::uint64_t i = 1;; ++i) {
        database.write([&](WriteTxn& txn) {
          database.meta().set_number(txn, "head", i);
          for (std::uint64_t id = 1; id <= 20; ++id) {
            tree.put(txn, key(i * 100 + id), header(i), body);
            if (id == 10) line.tell();
          }
        });
      }
      return false;
    });
    for (int i = 0; i <= kill_at; ++i) REQUIRE(child.line().await());
    child.kill();
    CHECK(child.wait() == -9);

    Database database(folder / "data", Role::authority, quick());
    auto txn = database.read();
    CHECK(faults_of(database).empty());
    const auto head = database.meta().number(txn, "head");
    CHECK(head >= static_cast<std::uint64_t>(kill_at));
    CHECK(database.tree(TreeOf<shop::Part>::id)->count(txn) == 20 * head);
    database.write([&](WriteTxn& again) { database.meta().set_number(again, "head", 1); });
  }
}

TEST_CASE("a reader that is killed holds nothing up", "[store]") {
  TempFolder folder;
  { Environment make(folder / "data", quick()); }
  Child child([&](Line& line) {
    Environment environment(folder / "data", read_only());
    auto txn = environment.read();
    line.tell();
    return line.await();
  });
  REQUIRE(child.line().await());
  child.kill();
  CHECK(child.wait() == -9);
  Environment environment(folder / "data", quick());
  const Table table = *environment.open_table("records", Layout::integer_keys);
  auto write = [&] {
    environment.write([&](WriteTxn& txn) {
      for (std::uint64_t i = 0; i < 100; ++i) txn.put(table, i, bytes_of(words(500, i)));
    });
  };
  write();
  for (int i = 0; i < 5; ++i) write();
  const auto after_some = environment.file_bytes();
  for (int i = 0; i < 50; ++i) write();
  // Pages are used again: no slot pins the old ones.
  CHECK(environment.file_bytes() <= 2 * after_some);
}

}  // namespace coppice::store
