// The authority's side of a migration: what it rewrites, what it keeps, and that it is all or
// nothing.
#include "server/migrate.h"

#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/server/fixture.h"
#include "tests/support/result_text.h"

namespace coppice::server::test {
namespace {

using coppice::test::tree_in_shop;

// The shop in which a price has a currency beside it, which a number alone cannot be.
const TreeInfoPtr& priced() {
  static const TreeInfoPtr tree = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"}});
  return tree;
}

using Old = capnp::DynamicStruct::Reader;

// Everything but the price is left out: what a migration makes is what it says.
Migration to_priced(const std::string& refused_number = "none") {
  return {kParts, priced()->message(),
          [refused_number](Old old, capnp::MessageBuilder& message, MigrationContext& context) {
            auto now = message.initRoot<capnp::DynamicStruct>(priced()->dynamic());
            const auto number = old.get("number").as<capnp::Text>();
            if (number == refused_number.c_str()) return context.refuse("its number is odd.");
            now.set("number", number);
            now.set("price", kj::str(old.get("price").as<std::int64_t>(), " EUR").cStr());
          }};
}

std::string price_of(TestServer& server, AnyKey key) {
  const auto txn = server.database().read();
  const auto record = server.database().tree(kParts)->find(txn, key.word);
  REQUIRE(record);
  auto body = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(record->body().data()));
  return body.getAs<capnp::DynamicStruct>(priced()->dynamic())
      .get("price")
      .as<capnp::Text>()
      .cStr();
}

// A server with a draft, a released revision with a draft after it, and a borrowed draft.
struct Stocked {
  Stocked() : ann(server, "ann") {
    ann.ask(lease(kParts, 10));
    ann.ask(Work().create(part(1), part_body("R1")));
    auto token = token_of(ann.ask(Work().create(part(2), part_body("R2"), true)));
    ann.ask(Work().release(part(2), token, 1));
    borrowed = token_of(ann.ask(Work().create(part(3), part_body("R3"), true)));
    ann.disconnect();
    server.run();
  }
  Result<MigrationReport> migrate(const Migration& migration, MigrationRun run) {
    return server::migrate(server.database(), {migration}, run, server.now_us + 5);
  }
  TestServer server;
  Peer ann;
  std::uint64_t borrowed = 0;
};

TEST_CASE("a migration rewrites drafts, keeps released revisions, and begins a generation",
          "[server]") {
  Stocked shop;
  const auto before = shop.server.records();
  const auto head = shop.server.number("head");
  const auto report = shop.migrate(to_priced(), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  REQUIRE(report->trees.size() == 1);
  CHECK(report->trees[0].rewritten == 2);
  CHECK(report->trees[0].kept == 1);

  const auto catalogue = shop.server.database().catalogue();
  CHECK(catalogue->find(kParts)->version() == 2);
  CHECK(catalogue->find(kParts)->generation() == 2);
  CHECK(catalogue->find(kParts, 1)->generation() == 0);

  CHECK(price_of(shop.server, part(1)) == "0 EUR");
  const auto draft = *shop.server.header(part(1));
  CHECK(draft.schema_version == 2);
  CHECK(draft.sequence == head + 1);
  CHECK(draft.body_sequence == head + 1);
  CHECK_FALSE(draft.fresh());
  CHECK(draft.iteration == 1);
  const auto held = *shop.server.header(part(3));
  CHECK(held.token == shop.borrowed);
  CHECK(shop.server.records().at(part(2)) == before.at(part(2)));
  CHECK(shop.server.header(part(2))->schema_version == 1);
  CHECK(shop.server.number("head") == head + 2);
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("a dry run tells what would happen, with examples, and changes nothing", "[server]") {
  Stocked shop;
  const auto before = shop.server.records();
  const auto report = shop.migrate(to_priced(), MigrationRun::dry);
  REQUIRE(report);
  CHECK(report->trees[0].rewritten == 2);
  CHECK(report->trees[0].kept == 1);
  CHECK(report->trees[0].before == 1);
  CHECK(report->trees[0].after == 2);
  REQUIRE(report->trees[0].examples.size() == 3);
  CHECK(report->trees[0].examples[0].key == part(1));
  CHECK(report->trees[0].examples[0].before.find("R1") != std::string::npos);
  CHECK(report->trees[0].examples[0].after.find("0 EUR") != std::string::npos);
  CHECK(shop.server.records() == before);
  CHECK(shop.server.database().catalogue()->find(kParts)->version() == 1);
}

TEST_CASE("one record that cannot be migrated, released or not, and nothing is changed",
          "[server]") {
  Stocked shop;
  const auto number = GENERATE("R1", "R2", "R3");
  const auto before = shop.server.records();
  const auto report = shop.migrate(to_priced(number), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 1);
  CHECK(report->trees[0].failures[0].message.find("its number is odd.") != std::string::npos);
  CHECK(shop.server.records() == before);
  CHECK(shop.server.database().catalogue()->find(kParts)->version() == 1);
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("what a migration throws is a reason like another", "[server]") {
  Stocked shop;
  Migration bad = to_priced();
  bad.run = [](Old old, capnp::MessageBuilder&, MigrationContext&) { old.get("nowhere"); };
  const auto report = shop.migrate(bad, MigrationRun::dry);
  REQUIRE(report);
  CHECK(report->failed() == 3);
}

TEST_CASE("where the schemas are compatible there is nothing to migrate", "[server]") {
  Stocked shop;
  Migration same = to_priced();
  same.schema = TreeOf<shop::Part>::schema();
  const auto report = shop.migrate(same, MigrationRun::real);
  REQUIRE(report);
  CHECK(report->trees[0].after == report->trees[0].before);
  CHECK(shop.server.database().catalogue()->find(kParts)->version() == 1);
}

TEST_CASE("a tree that the database does not have, and one that must stay versioned, are refused",
          "[server]") {
  Stocked shop;
  Migration elsewhere = to_priced();
  elsewhere.tree = TreeOf<shop::Movement>::id;
  elsewhere.schema = TreeOf<shop::Movement>::schema();
  CHECK(shop.migrate(elsewhere, MigrationRun::real).error().code == Errc::unknown_tree);
  const auto unversioned = tree_in_shop("parts", {{"versioned = true, ", ""}});
  Migration impossible = to_priced();
  impossible.schema = unversioned->message();
  CHECK(shop.migrate(impossible, MigrationRun::real).error().code == Errc::incompatible_schema);
}

TEST_CASE("a program of a schema that the tree was migrated past migrates nothing", "[server]") {
  Stocked shop;
  REQUIRE(shop.migrate(to_priced(), MigrationRun::real));
  const auto before = shop.server.records();
  Migration back = to_priced();
  back.schema = TreeOf<shop::Part>::schema();
  const auto refused = shop.migrate(back, MigrationRun::real);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::incompatible_schema);
  CHECK(refused.error().message.find("migrated past") != std::string::npos);
  CHECK(shop.server.records() == before);
}

TEST_CASE("a migration can be stopped, and has then changed nothing", "[server]") {
  Stocked shop;
  const auto before = shop.server.records();
  std::uint64_t total = 0;
  const auto stopped = server::migrate(shop.server.database(), {to_priced()}, MigrationRun::real,
                                       shop.server.now_us, [&](const MigrationProgress& progress) {
                                         total = progress.total;
                                         return false;
                                       });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::cancelled);
  CHECK(total == 3);
  CHECK(shop.server.records() == before);
  CHECK(shop.server.database().catalogue()->find(kParts)->version() == 1);
}

// -------- unique values

// The same, and numbers are unique.
const TreeInfoPtr& unique_and_priced() {
  static const TreeInfoPtr tree =
      tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"},
                             {"number @0 :Text", "number @0 :Text $Coppice.unique"}});
  return tree;
}

