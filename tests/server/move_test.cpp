// Records that move to another tree: what goes, what stays, and that it is all or nothing.
#include "server/moves.h"

#include "depot.capnp.h"
#include "depot.coppice.h"
#include "server/audit.capnp.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/server/fixture.h"
#include "tests/support/result_text.h"

namespace coppice::server::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using coppice::test::body_of;
using coppice::test::tree_of;

constexpr TreeId kArticles = TreeOf<depot::Article>::id;

AnyKey article(std::uint64_t id, std::uint32_t revision = 1) {
  return {kArticles, KeyWord(RecordId{id}, Revision{revision})};
}

Words article_body(const std::string& number) {
  return body_of<depot::Article>([&](auto article) { article.setNumber(number); });
}

// Parts become articles, those entitled "part" aside.
TreeMove to_articles(const std::string& refused = "none") {
  return move_records<shop::Part, depot::Article>(
      [refused](shop::Part::Reader old, depot::Article::Builder now, MigrationContext& context) {
        if (old.getNumber() == refused.c_str()) context.refuse("its number is odd.");
        if (old.getTitle() == "part") return Move::stays;
        now.setNumber(old.getNumber());
        return Move::goes;
      });
}

// The same into companies, which have no revisions.
TreeMove to_companies() {
  return move_records<shop::Part, shop::Company>(
      [](shop::Part::Reader old, shop::Company::Builder now, MigrationContext&) {
        if (old.getTitle() == "part") return Move::stays;
        now.setName(old.getNumber());
        return Move::goes;
      });
}

// Two drafts that go (1, 4), a draft that stays (5), and a released revision (2).
struct Stocked {
  Stocked() : ann(server, "Ann", "bench 3") {
    ann.ask(lease(kParts, 10));
    ann.ask(Work().create(part(1), part_body("R1")));
    const auto token = token_of(ann.ask(Work().create(part(2), part_body("R2"), true)));
    ann.ask(Work().release(part(2), token, 1));
    ann.ask(Work().create(part(4), part_body("R4")));
    ann.ask(Work().create(part(5), part_body("R5", "part")));
  }
  void stop() {
    ann.disconnect();
    server.run();
  }
  Result<MovesReport> move(const TreeMove& move, MigrationRun run,
                           const std::vector<Migration>& migrations = {}) {
    return migrate_and_move(server.database(), migrations, {move}, run, server.now_us + 5);
  }
  // Both runs fail for one reason, and change nothing.
  void fails(const TreeMove& move, Errc code, const std::string& why) {
    const auto before = server.records();
    const auto trees = server.database().catalogue()->trees().size();
    for (auto run : {MigrationRun::dry, MigrationRun::real}) {
      const auto report = this->move(move, run);
      REQUIRE(report);
      CHECK(report->failed() == 1);
      REQUIRE(report->moves[0].failures.size() == 1);
      CHECK(report->moves[0].failures[0].code == code);
      CHECK_THAT(report->moves[0].failures[0].message, ContainsSubstring(why));
      CHECK(server.records() == before);
      CHECK(server.database().catalogue()->trees().size() == trees);
      CHECK(server.faults() == std::vector<std::string>{});
    }
  }
  // The server and ann again, who knows articles now.
  void come_back() {
    server.restart();
    ann.connect(offer_depot);
  }
  static void offer_depot(Peer::Hello hello) {
    auto schemas = hello.initSchemas(2);
    schemas.setWithCaveats(0, tree_of<depot::Article>().schema());
    schemas.setWithCaveats(1, tree_of<depot::Firm>().schema());
  }
  std::string last_audit() {
    const Tables tables(server.database());
    const auto txn = server.database().read();
    const auto row = txn.find(tables.audit, server.number("audit"));
    REQUIRE(row);
    const capnp::word* words = reinterpret_cast<const capnp::word*>(row->data());
    const kj::ArrayPtr<const capnp::word> segment(words, row->size() / 8);
    const kj::ArrayPtr<const capnp::word> segments[] = {segment};
    capnp::SegmentArrayMessageReader reader(segments);
    return reader.getRoot<audit::Entry>().getText().cStr();
  }
  TestServer server;
  Peer ann;
};

