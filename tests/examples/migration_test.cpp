// The example of docs/schemas.md, on a server's folder of last year.
#include <csignal>
#include <utility>

#include "contacts.capnp.h"
#include "coppice/migration_main.h"
#include "depot.capnp.h"
#include "depot.coppice.h"
#include "examples/migration/convert.h"
#include "server/tables.h"
#include "store/database.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace coppice::test {
namespace {

constexpr auto kContacts = TreeOf<contacts::Contact>::id;

// What contacts.capnp was last year.
TreeInfoPtr last_year() {
  return tree_in(
      "struct Contact @0xe5a1c3d7f9204b68 $Coppice.tree(name = \"contacts\") {\n"
      "  name @0 :Text;\n  age @1 :UInt16;\n}\n",
      "contacts");
}

class Folder {
 public:
  explicit Folder(const std::vector<std::string>& names) {
    store::Database database(folder_ / "data", store::Role::authority);
    database.adopt(last_year()->with_version(1));
    const server::Tables tables(database);
    const auto tree = *database.tree(kContacts);
    database.write([&](store::WriteTxn& txn) {
      std::uint64_t sequence = 0;
      for (const std::string& name : names) {
        RecordHeader header;
        header.sequence = header.body_sequence = ++sequence;
        header.schema_version = 1;
        const KeyWord key(RecordId{sequence}, Revision{1});
        tree.put(txn, key, header, body_of(*last_year(), [&](auto contact) {
                   contact.set("name", name.c_str());
                   contact.set("age", 36);
                 }));
        tables.feed.advance(txn, 0, sequence, AnyKey(kContacts, key));
      }
      database.meta().set_number(txn, "head", sequence);
    });
  }

  int run(std::vector<std::string> arguments) const {
    return run(std::move(arguments), {migration<contacts::Contact>(contacts::convert)});
  }
  int run(std::vector<std::string> arguments, std::vector<Migration> migrations,
          std::vector<TreeMove> moves = {}) const {
    arguments.insert(arguments.begin(), {"migrate_contacts", folder_ / "data"});
    std::vector<char*> words;
    for (std::string& one : arguments) words.push_back(one.data());
    return migration_main(static_cast<int>(words.size()), words.data(), std::move(migrations),
                          std::move(moves));
  }

  std::uint32_t version() const {
    return store::Database(folder_ / "data", store::Role::authority)
        .catalogue()
        ->find(kContacts)
        ->version();
  }

  std::filesystem::path data() const { return folder_ / "data"; }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("the example migrates contacts, all or none", "[examples]") {
  const Folder good({"Ada Lovelace", "Grace Brewster Hopper"});
  CHECK(good.run({"--dry-run"}) == 0);
  CHECK(good.version() == 1);
  CHECK(good.run({}) == 0);
  CHECK(good.version() == 2);
  CHECK(good.run({}) == 0);
  CHECK(good.version() == 2);
  store::Database database(good.data(), store::Role::authority);
  const auto record =
      database.tree(kContacts)->find(database.read(), KeyWord(RecordId{2}, Revision{1}));
  REQUIRE(record);
  CHECK(record->header().schema_version == 2);
  CHECK(record->header().sequence == 4);
}

TEST_CASE("Ctrl-C stops a migration, which has then changed nothing", "[examples]") {
  const Folder folder(std::vector<std::string>(1001, "Ada Lovelace"));
  bool raised = false;
  const auto interrupted =
      migration<contacts::Contact>([&](capnp::DynamicStruct::Reader old,
                                       contacts::Contact::Builder now, MigrationContext& context) {
        if (!std::exchange(raised, true)) std::raise(SIGINT);
        contacts::convert(old, now, context);
      });
  CHECK(folder.run({}, {interrupted}) == 1);
  CHECK(folder.version() == 1);
  CHECK(folder.run({}, {interrupted}) == 0);
  CHECK(folder.version() == 2);
}

TEST_CASE("a program may move records too, after its migrations", "[examples]") {
  const auto to_firms = move_records<contacts::Contact, depot::Firm>(
      [](contacts::Contact::Reader old, depot::Firm::Builder now, MigrationContext& context) {
        if (old.getFamilyName() == "None") context.refuse("it is nobody.");
        if (old.getFamilyName() != "Ltd") return Move::stays;
        now.setName(old.getGivenName());
        return Move::goes;
      });
  const auto moved = [](const Folder& folder) {
    store::Database database(folder.data(), store::Role::authority);
    const auto firms = database.tree(TreeOf<depot::Firm>::id);
    return firms ? firms->count(database.read()) : 0;
  };
  const std::vector<Migration> migrations = {migration<contacts::Contact>(contacts::convert)};
  const Folder good({"Ada Lovelace", "Bolts Ltd"});
  CHECK(good.run({"--dry-run"}, migrations, {to_firms}) == 0);
  CHECK(good.version() == 1);
  CHECK(moved(good) == 0);
  CHECK(good.run({}, migrations, {to_firms}) == 0);
  CHECK(good.version() == 2);
  CHECK(moved(good) == 1);
  // Alone, and with nothing left to do.
  CHECK(good.run({}, {}, {to_firms}) == 0);
  CHECK(moved(good) == 1);
  const Folder bad({"Bolts Ltd", "Nemo None"});
  CHECK(bad.run({}, migrations, {to_firms}) == 1);
  CHECK(bad.version() == 1);
  CHECK(moved(bad) == 0);
}

TEST_CASE("a program without a migration is a mistake, and help is none", "[examples]") {
  const Folder folder({"Ada Lovelace"});
  CHECK(folder.run({}, {}) == 2);
  CHECK(folder.run({"--help"}) == 0);
  CHECK(folder.version() == 1);
}

TEST_CASE("the example refuses a name that it cannot part, and what is in use or no folder",
          "[examples]") {
  const Folder bad({"Ada Lovelace", "Plato"});
  CHECK(bad.run({"--dry-run"}) == 1);
  CHECK(bad.run({}) == 1);
  CHECK(bad.version() == 1);
  CHECK(bad.run({"--no-such-option"}) == 2);
  const Folder good({"Ada Lovelace"});
  {
    const store::Environment::Options others;
    store::Database in_use(good.data(), store::Role::authority, others);
    CHECK(good.run({}) == 1);
  }
  CHECK(good.version() == 1);
  std::string nowhere = good.data() / "nowhere";
  char program[] = "migrate_contacts";
  char* words[] = {program, nowhere.data()};
  CHECK(migration_main(2, words, {migration<contacts::Contact>(contacts::convert)}) == 1);
  CHECK_FALSE(std::filesystem::exists(nowhere));
}

}  // namespace coppice::test
