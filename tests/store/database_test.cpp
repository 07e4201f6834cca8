#include "store/database.h"

#include <fstream>
#include <iterator>

#include "shop.coppice.h"
#include "tests/codegen/compile.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

using Catch::Matchers::ContainsSubstring;

template <typename T>
TreeInfoPtr tree_of() {
  return TreeInfo::parse(TreeOf<T>::schema()).value();
}

std::string refusal(const std::filesystem::path& folder, Role role,
                    const Environment::Options& options = quick()) {
  try {
    Database database(folder, role, options);
  } catch (const StorageError& e) {
    return e.what();
  }
  return "";
}

std::uint64_t count_tables(const std::filesystem::path& folder) {
  return Environment(folder, read_only()).count_tables();
}

}  // namespace

TEST_CASE("a database of a newer format is refused and the message names it", "[store]") {
  TempFolder folder;
  {
    Database database(folder / "data", Role::authority, quick());
    database.write([&](WriteTxn& txn) { database.meta().set_number(txn, "format", 7); });
  }
  const auto message = refusal(folder / "data", Role::authority);
  CHECK_THAT(message, ContainsSubstring("newer version of Coppice (format 7"));
  CHECK_THAT(message, ContainsSubstring("Update this program."));
  CHECK(refusal(folder / "data", Role::replica) == message);
}

TEST_CASE("a replica is no authority, and the other way round", "[store]") {
  TempFolder folder;
  CHECK(refusal(folder / "server", Role::authority).empty());
  CHECK(refusal(folder / "client", Role::replica).empty());
  CHECK_THAT(refusal(folder / "server", Role::replica),
             ContainsSubstring("another kind (authority), not a replica."));
  CHECK_THAT(refusal(folder / "client", Role::authority, read_only()),
             ContainsSubstring("another kind (replica), not an authority."));
  CHECK(refusal(folder / "server", Role::authority).empty());
}

