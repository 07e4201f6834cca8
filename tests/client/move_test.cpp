// Records that moved to another tree, as clients live through it.
#include "depot.capnp.h"
#include "depot.coppice.h"
#include "server/moves.h"
#include "tests/client/site.h"

namespace coppice::test {
namespace {

constexpr TreeId kArticles = TreeOf<depot::Article>::id;

void move_parts(Site& site) {
  site.stop_server();
  {
    store::Database database(site.data(), store::Role::authority);
    const auto move = move_records<shop::Part, depot::Article>(
        [](shop::Part::Reader old, depot::Article::Builder now, MigrationContext&) {
          now.setNumber(old.getNumber());
          return Move::goes;
        });
    const auto report =
        server::migrate_and_move(database, {}, {move}, server::MigrationRun::real, site.now_us);
    REQUIRE(report);
    REQUIRE(report->failed() == 0);
  }
  site.start_server();
}

}  // namespace

TEST_CASE("replicas follow a move to another tree by sync", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto goes = ann.make_part("P1");
  const auto stays = ann.make_part("P2");
  site.settle();
  ann.release(stays);
  move_parts(site);
  site.settle();
  // This program does not know the other tree, and gets it all the same.
  const AnyKey there(kArticles, goes.word);
  CHECK(ann.title(goes) == "(no record)");
  CHECK_FALSE(ann.value(AnyKey(goes)));
  CHECK(ann.value(there));
  CHECK(ann.value(AnyKey(stays)));
  CHECK(ann.header(there).author == site.header(there).author);
  check_equal(site, ann);

  // The next one does, and makes records beside it.
  ann.close();
  Desk next(site, "ann");
  next.options.trees = trees<shop::Part, depot::Article, depot::Firm>();
  next.go_on_line();
  const auto read = next->snapshot();
  const auto article = read.get(Key<depot::Article>(goes.word));
  REQUIRE(article);
  CHECK(std::string((*article)->getNumber().cStr()) == "P1");
  const auto made = next->write([](Transaction& t) {
    return t.create<depot::Article>([](depot::Article::Builder body) { body.setNumber("A1"); });
  });
  REQUIRE(made);
  CHECK(made->id().value > goes.id().value);
  site.settle();
  CHECK(next->status().conflicts == 0);
  next.borrow(there);
  REQUIRE(next.check_in(there));
  site.settle();
  check_equal(site, next);

  SECTION("a replica that comes later gets the record where it is") {
    Desk bob(site, "bob");
    bob.options.trees = next.options.trees;
    bob.go_on_line();
    CHECK(bob.value(there));
    CHECK_FALSE(bob.value(AnyKey(goes)));
    check_equal(site, bob);
  }
}

TEST_CASE("an answer that was lost before a record moved comes after it", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.on_receive = [](wire::Frame) { return std::nullopt; };
  const auto key = ann.make_part("P1");
  site.settle();
  CHECK(site.count(TreeOf<shop::Part>::id) == 1);
  move_parts(site);
  ann.on_receive = nullptr;
  site.settle();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann->status().outbox == 0);
  CHECK_FALSE(ann.value(AnyKey(key)));
  CHECK(ann.value(AnyKey(kArticles, key.word)));
  check_equal(site, ann);
}

}  // namespace coppice::test
