// Declared indexes over a tree that was migrated: drafts have new bodies, released revisions their
// old ones.
#include "coppice/migration.h"
#include "depot.coppice.h"
#include "store/indexes.h"
#include "test_places.h"
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

using depot::Article;
using depot::Firm;

constexpr auto kArticles = TreeOf<Article>::id;

// The depot in which an article's price is a text with its currency.
const TreeInfoPtr& next_articles() {
  static const TreeInfoPtr tree = [] {
    std::string text = read_file(COPPICE_SOURCE_DIR "/tests/codegen/schemas/depot.capnp");
    text.erase(0, text.find("struct Firm"));
    const std::string was = "price @3 :Int64";
    text.replace(text.find(was), was.size(), "price @3 :Text");
    return tree_in(text, "articles");
  }();
  return tree;
}

// Numbers get an N before them, so that it is seen who reads them how.
Migration to_next() {
  return {kArticles, next_articles()->message(),
          [](capnp::DynamicStruct::Reader old, capnp::MessageBuilder& message, MigrationContext&) {
            auto now = message.initRoot<capnp::DynamicStruct>(next_articles()->dynamic());
            const auto number = old.get("number").as<capnp::Text>();
            now.set("number", kj::str("N", number).cStr());
            now.set("serial", old.get("serial"));
            now.set("title", old.get("title"));
            now.set("price", kj::str(old.get("price").as<std::int64_t>(), " EUR").cStr());
            now.init("maker").as<capnp::DynamicStruct>().set(
                "key", old.get("maker").as<capnp::DynamicStruct>().get("key"));
          }};
}

struct OldDesk : Desk {
  OldDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = trees<Article, Firm>();
  }
  AnyKey make(const std::string& number, std::uint32_t serial, Key<Firm> maker) {
    const auto made = (*this)->write([&](Transaction& t) {
      return t.create<Article>([&](Article::Builder article) {
        article.setNumber(number);
        article.setSerial(serial);
        article.setTitle("Resistor of " + number);
        article.setPrice(12);
        refer(article.initMaker(), maker);
      });
    });
    REQUIRE(made);
    return AnyKey(*made);
  }
};

struct NextDesk : Desk {
  NextDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{kArticles, next_articles()->message()}, trees<Firm>()[0]};
    options.migrations = {to_next()};
  }
};

// A tool that knows no types.
struct ToolDesk : Desk {
  ToolDesk(Site& site, std::string name) : Desk(site, std::move(name)) { options.trees = {}; }
};

using Keys = std::vector<AnyKey>;

Keys with(Desk& desk, const char* field, const char* value) {
  const auto& plan = next_articles()->indexes();
  IndexQuestion question{.tree = kArticles, .field = plan.indexes()[*plan.find(field)].field};
  question.from = question.to = FieldValue(value);
  Keys keys;
  const auto now = desk->snapshot();
  auto walk = now.walk(question);
  while (const auto record = walk.next()) keys.push_back(record->key);
  return keys;
}

Keys found(Desk& desk, const char* words) {
  Keys keys;
  const auto now = desk->snapshot();
  for (const auto& hit : now.search(SearchQuestion{.tree = kArticles, .text = words}))
    keys.push_back(hit.key);
  return keys;
}

std::string read(std::span<const std::uint64_t> body, const char* field) {
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  return root.getAs<capnp::DynamicStruct>(next_articles()->dynamic())
      .get(field)
      .as<capnp::Text>()
      .cStr();
}

Result<AnyKey> make(NextDesk& desk, const char* number, std::uint32_t serial) {
  return desk->write([&](Transaction& t) {
    return t.create(kArticles, body_of(*next_articles(), [&](auto article) {
                      article.set("number", number);
                      article.set("serial", serial);
                    }));
  });
}

// Ann's depot has a released article and a draft, both of one maker.
struct Depot {
  Site site;
  std::optional<OldDesk> old{std::in_place, site, "ann"};
  Key<Firm> maker;
  AnyKey released;
  AnyKey draft;

  Depot() {
    old->go_on_line();
    maker = *(*old)->write(
        [](Transaction& t) { return t.create<Firm>([](auto firm) { firm.setName("Acme"); }); });
    released = old->make("1", 1, maker);
    draft = old->make("2", 2, maker);
    site.settle();
    old->release(released);
  }
  void migrate() {
    old.reset();
    site.stop_server();
    const auto report = site.migrate({to_next()});
    REQUIRE(report);
    REQUIRE(report->failed() == 0);
    site.start_server();
  }
  // What the next program is to find, whichever way.
  void check_found(NextDesk& desk) {
    CHECK(with(desk, "number", "N1") == Keys{released});
    CHECK(with(desk, "number", "N2") == Keys{draft});
    CHECK(with(desk, "number", "1").empty());
    CHECK(with(desk, "price", "12 EUR") == Keys{released, draft});
    CHECK(desk->snapshot().where_used(AnyKey(maker)) == Keys{released, draft});
    CHECK(found(desk, "resistor") == Keys{released, draft});
    const auto now = desk->snapshot();
    const auto& plan = next_articles()->indexes();
    IndexQuestion question{.tree = kArticles, .field = plan.indexes()[*plan.find("number")].field};
    question.from = question.to = FieldValue("N1");
    const auto record = now.find(question);
    REQUIRE(record);
    CHECK(read(record->view.body(), "price") == "12 EUR");
  }
  void check_sound(Desk& desk) {
    CHECK(site.faults() == std::vector<std::string>{});
    CHECK(desk->check_invariants() == std::vector<std::string>{});
  }
};

}  // namespace

