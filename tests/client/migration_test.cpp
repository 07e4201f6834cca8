// A tree's migration as clients live through it: before it, across it, with unsent work, and with
// what was released long ago.
#include "coppice/migration.h"
#include "server/migrate.h"
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

// The shop in which a part's price is a text with its currency.
const TreeInfoPtr& priced() {
  static const TreeInfoPtr tree = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"}});
  return tree;
}

constexpr auto kParts = TreeOf<shop::Part>::id;

Migration to_priced() {
  return {kParts, priced()->message(),
          [](capnp::DynamicStruct::Reader old, capnp::MessageBuilder& message,
             MigrationContext& context) {
            auto now = message.initRoot<capnp::DynamicStruct>(priced()->dynamic());
            now.set("number", old.get("number"));
            now.set("title", old.get("title"));
            const auto title = old.get("title").as<capnp::Text>();
            if (title == "odd") return context.refuse("its title is odd.");
            now.set("price", kj::str(old.get("price").as<std::int64_t>(), " EUR").cStr());
          }};
}

// A program built after the migration was written.
struct PricedDesk : Desk {
  PricedDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{kParts, priced()->message()}};
    options.migrations = {to_priced()};
  }
  std::string text(AnyKey key, const char* field) {
    const auto now = (*this)->snapshot();
    const auto found = now.get(key);
    if (!found) return "(no record)";
    return read(found->view.body(), field);
  }
  static std::string read(std::span<const std::uint64_t> body, const char* field) {
    auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(body.data()));
    return root.getAs<capnp::DynamicStruct>(priced()->dynamic())
        .get(field)
        .as<capnp::Text>()
        .cStr();
  }
  std::string price(AnyKey key) { return text(key, "price"); }
  Result<Done> set_price(AnyKey key, const char* price) {
    return (*this)->write([&](Transaction& t) {
      t.edit_body(key).getRoot<capnp::DynamicStruct>(priced()->dynamic()).set("price", price);
    });
  }
};

void migrate(Site& site) {
  site.stop_server();
  const auto report = site.migrate({to_priced()});
  REQUIRE(report);
  REQUIRE(report->failed() == 0);
  site.start_server();
}

// The same desk, now with the program that has the migration.
struct Upgrade {
  Upgrade(Desk& old, Site& site, const std::string& name) : desk((old.close(), site), name) {}
  PricedDesk desk;
};

Key<shop::Part> made_part(Desk& desk, Site& site, const std::string& number) {
  const auto key = desk->write([&](Transaction& t) {
    return t.create<shop::Part>([&](shop::Part::Builder part) {
      part.setNumber(number);
      part.setPrice(12);
    });
  });
  REQUIRE(key);
  site.settle();
  return *key;
}

}  // namespace

TEST_CASE("replicas follow a migration by sync", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.open();
  // The replica is still of the old generation, and read through the migration.
  CHECK(ann.price(key) == "12 EUR");
  ann.go_on_line();
  CHECK(ann.price(key) == "12 EUR");
  CHECK(ann.header(key).schema_version == 2);
  ann.borrow(key);
  REQUIRE(ann.set_price(key, "13 USD"));
  REQUIRE(ann.check_in(key));
  site.settle();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann.price(key) == "13 USD");
  check_equal(site, ann);
}

TEST_CASE("before the server is migrated, the new program reads and does not write", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  CHECK(ann.price(key) == "12 EUR");
  const auto refused = ann->write([&](Transaction& t) { t.create(kParts, Words{0}); });
  CHECK(code_of(refused) == Errc::incompatible_schema);
  ann.borrow(key);
  CHECK(code_of(ann.set_price(key, "13 USD")) == Errc::incompatible_schema);
  migrate(site);
  site.settle();
  CHECK(ann->status().connection == Connection::live);
  REQUIRE(ann.set_price(key, "13 USD"));
  REQUIRE(ann.check_in(key));
  site.settle();
  CHECK(ann.price(key) == "13 USD");
  check_equal(site, ann);
}