TEST_CASE("a file that is no database is refused and left as it is", "[store]") {
  TempFolder folder;
  std::filesystem::create_directories(folder / "data");
  const auto file = folder / "data" / "data.mdb";
  const std::string garbage(20'000, 'x');
  std::ofstream(file, std::ios::binary) << garbage;
  for (const auto& options : {quick(), read_only()}) {
    CHECK_THAT(refusal(folder / "data", Role::replica, options),
               ContainsSubstring("does not hold a Coppice database"));
  }
  std::ifstream in(file, std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == garbage);
}

TEST_CASE("another program's LMDB database is refused and nothing is added to it", "[store]") {
  TempFolder folder;
  {
    Environment environment(folder / "data", quick());
    const Table table = *environment.open_table("bookmarks", Layout::byte_keys);
    environment.write([&](WriteTxn& txn) { txn.put(table, bytes_of(words(1)), {}); });
  }
  const auto message = refusal(folder / "data", Role::replica);
  CHECK_THAT(message, ContainsSubstring("not a Coppice database"));
  CHECK_THAT(message, ContainsSubstring("Choose another folder."));
  CHECK_FALSE(refusal(folder / "data", Role::replica, read_only()).empty());
  CHECK(count_tables(folder / "data") == 1);
}

TEST_CASE("a database whose making was interrupted is finished by the next open", "[store]") {
  TempFolder folder;
  {
    Environment environment(folder / "data", quick());
    REQUIRE(environment.open_table("meta", Layout::byte_keys));
  }
  CHECK(refusal(folder / "data", Role::replica).empty());
  CHECK(refusal(folder / "data", Role::replica).empty());
}

TEST_CASE("what a database adopted is there again when it is opened", "[store]") {
  TempFolder folder;
  {
    Database database(folder / "data", Role::authority, quick());
    CHECK(database.catalogue()->trees().empty());
    CHECK_FALSE(database.tree(TreeOf<shop::Part>::id));
    database.adopt(tree_of<shop::Part>());
    database.adopt(tree_of<shop::Company>());
    database.write([&](WriteTxn& txn) {
      database.tree(TreeOf<shop::Part>::id)->put(txn, key(1), header(1), words(1));
    });
  }
  for (const auto& options : {quick(), read_only()}) {
    Database database(folder / "data", Role::authority, options);
    CHECK(database.catalogue()->trees().size() == 2);
    REQUIRE(database.catalogue()->find("companies"));
    CHECK(database.catalogue()->find("parts")->same_schema(*tree_of<shop::Part>()));
    auto txn = database.read();
    CHECK(database.tree(TreeOf<shop::Part>::id)->count(txn) == 1);
    CHECK(database.tree(TreeOf<shop::Company>::id)->count(txn) == 0);
  }
}

TEST_CASE("a tree adopted again has the new schema and the old records", "[store]") {
  TempFolder folder;
  Database database(folder / "data", Role::authority, quick());
  database.adopt(tree_of<shop::Part>());
  const auto before = database.catalogue();
  const RecordTree tree = *database.tree(TreeOf<shop::Part>::id);
  database.write([&](WriteTxn& txn) { tree.put(txn, key(1), header(1), words(1)); });
  database.adopt(test::newer_tree_in_shop("parts")->with_version(2));
  CHECK(database.catalogue()->find("parts")->version() == 2);
  CHECK(before->find("parts")->version() == 0);
  CHECK(database.catalogue()->find(TreeOf<shop::Part>::id, 2)->version() == 2);
  CHECK(database.tree(TreeOf<shop::Part>::id)->count(database.read()) == 1);
}

TEST_CASE("every version that a database adopted is there when it is opened again", "[store]") {
  TempFolder folder;
  {
    Database database(folder / "data", Role::authority, quick());
    database.adopt(tree_of<shop::Part>()->with_version(1));
    database.adopt(test::newer_tree_in_shop("parts")->with_version(2));
  }
  for (const auto& options : {quick(), read_only()}) {
    Database database(folder / "data", Role::authority, options);
    const auto catalogue = database.catalogue();
    CHECK(catalogue->find("parts")->version() == 2);
    REQUIRE(catalogue->find(TreeOf<shop::Part>::id, 1));
    CHECK(catalogue->find(TreeOf<shop::Part>::id, 1)->same_schema(*tree_of<shop::Part>()));
  }
}

TEST_CASE("earlier versions may come after the newest, which stays", "[store]") {
  TempFolder folder;
  Database database(folder / "data", Role::replica, quick());
  database.adopt(test::newer_tree_in_shop("parts")->with_version(2));
  database.adopt(tree_of<shop::Part>()->with_version(1));
  CHECK(database.catalogue()->find("parts")->version() == 2);
  database.reload_catalogue();
  CHECK(database.catalogue()->find("parts")->version() == 2);
  CHECK(database.catalogue()->history(TreeOf<shop::Part>::id).size() == 2);
}

TEST_CASE("a database from before histories keeps one from then on", "[store]") {
  TempFolder folder;
  {
    Database database(folder / "data", Role::authority, quick());
    database.adopt(tree_of<shop::Part>()->with_version(1));
    const Table history = database.table("history", Layout::byte_keys);
    database.write([&](WriteTxn& txn) { txn.clear(history); });
  }
  {
    Database database(folder / "data", Role::authority, quick());
    database.adopt(test::newer_tree_in_shop("parts")->with_version(2));
  }
  Database database(folder / "data", Role::authority, quick());
  CHECK(database.catalogue()->find(TreeOf<shop::Part>::id, 1)->version() == 1);
}

TEST_CASE("a schema without a number lies beside the newest until it gets one", "[store]") {
  TempFolder folder;
  Database database(folder / "data", Role::replica, quick());
  const TreeId parts = TreeOf<shop::Part>::id;
  const auto newer = test::newer_tree_in_shop("parts");
  database.adopt(tree_of<shop::Part>()->with_version(1));
  database.adopt(newer);
  CHECK(database.catalogue()->find(parts)->version() == 1);
  CHECK(database.catalogue()->find(parts, 0)->same_schema(*newer));
  database.adopt(newer->with_version(2));
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(database.catalogue()->history(parts).contains(0));
    CHECK(database.catalogue()->find(parts, 0)->version() == 2);
    database.reload_catalogue();
  }
}

TEST_CASE("a damaged catalogue is refused", "[store]") {
  TempFolder folder;
  {
    Database database(folder / "data", Role::authority, quick());
    const Table catalogue = database.table("catalogue", Layout::integer_keys);
    database.write([&](WriteTxn& txn) { txn.put(catalogue, 1, bytes_of(words(3))); });
  }
  CHECK_THAT(refusal(folder / "data", Role::authority), ContainsSubstring("is damaged"));
}

TEST_CASE("a reader may not make tables", "[store]") {
  TempFolder folder;
  { Database database(folder / "data", Role::replica, quick()); }
  Database database(folder / "data", Role::replica, read_only());
  CHECK_THROWS_AS(database.table("mine", Layout::byte_keys), StorageError);
}

}  // namespace coppice::store
