// Databases of every format that was ever released, in tests/compat/formats, are opened by every
// build.
//
// To add the next one: COPPICE_MAKE_COMPAT=tests/compat/formats/2 coppice_tests "a new format*"
#include <cstdlib>

#include "server/invariants.h"
#include "store/compact.h"
#include "test_places.h"
#include "tests/client/site.h"

namespace coppice::test {
namespace {

namespace fs = std::filesystem;

// What is in each: a released part with a draft after it, a part that was edited and not checked
// in, one that was removed, a company, and one more that the server has not been told of.
constexpr std::size_t kPartsAtServer = 3;

void make(const fs::path& folder) {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto first = ann.make_part("first");
  const auto edited = ann.make_part("edited");
  const auto removed = ann.make_part("removed");
  REQUIRE(ann->write(
      [](Transaction& t) { t.create<shop::Company>([](auto body) { body.setName("Smith"); }); }));
  site.settle();
  ann.release(first);
  ann.borrow(first);
  REQUIRE(ann->write([&](Transaction& t) { t.next_revision(first); }));
  ann.borrow(edited);
  ann.borrow(removed);
  REQUIRE(ann->write([&](Transaction& t) { t.remove(removed); }));
  site.settle();
  REQUIRE(ann.retitle(edited, "mine"));
  ann.go_off_line();
  ann.make_part("not sent");
  ann.close();
  site.stop_server();
  fs::create_directories(folder);
  for (const auto& [from, name, role] :
       {std::tuple(site.data(), "authority", store::Role::authority),
        std::tuple(ann.folder, "replica", store::Role::replica)}) {
    store::compact(from, role);
    fs::create_directories(folder / name);
    fs::copy_file(from / "data.mdb", folder / name / "data.mdb");
  }
}

// A copy, since opening a database writes to it.
fs::path copy_of(const fs::path& stored, const TempFolder& folder) {
  fs::create_directories(folder / "copy");
  fs::copy_file(stored / "data.mdb", folder / "copy" / "data.mdb",
                fs::copy_options::overwrite_existing);
  return folder / "copy";
}

std::vector<fs::path> formats() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(COPPICE_SOURCE_DIR "/tests/compat/formats")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace

TEST_CASE("a new format gets its databases made", "[client]") {
  if (const char* folder = std::getenv("COPPICE_MAKE_COMPAT")) make(folder);
}

TEST_CASE("an authority of every format is opened, and is sound", "[client]") {
  REQUIRE_FALSE(formats().empty());
  for (const fs::path& format : formats()) {
    INFO(format);
    const TempFolder folder;
    store::Database database(copy_of(format / "authority", folder), store::Role::authority);
    CHECK(server::check_invariants(database) == std::vector<std::string>{});
    const auto tree = database.tree(TreeOf<shop::Part>::id);
    REQUIRE(tree);
    std::size_t released = 0, removed = 0, live = 0;
    const auto txn = database.read();
    for (store::RecordCursor cursor(txn, *tree); cursor; cursor.next()) {
      const RecordHeader& header = cursor.record().header();
      ++(header.removed() ? removed : live);
      if (header.released()) ++released;
    }
    CHECK(live == kPartsAtServer);
    CHECK(released == 1);
    CHECK(removed == 1);
  }
}

TEST_CASE("an authority of every format is looked at as it is, and is sound", "[client]") {
  for (const fs::path& format : formats()) {
    INFO(format);
    const TempFolder folder;
    store::Environment::Options only_looked_at;
    only_looked_at.access = store::Environment::Access::read_only;
    store::Database database(copy_of(format / "authority", folder), store::Role::authority,
                             only_looked_at);
    CHECK(server::check_invariants(database) == std::vector<std::string>{});
  }
}

TEST_CASE("a replica of every format is opened, with its unsent work", "[client]") {
  for (const fs::path& format : formats()) {
    INFO(format);
    const TempFolder folder;
    Client::Options options;
    options.trees = shop_trees();
    options.sync = Client::Sync::stepped;
    Client client = Client::open(copy_of(format / "replica", folder), options);
    CHECK(client.check_invariants() == std::vector<std::string>{});
    CHECK(client.status().outbox == 1);
    CHECK(client.status().unchecked == 1);
    CHECK(client.borrowed().size() == 2);
    std::vector<std::string> numbers;
    const auto now = client.snapshot();
    for (const auto part : now.tree<shop::Part>()) {
      numbers.push_back(std::string(part->getNumber().cStr()) + "/" + part->getTitle().cStr());
    }
    CHECK(numbers == std::vector<std::string>{"first/", "first/", "edited/mine", "not sent/"});
    // It goes on being written to.
    CHECK(client.write([](Transaction& t) { t.create<shop::Company>([](auto) {}); }));
  }
}

}  // namespace coppice::test
