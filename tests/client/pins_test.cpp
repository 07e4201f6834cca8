// Snapshots that are held for long are told of.
#include <unistd.h>

#include "tests/client/site.h"

namespace coppice::test {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("who holds snapshots is known, by name", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  CHECK(ann->pins().empty());
  const auto report = ann->snapshot("report");
  const auto other = ann->snapshot();
  const auto pins = ann->pins();
  REQUIRE(pins.size() == 2);
  CHECK(pins[0].name == "report");
  CHECK(pins[0].process == ::getpid());
  CHECK(pins[1].name.empty());
}

TEST_CASE("who came first is held longest, however close they came", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  std::vector<Snapshot> snapshots;
  std::string names, told;
  for (char name = 'a'; name <= 'z'; ++name) {
    snapshots.push_back(ann->snapshot(std::string(1, name)));
    names += name;
  }
  for (const Pin& pin : ann->pins()) told += pin.name;
  CHECK(told == names);
}

TEST_CASE("a snapshot that is held too long is told once", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.snapshot_age_warning = std::chrono::seconds(0);
  ann.open();
  {
    const auto report = ann->snapshot("report");
    for (int i = 0; i < 3; ++i) ann->step(site.now_us);
  }
  ann->step(site.now_us);
  std::vector<std::string> told;
  for (const Event& event : ann->poll()) {
    if (event.kind == Event::Kind::pinned) told.push_back(event.error.message);
  }
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], ContainsSubstring("The snapshot 'report'"));
}

TEST_CASE("a snapshot that is held for a moment is not told", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  const auto report = ann->snapshot("report");
  for (int i = 0; i < 3; ++i) ann->step(site.now_us);
  for (const Event& event : ann->poll()) CHECK(event.kind != Event::Kind::pinned);
}

TEST_CASE("a replica from elsewhere is checked before it is used", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto key = ann.make_part("R1");
  site.settle();
  ann.borrow(key);
  ann.close();
  ann.options.origin = Client::Origin::elsewhere;
  ann.open();
  CHECK(ann->snapshot().get(key).has_value());
  ann.close();
  const auto tamper = [&](const std::function<void(store::Database&, store::WriteTxn&)>& change) {
    store::Database database(ann.folder, store::Role::replica);
    // Opened before the transaction, which must not.
    database.table("borrows", store::Layout::byte_keys);
    database.write([&](store::WriteTxn& txn) { change(database, txn); });
  };
  std::string expected;
  SECTION("a body that points out of itself") {
    tamper([&](store::Database& database, store::WriteTxn& txn) {
      const auto tree = *database.tree(TreeOf<shop::Part>::id);
      const auto found = tree.find(txn, key.word)->value();
      std::vector<std::byte> value(found.begin(), found.end());
      value[64] = std::byte{0xff};
      txn.put(tree.table(), key.word.value, value);
    });
    expected = "parts:";
  }
  SECTION("a borrow that is no message") {
    tamper([&](store::Database& database, store::WriteTxn& txn) {
      const auto table = *database.environment().open_table("borrows", store::Layout::byte_keys);
      store::Cursor cursor(txn, table);
      REQUIRE(cursor.first());
      std::vector<std::byte> row(cursor.key().begin(), cursor.key().end());
      const std::vector<std::byte> noise(16, std::byte{0x7d});
      txn.put(table, row, noise);
    });
    expected = "the table of borrows: a row of it is no message of its kind";
  }
  CHECK_THROWS_WITH(ann.open(), ContainsSubstring(expected));
}

}  // namespace coppice::test