TEST_CASE("indexes have released revisions of before a migration as it reads them", "[client]") {
  Depot depot;
  depot.migrate();
  NextDesk ann(depot.site, "ann");
  ann.go_on_line();
  for (int i = 0; i < 2; ++i) {
    depot.check_found(ann);
    depot.check_sound(ann);
    ann.reopen();
    ann.connect();
    depot.site.settle();
  }
}

TEST_CASE("a replica that comes after a migration has the same in its indexes", "[client]") {
  Depot depot;
  depot.migrate();
  NextDesk bob(depot.site, "bob");
  bob.go_on_line();
  depot.check_found(bob);
  depot.check_sound(bob);
}

TEST_CASE("before the server is migrated, questions of the new program look through all records",
          "[client]") {
  Depot depot;
  depot.old.reset();
  NextDesk ann(depot.site, "ann");
  ann.go_on_line();
  depot.check_found(ann);
  depot.check_sound(ann);
  depot.migrate();
  depot.site.settle();
  REQUIRE(ann->status().connection == Connection::live);
  depot.check_found(ann);
  depot.check_sound(ann);
}

TEST_CASE("a unique value of a released revision of before a migration stays its own", "[client]") {
  Depot depot;
  depot.migrate();
  NextDesk ann(depot.site, "ann");
  ann.go_on_line();
  CHECK(code_of(make(ann, "N1", 11)) == Errc::not_unique);
  CHECK(code_of(make(ann, "N2", 12)) == Errc::not_unique);
  CHECK(make(ann, "1", 13));

  SECTION("of two clients that give one out off line, one gets a conflict") {
    NextDesk bob(depot.site, "bob");
    bob.go_on_line();
    ann.borrow(depot.draft);
    bob.go_off_line();
    ann.go_off_line();
    REQUIRE(ann->write([&](Transaction& t) {
      t.edit_body(depot.draft)
          .getRoot<capnp::DynamicStruct>(next_articles()->dynamic())
          .set("number", "N3");
    }));
    REQUIRE(ann.check_in(depot.draft));
    REQUIRE(make(bob, "N3", 14));
    ann.go_on_line();
    bob.go_on_line();
    REQUIRE(bob->conflicts().size() == 1);
    CHECK(bob->conflicts()[0].reasons[0].code == Errc::not_unique);
    depot.check_sound(bob);
  }
  depot.site.settle();
  CHECK(ann->status().conflicts == 0);
  depot.check_sound(ann);
}

TEST_CASE("a tool without the migration leaves old bodies out of its indexes", "[client]") {
  Depot depot;
  depot.migrate();
  {
    NextDesk ann(depot.site, "ann");
    ann.go_on_line();
  }
  {
    // Of the same replica, to look at only: what its owner keeps is asked.
    ToolDesk viewer(depot.site, "ann");
    viewer.options.access = Client::Access::read_only;
    viewer.open();
    CHECK(with(viewer, "number", "N1") == Keys{depot.released});
    CHECK(viewer->check_invariants() == std::vector<std::string>{});
  }
  {
    ToolDesk tool(depot.site, "ann");
    tool.go_on_line();
    CHECK(with(tool, "number", "N1").empty());
    CHECK(with(tool, "number", "N2") == Keys{depot.draft});
    CHECK(found(tool, "resistor") == Keys{depot.draft});
    CHECK(tool->snapshot().where_used(AnyKey(depot.maker)) == Keys{depot.draft});
    CheckReport report(CheckReport::Side::replica);
    tool->check(report);
    CHECK(report.sound());
    CHECK(report.not_looked_at().size() == 1);
    // The program that has it finds everything there too.
    NextDesk reader(depot.site, "ann");
    tool.close();
    reader.options.access = Client::Access::read_only;
    reader.open();
    depot.check_found(reader);
    CHECK(reader->check_invariants() == std::vector<std::string>{});
  }
  NextDesk ann(depot.site, "ann");
  ann.go_on_line();
  depot.check_found(ann);
  depot.check_sound(ann);
}

TEST_CASE("a schema that refers to nothing any more leaves no references behind", "[client]") {
  static const TreeInfoPtr lonely = [] {
    std::string text = read_file(COPPICE_SOURCE_DIR "/tests/codegen/schemas/depot.capnp");
    text.erase(0, text.find("struct Firm"));
    const std::string was = "parent @1 :Coppice.Ref(Firm)";
    text.replace(text.find(was), was.size(), "parent @1 :Text");
    return tree_in(text, "firms");
  }();
  const Migration to_lonely = {
      TreeOf<Firm>::id, lonely->message(),
      [](capnp::DynamicStruct::Reader old, capnp::MessageBuilder& message, MigrationContext&) {
        message.initRoot<capnp::DynamicStruct>(lonely->dynamic()).set("name", old.get("name"));
      }};
  Depot depot;
  const auto child = *(*depot.old)->write([&](Transaction& t) {
    return t.create<Firm>([&](auto firm) {
      firm.setName("Child");
      refer(firm.initParent(), depot.maker);
    });
  });
  depot.site.settle();
  CHECK((*depot.old)->snapshot().where_used(AnyKey(depot.maker)).size() == 3);
  depot.old.reset();
  depot.site.stop_server();
  REQUIRE(depot.site.migrate({to_lonely}));
  depot.site.start_server();
  OldDesk ann(depot.site, "ann");
  ann.options.trees = {trees<Article>()[0], {TreeOf<Firm>::id, lonely->message()}};
  ann.options.migrations = {to_lonely};
  ann.go_on_line();
  CHECK(ann->snapshot().where_used(AnyKey(depot.maker)) == Keys{depot.released, depot.draft});
  CHECK(ann->snapshot().get(AnyKey(child)));
  depot.check_sound(ann);
}

}  // namespace coppice::test
