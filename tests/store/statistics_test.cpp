#include "store/statistics.h"

#include "shop.coppice.h"
#include "tests/schema/bodies.h"
#include "tests/store/fixture.h"

namespace coppice::store {

TEST_CASE("statistics tell what is in the trees and in the file", "[store]") {
  TempFolder folder;
  Database database(folder / "data", Role::authority, quick());
  database.adopt(TreeInfo::parse(TreeOf<shop::Part>::schema()).value());
  const auto tree = *database.tree(TreeOf<shop::Part>::id);
  const Words body = test::full_part();
  database.write([&](WriteTxn& txn) {
    for (std::uint64_t id = 1; id <= 1'000; ++id) {
      tree.put(txn, key(id), header(id, id <= 10 ? RecordHeader::kReleased : 0), body);
    }
    for (std::uint64_t id = 1'001; id <= 1'005; ++id) {
      tree.put(txn, key(id), header(id, RecordHeader::kRemoved), {});
    }
  });
  const Statistics before = statistics_of(database);
  REQUIRE(before.trees.size() == 1);
  CHECK(before.trees[0].name == "parts");
  CHECK(before.trees[0].live == 1'000);
  CHECK(before.trees[0].removed == 5);
  CHECK(before.trees[0].released == 10);
  CHECK(before.trees[0].value_bytes == 1'005 * 64 + 1'000 * 8 * body.size() + 10 * 32);
  CHECK(before.trees[0].depth >= 2);
  CHECK(before.trees[0].pages * before.page_bytes >= before.trees[0].value_bytes);
  CHECK(before.pages >= before.trees[0].pages);
  std::vector<std::string> tables;
  for (const auto& table : before.tables) tables.push_back(table.name);
  CHECK(tables == std::vector<std::string>{"catalogue", "history", "meta"});
  CHECK(before.tables[0].entries == 1);

  database.write([&](WriteTxn& txn) { txn.clear(tree.table()); });
  database.write([&](WriteTxn& txn) { tree.put(txn, key(1), header(1), body); });
  const Statistics after = statistics_of(database);
  CHECK(after.trees[0].live == 1);
  CHECK(after.free_pages > before.free_pages);
}

}  // namespace coppice::store