Migration to_unique(const std::function<std::string(const std::string&)>& renamed) {
  return {kParts, unique_and_priced()->message(),
          [renamed](Old old, capnp::MessageBuilder& message, MigrationContext&) {
            auto now = message.initRoot<capnp::DynamicStruct>(unique_and_priced()->dynamic());
            now.set("number", renamed(old.get("number").as<capnp::Text>().cStr()).c_str());
            now.set("price", "1 EUR");
          }};
}
std::string as_it_was(const std::string& number) { return number; }

Words unique_body(const std::string& number) {
  return coppice::test::body_of(*unique_and_priced(),
                                [&](auto part) { part.set("number", number.c_str()); });
}

// After a migration, with the server and ann there again.
void come_back(Stocked& shop) {
  shop.server.restart();
  shop.ann.connect([](Peer::Hello hello) { hello.initSchemas(0); });
}

TEST_CASE("after a migration, released revisions of before keep their unique values", "[server]") {
  Stocked shop;
  const std::string tail(130, 'x');
  REQUIRE(shop.migrate(to_unique([&](const std::string& number) { return number + tail; }),
                       MigrationRun::real));
  CHECK(shop.server.faults() == std::vector<std::string>{});
  come_back(shop);
  Peer& ann = shop.ann;
  for (const char* taken : {"R1", "R2", "R3"})
    CHECK(outcome(ann.ask(Work().create(part(5), unique_body(taken + tail)).by_version(2))) ==
          "not_unique");
  CHECK(outcome(ann.ask(Work().create(part(5), unique_body("R2")).by_version(2))) == "accepted");
  // Its own next revision may have it.
  const auto token = token_of(ann.ask(borrow({part(2)})));
  const AnyKey next(kParts, KeyWord(RecordId{2}, Revision{2}));
  CHECK(
      outcome(ann.ask(Work().next_revision(next, token, unique_body("R2" + tail)).by_version(2))) ==
      "accepted");
  CHECK(shop.server.faults() == std::vector<std::string>{});
  shop.server.restart();
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("a migration after which two records have a unique value is refused", "[server]") {
  Stocked shop;
  const auto before = shop.server.records();
  const std::string value(GENERATE(5, 120, 200), 'x');
  const auto same = [&](const std::string& number) { return number == "R1" ? number : value; };
  for (auto run : {MigrationRun::dry, MigrationRun::real}) {
    const auto report = shop.migrate(to_unique(same), run);
    REQUIRE(report);
    CHECK(report->failed() == 1);
    CHECK(report->trees[0].failures[0].code == Errc::not_unique);
    CHECK(report->trees[0].failures[0].message.find("parts:2.1 and parts:3.1: both would have "
                                                    "number") != std::string::npos);
    CHECK(shop.server.records() == before);
    CHECK(shop.server.database().catalogue()->find(kParts)->version() == 1);
    CHECK(shop.server.faults() == std::vector<std::string>{});
  }
}

TEST_CASE(
    "what becomes unique over released revisions of before a migration is left to the "
    "migration's program",
    "[server]") {
  Stocked shop;
  REQUIRE(shop.migrate(to_priced(), MigrationRun::real));
  shop.server.restart();
  Peer& ann = shop.ann;
  const auto offer = [](Peer::Hello hello) {
    hello.initSchemas(1).setWithCaveats(0, unique_and_priced()->schema());
  };
  ann.connect(offer);
  CHECK(ann.refusal().getCode() == protocol::Code::INCOMPATIBLE_SCHEMA);
  CHECK(std::string(ann.refusal().getText().cStr()).find("run the migration") != std::string::npos);
  ann.disconnect();
  shop.server.run();

  const auto before = shop.server.records();
  const auto refused =
      shop.migrate(to_unique([](const std::string&) { return "R1"; }), MigrationRun::real);
  REQUIRE(refused);
  CHECK(refused->failed() == 1);
  const auto report = shop.migrate(to_unique(as_it_was), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  CHECK_FALSE(report->trees[0].begins_generation);
  CHECK(shop.server.records() == before);
  CHECK(shop.server.database().catalogue()->find(kParts)->version() == 3);
  CHECK(shop.server.database().catalogue()->find(kParts)->generation() == 2);
  shop.server.restart();
  ann.forget();
  ann.connect(offer);
  CHECK(outcome(ann.ask(Work().create(part(5), unique_body("R2")).by_version(3))) == "not_unique");
  CHECK(outcome(ann.ask(Work().create(part(5), unique_body("R5")).by_version(3))) == "accepted");
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("after a migration, bodies of earlier generations are refused", "[server]") {
  Stocked shop;
  REQUIRE(shop.migrate(to_priced(), MigrationRun::real));
  shop.server.restart();
  Peer& ann = shop.ann;
  ann.connect([](Peer::Hello hello) { hello.initSchemas(0); });
  CHECK(outcome(ann.ask(Work().check_in(part(3), shop.borrowed, 1, part_body("X")))) == "invalid");

  SECTION("and a next revision that would copy one") {
    const auto token = token_of(ann.ask(borrow({part(2)})));
    const AnyKey next(kParts, KeyWord(RecordId{2}, Revision{2}));
    CHECK(outcome(ann.ask(Work().next_revision(next, token))) == "needs_newer_client");
  }
  SECTION("an earlier program is refused, and so is its schema") {
    ann.forget();
    ann.connect();
    CHECK(ann.refusal().getCode() == protocol::Code::INCOMPATIBLE_SCHEMA);
  }
}

}  // namespace
}  // namespace coppice::server::test