TEST_CASE("an old program at a migrated server is refused, and keeps its work", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  old.borrow(key);
  old.go_off_line();
  REQUIRE(old.retitle(key, "Nut"));
  REQUIRE(old.check_in(key));
  migrate(site);
  old.connect();
  site.settle();
  CHECK(old->status().connection == Connection::refused);
  CHECK_THAT(old->status().reason, Catch::Matchers::ContainsSubstring("Update the program"));
  CHECK(old->status().outbox == 1);
  CHECK(old.title(key) == "Nut");
  CHECK(old->snapshot().catalogue().find(kParts)->version() == 1);
  old.reopen();
  CHECK(old.title(key) == "Nut");
}

TEST_CASE("unsent work of before a migration arrives after it", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto handed_in = made_part(old, site, "P1");
  const auto edited = made_part(old, site, "P2");
  old.borrow(handed_in);
  old.borrow(edited);
  old.go_off_line();
  REQUIRE(old.retitle(handed_in, "Nut"));
  REQUIRE(old.check_in(handed_in));
  REQUIRE(old.retitle(edited, "Bolt"));
  const auto created = old.make_part("P3");
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann->status().outbox == 0);
  CHECK(ann.text(handed_in, "title") == "Nut");
  CHECK(ann.price(handed_in) == "12 EUR");
  CHECK(ann.text(created, "number") == "P3");
  CHECK(site.header(created).schema_version == 2);
  CHECK(ann.text(edited, "title") == "Bolt");
  REQUIRE(ann.check_in(edited));
  site.settle();
  CHECK(ann.text(edited, "title") == "Bolt");
  CHECK(site.header(edited).schema_version == 2);
  CHECK(ann->status().conflicts == 0);
  check_equal(site, ann);
}

TEST_CASE("an answer that was lost before a migration comes after it", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  old.on_receive = [](wire::Frame) { return std::nullopt; };
  const auto created = old.make_part("P1");
  site.settle();
  CHECK(site.count(kParts) == 1);
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann.text(created, "number") == "P1");
  CHECK(site.header(created).schema_version == 2);
  check_equal(site, ann);
}

TEST_CASE("work that the migration refuses becomes a conflict, whole", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  old.borrow(key);
  old.go_off_line();
  REQUIRE(old.retitle(key, "odd"));
  REQUIRE(old.check_in(key));
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  REQUIRE(ann->conflicts().size() == 1);
  const auto conflict = ann->conflicts()[0];
  CHECK(conflict.items[0].schema_version == 1);
  CHECK_FALSE(conflict.items[0].mine.empty());
}

TEST_CASE("an edit that the migration refuses becomes a conflict, and its borrow stays",
          "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  old.borrow(key);
  old.go_off_line();
  REQUIRE(old.retitle(key, "odd"));
  const bool handed_in = GENERATE(false, true);
  if (handed_in) REQUIRE(old.check_in(key));
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  REQUIRE(ann->conflicts().size() == 1);
  CHECK_THAT(ann->conflicts()[0].reasons[0].message,
             Catch::Matchers::ContainsSubstring("its title is odd."));
  CHECK(ann.price(key) == "12 EUR");
  CHECK(ann.holds(key));
  REQUIRE(ann.set_price(key, "13 EUR"));
  REQUIRE(ann.check_in(key));
  site.settle();
  CHECK(ann->status().outbox == 0);
  CHECK(ann->status().conflicts == 1);
  check_equal(site, ann);
}

namespace {

// A program of before the migration that no server saw: its parts have colours.
struct UnseenDesk : Desk {
  UnseenDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{kParts, colourful()->message()}};
  }
  static const TreeInfoPtr& colourful() {
    static const TreeInfoPtr tree = newer_tree_in_shop("parts");
    return tree;
  }
  Result<Done> paint(AnyKey key, const char* colour) {
    return (*this)->write([&](Transaction& t) {
      t.edit_body(key).getRoot<capnp::DynamicStruct>(colourful()->dynamic()).set("colour", colour);
    });
  }
  AnyKey make(const char* number) {
    const auto made = (*this)->write([&](Transaction& t) {
      return t.create(kParts, body_of(*colourful(), [&](auto part) {
                        part.set("number", number);
                        part.set("colour", "blue");
                      }));
    });
    REQUIRE(made);
    return *made;
  }
};