TEST_CASE("records move to a new tree with their keys, and leave tombstones", "[server]") {
  Stocked shop;
  shop.stop();
  const auto before = *shop.server.header(part(4));
  const auto released = shop.server.records().at(part(2));
  const auto head = shop.server.number("head");
  const auto report = shop.move(to_articles(), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  REQUIRE(report->moves.size() == 1);
  CHECK(report->moves[0].makes_tree);
  CHECK(report->moves[0].moved == 2);
  CHECK(report->moves[0].stayed == 1);
  CHECK(report->moves[0].kept == 1);
  CHECK(report->references.empty());

  const auto tree = shop.server.database().catalogue()->find(kArticles);
  REQUIRE(tree);
  CHECK(tree->version() == 1);
  CHECK(tree->generation() == 0);
  const auto old = *shop.server.header(part(4));
  CHECK(old.removed());
  CHECK(old.sequence == head + 3);
  CHECK(old.body_sequence == head + 3);
  const auto moved = *shop.server.header(article(4));
  CHECK(moved.sequence == head + 4);
  CHECK(moved.body_sequence == head + 4);
  CHECK(moved.author == before.author);
  CHECK(moved.created_us == before.created_us);
  CHECK(moved.changed_us == shop.server.now_us + 5);
  CHECK(moved.iteration == before.iteration);
  CHECK(moved.state == before.state);
  CHECK(moved.schema_version == 1);
  CHECK_FALSE(moved.fresh());
  CHECK(shop.server.number("head") == head + 4);
  CHECK(shop.server.records().at(part(2)) == released);
  CHECK_FALSE(shop.server.header(part(5))->removed());
  CHECK_FALSE(shop.server.header(article(2)));
  CHECK(shop.last_audit() == "2 records of parts to the new tree articles");
  CHECK(shop.server.faults() == std::vector<std::string>{});
  shop.server.restart();
  CHECK(shop.server.faults() == std::vector<std::string>{});

  SECTION("the same again has nothing to do") {
    const auto records = shop.server.records();
    const auto audited = shop.server.number("audit");
    const auto again = shop.move(to_articles(), MigrationRun::real);
    REQUIRE(again);
    CHECK(again->failed() == 0);
    CHECK(again->moves[0].moved == 0);
    CHECK_FALSE(again->moves[0].makes_tree);
    CHECK(shop.server.records() == records);
    CHECK(shop.server.number("audit") == audited);
  }
}

TEST_CASE("a dry run of a move tells what would happen, and changes nothing", "[server]") {
  Stocked shop;
  const auto before = shop.server.records();
  const auto report = shop.move(to_articles(), MigrationRun::dry);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  CHECK(report->moves[0].from == "parts");
  CHECK(report->moves[0].into == "articles");
  CHECK(report->moves[0].moved == 2);
  CHECK(report->moves[0].stayed == 1);
  CHECK(report->moves[0].kept == 1);
  REQUIRE(report->moves[0].examples.size() == 2);
  CHECK(report->moves[0].examples[1].key == part(4));
  CHECK_THAT(report->moves[0].examples[1].before, ContainsSubstring("R4"));
  CHECK_THAT(report->moves[0].examples[1].after, ContainsSubstring("R4"));
  CHECK(shop.server.records() == before);
  CHECK_FALSE(shop.server.database().catalogue()->find(kArticles));
}

TEST_CASE("ids are leased above those that moved, and nobody may use one that came", "[server]") {
  Stocked shop;
  shop.stop();
  REQUIRE(shop.move(to_articles(), MigrationRun::real));
  shop.come_back();
  // It belongs to no client.
  CHECK(outcome(shop.ann.ask(Work().create(article(3), article_body("R3")))) == "foreign_key");
  const auto leased = shop.ann.ask(lease(kArticles, 10)).getLeased();
  CHECK(leased.getBegin() == 5);
  CHECK(outcome(shop.ann.ask(Work().create(article(5), article_body("R5")))) == "accepted");
  // Records that came are like others.
  const auto token = token_of(shop.ann.ask(borrow({article(4)})));
  CHECK(outcome(shop.ann.ask(Work().release(article(4), token, 1))) == "accepted");
  CHECK(outcome(shop.ann.ask(borrow({part(4)}))) == "removed");
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("a borrowed record does not move, nor does anything then", "[server]") {
  Stocked shop;
  token_of(shop.ann.ask(borrow({part(4)})));
  shop.stop();
  shop.fails(to_articles(), Errc::held,
             "parts:4: it is borrowed by Ann on bench 3: let it be returned first.");
}

TEST_CASE("a borrowed record that stays is in nobody's way", "[server]") {
  Stocked shop;
  token_of(shop.ann.ask(borrow({part(5)})));
  shop.stop();
  const auto report = shop.move(to_articles(), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("a record that the program refuses to move, and nothing is changed", "[server]") {
  Stocked shop;
  shop.stop();
  shop.fails(to_articles("R4"), Errc::invalid,
             "parts:4.1: it cannot be moved to 'articles': its number is odd.");
  // What stays may refuse too.
  shop.fails(to_articles("R5"), Errc::invalid, "parts:5.1");
}

TEST_CASE("what a move throws is a reason like another", "[server]") {
  Stocked shop;
  shop.stop();
  TreeMove bad = to_articles();
  bad.run = [](std::span<const std::uint64_t>, capnp::MessageBuilder&, MigrationContext&) -> Move {
    throw std::runtime_error("no way");
  };
  const auto report = shop.move(bad, MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 3);
  CHECK_THAT(report->moves[0].failures[0].message, ContainsSubstring("no way"));
}

TEST_CASE("an id that the other tree has given out does not come again", "[server]") {
  Stocked shop;
  SECTION("leased there, and not used yet") {
    shop.ann.ask(lease(kCompanies, 3));
    shop.stop();
    shop.fails(to_companies(), Errc::foreign_key,
               "parts:1: id 1 was given out in 'companies' already; move into a tree of its own");
  }
  SECTION("above those, it comes") {
    token_of(shop.ann.ask(borrow({part(1)})));
    shop.ann.ask(lease(kCompanies, 3));
    shop.ann.ask(Work().create(company(2), company_body("Bolts Ltd")));
    const auto move = move_records<shop::Part, shop::Company>(
        [](shop::Part::Reader old, shop::Company::Builder now, MigrationContext& context) {
          if (context.key().id().value < 4) return Move::stays;
          now.setName(old.getNumber());
          return Move::goes;
        });
    shop.stop();
    const auto report = shop.move(move, MigrationRun::real);
    REQUIRE(report);
    CHECK(report->failed() == 0);
    CHECK(report->moves[0].moved == 2);
    CHECK_FALSE(report->moves[0].makes_tree);
    CHECK(shop.last_audit() == "2 records of parts to companies");
    shop.server.restart();
    shop.ann.connect();
    CHECK(shop.ann.ask(lease(kCompanies, 3)).getLeased().getBegin() == 6);
    CHECK(outcome(shop.ann.ask(Work().create(company(3), company_body("Nuts Ltd")))) == "accepted");
    CHECK(shop.server.faults() == std::vector<std::string>{});
  }
}

TEST_CASE("records from two trees go to one, if their ids are not the same", "[server]") {
  Stocked shop;
  const bool same = GENERATE(false, true);
  shop.ann.ask(lease(kCompanies, 10));
  const std::uint64_t id = same ? 4 : 3;
  shop.ann.ask(Work().create(company(id), company_body("Bolts Ltd")));
  shop.stop();
  const auto before = shop.server.records();
  const auto companies = move_records<shop::Company, depot::Article>(
      [](shop::Company::Reader old, depot::Article::Builder now, MigrationContext&) {
        now.setNumber(old.getName());
        return Move::goes;
      });
  for (auto run : {MigrationRun::dry, MigrationRun::real}) {
    const auto report = migrate_and_move(shop.server.database(), {}, {to_articles(), companies},
                                         run, shop.server.now_us);
    REQUIRE(report);
    CHECK(report->failed() == (same ? 1 : 0));
    REQUIRE(report->moves.size() == 2);
    if (!same) CHECK(report->moves[1].moved == 1);
  }
  CHECK((shop.server.records() == before) == same);
  CHECK(shop.server.faults() == std::vector<std::string>{});
  if (same) return;
  // What had no revisions is a draft now.
  shop.come_back();
  const auto token = token_of(shop.ann.ask(borrow({article(id)})));
  CHECK(outcome(shop.ann.ask(Work().release(article(id), token, 1))) == "accepted");
  CHECK(shop.ann.ask(lease(kArticles, 1)).getLeased().getBegin() == 5);
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

TEST_CASE("a revision above 1 does not come into a tree without revisions", "[server]") {
  Stocked shop;
  shop.stop();
  // As no program makes it today: a draft after a removed one.
  auto header = *shop.server.header(part(4));
  const Tables tables(shop.server.database());
  shop.server.database().write([&](store::WriteTxn& txn) {
    const auto parts = *shop.server.database().tree(kParts);
    auto tombstone = header;
    tombstone.flags |= RecordHeader::kRemoved;
    parts.put(txn, part(4).word, tombstone, {});
    header.sequence = header.body_sequence = shop.server.database().meta().number(txn, "head") + 1;
    parts.put(txn, part(4, 2).word, header, part_body("R4"));
    tables.feed.advance(txn, 0, header.sequence, part(4, 2));
    shop.server.database().meta().set_number(txn, "head", header.sequence);
  });
  shop.fails(to_companies(), Errc::not_versioned, "parts:4.2: records of 'companies'");
  const auto report = shop.move(to_articles(), MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  CHECK(shop.server.header(part(4, 2))->removed());
  CHECK_FALSE(shop.server.header(article(4, 2))->removed());
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

// -------- unique values

TEST_CASE("two moved records do not share a unique value", "[server]") {
  Stocked shop;
  shop.ann.ask(Work().create(part(6), part_body("R1")));
  shop.stop();
  shop.fails(to_articles(), Errc::not_unique,
             "parts:6.1: articles:1.1 and it would both have number 'R1', which is unique.");
}

TEST_CASE("a moved record does not share a unique value with one that was there", "[server]") {
  Stocked shop;
  shop.ann.disconnect();
  shop.ann.connect(Stocked::offer_depot);
  shop.ann.ask(lease(kArticles, 3));
  const std::string number(GENERATE(5, 200), 'x');
  REQUIRE(outcome(shop.ann.ask(Work().create(article(1), article_body(number)))) == "accepted");
  shop.ann.ask(Work().create(part(6), part_body(number)));
  shop.stop();
  const auto move = move_records<shop::Part, depot::Article>(
      [](shop::Part::Reader old, depot::Article::Builder now, MigrationContext& context) {
        if (context.key().id().value < 4) return Move::stays;
        now.setNumber(old.getNumber());
        return Move::goes;
      });
  shop.fails(move, Errc::not_unique, "parts:6.1: articles:1.1 has number '");
}

TEST_CASE("unique values of moved records are kept in the tree that they come to", "[server]") {
  Stocked shop;
  SECTION("a new one") {}
  SECTION("one that is there") {
    shop.ann.disconnect();
    shop.ann.connect(Stocked::offer_depot);
  }
  shop.stop();
  const auto report = shop.move(to_articles(), MigrationRun::real);
  REQUIRE(report);
  REQUIRE(report->failed() == 0);
  CHECK(shop.server.faults() == std::vector<std::string>{});
  shop.come_back();
  shop.ann.ask(lease(kArticles, 10));
  CHECK(outcome(shop.ann.ask(Work().create(article(5), article_body("R4")))) == "not_unique");
  CHECK(outcome(shop.ann.ask(Work().create(article(5), article_body("R5")))) == "accepted");
}

TEST_CASE("unique values of moved records are free in the tree that they left", "[server]") {
  Stocked shop;
  shop.ann.disconnect();
  shop.ann.connect(Stocked::offer_depot);
  shop.ann.ask(lease(kArticles, 20));
  // Above what parts have given out.
  REQUIRE(outcome(shop.ann.ask(Work().create(article(15), article_body("A15")))) == "accepted");
  shop.stop();
  const auto back = move_records<depot::Article, shop::Part>(
      [](depot::Article::Reader old, shop::Part::Builder now, MigrationContext&) {
        now.setNumber(old.getNumber());
        return Move::goes;
      });
  const auto report = shop.move(back, MigrationRun::real);
  REQUIRE(report);
  CHECK(report->failed() == 0);
  CHECK(shop.server.faults() == std::vector<std::string>{});
  shop.come_back();
  CHECK(outcome(shop.ann.ask(Work().create(article(16), article_body("A15")))) == "accepted");
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

// -------- references

TEST_CASE("references that name moved records are counted, and left as they are", "[server]") {
  Stocked shop;
  // Of one that stays: two fixed, one floating, and one to a record that stays too.
  shop.ann.ask(Work().create(
      part(6), body_of<shop::Part>([](auto part) {
        part.setTitle("part");
        auto list = part.initReplacements(4);
        const std::pair<std::uint64_t, std::uint32_t> to[] = {{1, 1}, {4, 1}, {4, 0}, {2, 1}};
        for (unsigned i = 0; i < 4; ++i) {
          list[i].setKey(KeyWord(RecordId{to[i].first}, Revision{to[i].second}).value);
        }
      })));
  // One that goes has none there any more.
  shop.ann.ask(Work().create(part(7), body_of<shop::Part>([](auto part) {
                               part.setNumber("R7");
                               part.initReplacements(1)[0].setKey(
                                   KeyWord(RecordId{1}, Revision{1}).value);
                             })));
  shop.stop();
  const auto before = shop.server.records().at(part(6));
  for (auto run : {MigrationRun::dry, MigrationRun::real}) {
    const auto report = shop.move(to_articles(), run);
    REQUIRE(report);
    REQUIRE(report->references.size() == 1);
    CHECK(report->references[0].tree == "parts");
    CHECK(report->references[0].fixed == 2);
    CHECK(report->references[0].floating == 1);
  }
  CHECK(shop.server.records().at(part(6)) == before);
}

// -------- together with migrations, and programs that do not fit

// The shop in which a price has a currency beside it.
const TreeInfoPtr& priced() {
  static const TreeInfoPtr tree =
      coppice::test::tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"}});
  return tree;
}

Migration to_priced() {
  return {kParts, priced()->message(),
          [](capnp::DynamicStruct::Reader old, capnp::MessageBuilder& message, MigrationContext&) {
            auto now = message.initRoot<capnp::DynamicStruct>(priced()->dynamic());
            now.set("number", old.get("number"));
            now.set("price", "7 EUR");
          }};
}

TEST_CASE("records move as a migration of the same run leaves them", "[server]") {
  Stocked shop;
  shop.stop();
  TreeMove move = to_articles();
  move.from_schema = priced()->message();
  move.run = [](std::span<const std::uint64_t> old, capnp::MessageBuilder& message,
                MigrationContext& context) {
    const auto body = capnp::readMessageUnchecked<capnp::AnyPointer>(
                          reinterpret_cast<const capnp::word*>(old.data()))
                          .getAs<capnp::DynamicStruct>(priced()->dynamic());
    if (context.generation() != 2) context.refuse("it is not migrated.");
    message.initRoot<depot::Article>().setNumber(
        kj::str(body.get("number").as<capnp::Text>(), " ", body.get("price").as<capnp::Text>()));
    return Move::goes;
  };
  for (auto run : {MigrationRun::dry, MigrationRun::real}) {
    const auto report = shop.move(move, run, {to_priced()});
    REQUIRE(report);
    CHECK(report->failed() == 0);
    CHECK(report->migrations.trees[0].rewritten == 3);
    CHECK(report->moves[0].moved == 3);
    CHECK(report->moves[0].kept == 1);
    CHECK_THAT(report->moves[0].examples[0].after, ContainsSubstring("R1 7 EUR"));
  }
  CHECK(shop.server.header(part(5))->removed());
  CHECK(shop.last_audit() == "parts to version 2, 3 records of parts to the new tree articles");
  CHECK(shop.server.faults() == std::vector<std::string>{});

  SECTION("whose failure keeps records from moving") {
    Stocked other;
    other.stop();
    const auto before = other.server.records();
    Migration bad = to_priced();
    bad.run = [](auto, auto&, MigrationContext& context) { context.refuse("no."); };
    const auto report = other.move(move, MigrationRun::real, {bad});
    REQUIRE(report);
    CHECK(report->failed() > 0);
    CHECK(other.server.records() == before);
  }
}

TEST_CASE("moves that do not fit the database are refused", "[server]") {
  Stocked shop;
  shop.stop();
  const auto before = shop.server.records();
  TreeMove move = to_articles();
  SECTION("from a tree that is not there") {
    move.from = TreeOf<depot::Firm>::id;
    move.from_schema = TreeOf<depot::Firm>::schema();
    CHECK(shop.move(move, MigrationRun::real).error().code == Errc::unknown_tree);
  }
  SECTION("from a tree whose bodies the program reads otherwise") {
    move.from_schema = priced()->message();
    const auto refused = shop.move(move, MigrationRun::real);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::incompatible_schema);
    CHECK_THAT(refused.error().message, ContainsSubstring("a migration of that tree too"));
  }
  SECTION("by a program that does not know all fields") {
    const auto newer = coppice::test::newer_tree_in_shop("parts");
    shop.server.database().adopt(newer->with_version(2));
    const auto refused = shop.move(move, MigrationRun::real);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, ContainsSubstring("would be lost on the way"));
  }
  SECTION("out of a tree and into it") {
    move.into = kParts;
    move.into_schema = TreeOf<shop::Part>::schema();
    CHECK(shop.move(move, MigrationRun::real).error().code == Errc::bad_request);
  }
  CHECK(shop.server.records() == before);
}

TEST_CASE("a move can be stopped, and has then changed nothing", "[server]") {
  Stocked shop;
  shop.stop();
  const auto before = shop.server.records();
  // At the last moment: when references are counted in the transaction.
  int looks = 0, last = 0;
  const auto run = [&](MigrationRun kind, const MigrationWatch& watch) {
    return migrate_and_move(shop.server.database(), {}, {to_articles()}, kind, shop.server.now_us,
                            watch);
  };
  REQUIRE(run(MigrationRun::dry, [&](const MigrationProgress&) { return ++last > 0; }));
  const auto stopped =
      run(MigrationRun::real, [&](const MigrationProgress&) { return ++looks < 2 * last; });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::cancelled);
  CHECK(shop.server.records() == before);
  CHECK_FALSE(shop.server.database().catalogue()->find(kArticles));
  CHECK(shop.server.faults() == std::vector<std::string>{});
  REQUIRE(shop.move(to_articles(), MigrationRun::real));
  CHECK(shop.server.faults() == std::vector<std::string>{});
}

}  // namespace
}  // namespace coppice::server::test
