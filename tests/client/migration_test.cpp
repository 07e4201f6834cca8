// A tree's migration as clients live through it: before it, across it, with unsent work, and with
// what was released long ago.
#include "tests/client/priced_desk.h"

namespace coppice::test {

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