std::string colour_in(const Conflict::Item& item) {
  const auto schema = TreeInfo::parse(item.schema);
  REQUIRE(schema);
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(item.mine.data()));
  return root.getAs<capnp::DynamicStruct>((*schema)->dynamic())
      .get("colour")
      .as<capnp::Text>()
      .cStr();
}

}  // namespace

TEST_CASE("work by a schema that no server saw becomes conflicts with it, and the replica goes on",
          "[client]") {
  Site site;
  Key<shop::Part> handed_in, edited;
  AnyKey made;
  {
    Desk old(site, "ann");
    old.go_on_line();
    handed_in = made_part(old, site, "P1");
    edited = made_part(old, site, "P2");
    old.borrow(handed_in);
    old.borrow(edited);
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    REQUIRE(unseen.paint(handed_in, "red"));
    REQUIRE(unseen.check_in(handed_in));
    REQUIRE(unseen.paint(edited, "green"));
    made = unseen.make("P3");
    migrate(site);
    // It is of the past itself, and says so.
    unseen.connect();
    site.settle();
    CHECK(unseen->status().connection == Connection::refused);
    CHECK_THAT(unseen->status().reason, Catch::Matchers::ContainsSubstring("Update the program"));
    CHECK(unseen->status().outbox == 2);
    CHECK(unseen->status().conflicts == 0);
  }
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  const auto conflicts = ann->conflicts();
  REQUIRE(conflicts.size() == 3);
  CHECK(conflicts[0].items[0].key == AnyKey(handed_in));
  CHECK(conflicts[0].items[0].action == "check in");
  CHECK(colour_in(conflicts[0].items[0]) == "red");
  CHECK(conflicts[1].items[0].key == made);
  CHECK(colour_in(conflicts[1].items[0]) == "blue");
  CHECK(conflicts[2].items[0].key == AnyKey(edited));
  CHECK(colour_in(conflicts[2].items[0]) == "green");
  CHECK_THAT(conflicts[0].reasons[0].message,
             Catch::Matchers::ContainsSubstring("that the server never saw"));
  CHECK(ann->status().outbox == 0);
  CHECK(ann.price(handed_in) == "12 EUR");
  CHECK(ann.price(made) == "(no record)");
  check_equal(site, ann);

  REQUIRE(ann.set_price(edited, "13 USD"));
  REQUIRE(ann.check_in(edited));
  site.settle();
  ann.reopen();
  ann.connect();
  site.settle();
  CHECK(ann->status().conflicts == 3);
  CHECK(colour_in(ann->conflicts()[2].items[0]) == "green");
  CHECK(ann.price(edited) == "13 USD");
  check_equal(site, ann);
}

TEST_CASE("a tool that knows no types takes a replica with such work on line too", "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    REQUIRE(unseen.paint(key, "red"));
    unseen.make("P2");
  }
  migrate(site);
  Desk tool(site, "ann");
  tool.options.trees = {};
  tool.go_on_line();
  CHECK(tool->conflicts().size() == 2);
  CHECK(tool->status().outbox == 0);
  CHECK(tool.value(key) == site.stored(key));
  check_equal(site, tool);
}

TEST_CASE("a new program on a new replica waits for the migration too", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  PricedDesk bob(site, "bob");
  bob.go_on_line();
  CHECK(bob.price(key) == "12 EUR");
  CHECK(code_of(bob->write([&](Transaction& t) { t.create(kParts, Words{0}); })) ==
        Errc::incompatible_schema);
  CHECK(bob->check_invariants() == std::vector<std::string>{});
  old.close();
  migrate(site);
  site.settle();
  REQUIRE(bob->status().connection == Connection::live);
  bob.borrow(key);
  REQUIRE(bob.set_price(key, "13 USD"));
  REQUIRE(bob.check_in(key));
  site.settle();
  CHECK(bob.price(key) == "13 USD");
  check_equal(site, bob);
}

TEST_CASE("what was done to a record after work that is left behind goes with it", "[client]") {
  Site site;
  AnyKey made;
  {
    Desk old(site, "ann");
    old.go_on_line();
    made_part(old, site, "P1");
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    made = unseen.make("P2");
    const auto moved = unseen->write([&](Transaction& t) { t.set_state(made, 0, 1); });
    REQUIRE(moved);
  }
  migrate(site);
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  CHECK(ann->conflicts().size() == 2);
  CHECK(ann->status().outbox == 0);
  CHECK(ann.price(made) == "(no record)");
  check_equal(site, ann);
}

