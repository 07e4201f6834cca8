#include "store/compact.h"

#include <fstream>

#include "shop.coppice.h"
#include "tests/schema/bodies.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

using Catch::Matchers::ContainsSubstring;

// A database most of whose records were removed again.
struct Sparse {
  TempFolder folder;
  std::filesystem::path data = folder / "data";

  Sparse() {
    Database database(data, Role::replica, quick());
    database.adopt(TreeInfo::parse(TreeOf<shop::Company>::schema()).value());
    const auto tree = *database.tree(TreeOf<shop::Company>::id);
    const Words body = test::body_of<shop::Company>([](auto b) { b.setName("Smith"); });
    database.write([&](WriteTxn& txn) {
      for (std::uint64_t id = 1; id <= 20'000; ++id) tree.put(txn, key(id), header(id), body);
    });
    database.write([&](WriteTxn& txn) {
      for (std::uint64_t id = 101; id <= 20'000; ++id) tree.erase(txn, key(id));
    });
  }

  std::uint64_t count() {
    Database database(data, Role::replica, quick());
    CHECK(faults_of(database).empty());
    return database.tree(TreeOf<shop::Company>::id)->count(database.read());
  }
  bool has_leftovers() const { return std::filesystem::exists(data / "compacting"); }
};

std::string refusal(const std::filesystem::path& folder, Role role) {
  try {
    compact(folder, role);
  } catch (const StorageError& e) {
    return e.what();
  }
  return "done";
}

}  // namespace

TEST_CASE("compaction gives free pages back and keeps every record", "[store]") {
  Sparse sparse;
  const auto done = compact(sparse.data, Role::replica);
  CHECK(done.bytes_after * 4 < done.bytes_before);
  CHECK(std::filesystem::file_size(sparse.data / "data.mdb") == done.bytes_after);
  CHECK(sparse.count() == 100);
  CHECK_FALSE(sparse.has_leftovers());
  // It goes on as a database.
  {
    Database database(sparse.data, Role::replica, quick());
    const auto tree = *database.tree(TreeOf<shop::Company>::id);
    const Words body = test::body_of<shop::Company>([](auto b) { b.setName("Jones"); });
    database.write([&](WriteTxn& txn) { tree.put(txn, key(500), header(500), body); });
  }
  CHECK(sparse.count() == 101);
  compact(sparse.data, Role::replica);
  CHECK(sparse.count() == 101);
}

TEST_CASE("what a killed compaction left is no trouble", "[store]") {
  Sparse sparse;
  std::filesystem::create_directories(sparse.data / "compacting");
  std::ofstream(sparse.data / "compacting" / "data.mdb") << "half a copy";
  CHECK(sparse.count() == 100);
  compact(sparse.data, Role::replica);
  CHECK(sparse.count() == 100);
  CHECK_FALSE(sparse.has_leftovers());
}

TEST_CASE("a database that is open is not compacted", "[store]") {
  Sparse sparse;
  const auto before = std::filesystem::file_size(sparse.data / "data.mdb");
  SECTION("by this program") {
    Database database(sparse.data, Role::replica, quick());
    CHECK_THAT(refusal(sparse.data, Role::replica), ContainsSubstring("in use"));
  }
  SECTION("by a program that only looks") {
    Child child([&](Line& line) {
      Environment looks(sparse.data, read_only());
      line.tell();
      return line.await();
    });
    REQUIRE(child.line().await());
    CHECK_THAT(refusal(sparse.data, Role::replica), ContainsSubstring("Close it"));
    child.line().tell();
    CHECK(child.wait() == 0);
  }
  CHECK(std::filesystem::file_size(sparse.data / "data.mdb") == before);
  CHECK_FALSE(sparse.has_leftovers());
  CHECK(sparse.count() == 100);
}

TEST_CASE("what is no such database is not compacted", "[store]") {
  Sparse sparse;
  CHECK_THAT(refusal(sparse.data, Role::authority), ContainsSubstring("another kind"));
  CHECK_THAT(refusal(sparse.folder / "nothing", Role::replica),
             ContainsSubstring("There is no database"));
  CHECK_FALSE(std::filesystem::exists(sparse.folder / "nothing"));
  CHECK(sparse.count() == 100);
}

}  // namespace coppice::store