TEST_CASE("a schema without a number that the server saw meanwhile loses nothing", "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk seen(site, "ann");
    seen.open();
    REQUIRE(seen.paint(key, "red"));
    seen.go_on_line();
    CHECK(seen->snapshot().catalogue().find(kParts)->version() == 2);
    seen.go_off_line();
  }
  migrate(site);
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  CHECK(ann->status().conflicts == 0);
  CHECK(ann.price(key) == "12 EUR");
  REQUIRE(ann.check_in(key));
  site.settle();
  CHECK(ann->status().conflicts == 0);
  check_equal(site, ann);
}

TEST_CASE("a released revision keeps its bytes, and is read through the migration", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto key = made_part(old, site, "P1");
  old.release(key);
  const auto before = site.stored(key);
  migrate(site);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  CHECK(site.stored(key) == before);
  CHECK(ann.price(key) == "12 EUR");

  SECTION("a walk too") {
    const auto now = ann->snapshot();
    auto walk = now.walk(kParts);
    const auto record = walk.next();
    REQUIRE(record);
    CHECK(PricedDesk::read(record->view.body(), "price") == "12 EUR");
    CHECK(record->header().released());
    CHECK_FALSE(walk.next());
  }
  SECTION("the next revision is made from what it is now") {
    ann.borrow(key);
    const auto next = ann->write([&](Transaction& t) { return t.next_revision(AnyKey(key)); });
    REQUIRE(next);
    site.settle();
    CHECK(ann->status().conflicts == 0);
    CHECK(ann.price(*next) == "12 EUR");
    CHECK(site.header(*next).schema_version == 2);
  }
  SECTION("a replica that comes later gets it, and the schema that wrote it") {
    PricedDesk bob(site, "bob");
    bob.go_on_line();
    CHECK(bob.price(key) == "12 EUR");
    CHECK(bob->check_invariants().empty());
  }
}

TEST_CASE("indexers see records as the program knows them, before and after", "[client]") {
  // Files each part under the number that its price begins with.
  struct ByPrice : Indexer {
    std::string name() const override { return "by_price"; }
    std::uint32_t version() const override { return 1; }
    std::vector<TreeId> trees() const override { return {kParts}; }
    static std::uint64_t number(const RecordView& record) {
      return std::stoull("0" + PricedDesk::read(record.body(), "price"));
    }
    void change(const IndexedChange& change, IndexWriter& index) override {
      if (change.before) index.remove(number(*change.before), change.key.word.value);
      if (change.after) index.add(number(*change.after), change.key.word.value);
    }
  };
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  const auto released = made_part(old, site, "P1");
  const auto draft = made_part(old, site, "P2");
  old.release(released);
  Upgrade upgraded(old, site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.options.indexers = {std::make_shared<ByPrice>()};
  ann.go_on_line();
  CHECK(ann->snapshot().index("by_price", 12).value().size() == 2);
  migrate(site);
  site.settle();
  ann.borrow(draft);
  REQUIRE(ann.set_price(draft, "13 USD"));
  REQUIRE(ann.check_in(draft));
  site.settle();
  for (int i = 0; i < 2; ++i) {
    const std::vector<std::uint64_t> cheap = {released.word.value};
    const std::vector<std::uint64_t> dear = {draft.word.value};
    CHECK(ann->snapshot().index("by_price", 12).value() == cheap);
    CHECK(ann->snapshot().index("by_price", 13).value() == dear);
    CHECK(ann->snapshot().index_count("by_price").value() == 2);
    ann.reopen();
  }
}

TEST_CASE("a program without the migration of a migrated tree is told so", "[client]") {
  Site site;
  Desk old(site, "ann");
  old.go_on_line();
  made_part(old, site, "P1");
  migrate(site);
  PricedDesk bob(site, "bob");
  bob.options.migrations.clear();
  bob.open();
  bob.connect();
  site.settle();
  CHECK(bob->status().connection == Connection::refused);
  CHECK_THAT(bob->status().reason,
             Catch::Matchers::ContainsSubstring("Client::Options::migrations"));
}

}  // namespace coppice::test
