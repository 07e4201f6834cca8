// Declared indexes of a replica: what is asked of a snapshot, and what unique values refuse.
#include "depot.coppice.h"
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using depot::Article;
using depot::Firm;

using depot::ArticleFields;
constexpr auto kNumber = ArticleFields::number;
constexpr auto kPrice = ArticleFields::price;
constexpr auto kMaker = ArticleFields::maker;
constexpr auto kKind = ArticleFields::kind;

// A desk of the depot.
struct DepotDesk : Desk {
  DepotDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = trees<Article, Firm>();
  }
  using Fill = std::function<void(Article::Builder)>;
  Result<Key<Article>> make(const Fill& fill) {
    return (*this)->write([&](Transaction& t) { return t.create<Article>(fill); });
  }
  Key<Article> make(const std::string& number, std::int64_t price = 0) {
    const auto made = make([&](auto article) {
      article.setNumber(number);
      article.setPrice(price);
    });
    REQUIRE(made);
    return *made;
  }
  Result<Done> renumber(Key<Article> key, const std::string& number) {
    return (*this)->write([&](Transaction& t) { t.edit(key).setNumber(number); });
  }
  std::vector<Key<Article>> priced(std::optional<std::int64_t> from,
                                   std::optional<std::int64_t> to) {
    std::vector<Key<Article>> keys;
    const auto now = (*this)->snapshot();
    for (auto article : now.range(kPrice, from, to)) keys.push_back(article.key());
    return keys;
  }
};

struct TwoDesks {
  Site site;
  DepotDesk ann{site, "ann"};
  DepotDesk bob{site, "bob"};
  TwoDesks() {
    ann.go_on_line();
    bob.go_on_line();
  }
};
using Keys = std::vector<Key<Article>>;

}  // namespace

TEST_CASE("a snapshot finds a record by a unique value", "[client]") {
  TwoDesks desks;
  const auto key = desks.ann.make("R-0603");
  desks.ann.make("R-0805");
  const auto before = desks.ann->snapshot();
  CHECK(before.find(kNumber, "R-0603")->key() == key);
  CHECK(!before.find(kNumber, "R-06"));
  desks.site.settle();
  CHECK(desks.bob->snapshot().find(kNumber, "R-0603")->key() == key);
  desks.ann.borrow(key);
  REQUIRE(desks.ann.renumber(key, "R-1206"));
  CHECK(!desks.ann->snapshot().find(kNumber, "R-0603"));
  CHECK(desks.ann->snapshot().find(kNumber, "R-1206")->key() == key);
  CHECK(before.find(kNumber, "R-0603")->key() == key);
  desks.ann->give_back({key});
  CHECK(desks.ann->snapshot().find(kNumber, "R-0603")->key() == key);
  desks.site.settle();
  check_equal(desks.site, desks.ann);
}

TEST_CASE("a snapshot lists records by ranges, references and enums", "[client]") {
  TwoDesks desks;
  const auto firm = *desks.ann->write(
      [](Transaction& t) { return t.create<Firm>([](auto f) { f.setName("Acme"); }); });
  const auto a = desks.ann.make("A", 30), b = desks.ann.make("B", -10), c = desks.ann.make("C", 20);
  const auto d = *desks.ann.make([&](auto article) {
    refer(article.initMaker(), firm);
    article.setKind(depot::Kind::MADE);
    article.setPrice(20);
  });
  CHECK(desks.ann.priced(std::nullopt, std::nullopt) == Keys{b, c, d, a});
  CHECK(desks.ann.priced(20, 25) == Keys{c, d});
  CHECK(desks.ann.priced(21, std::nullopt) == Keys{a});
  CHECK(desks.ann.priced(std::nullopt, -11).empty());
  const auto now = desks.ann->snapshot();
  CHECK(now.find(kMaker, firm)->key() == d);
  Keys made;
  for (auto article : now.find_all(kKind, depot::Kind::MADE)) made.push_back(article.key());
  CHECK(made == Keys{d});
}

TEST_CASE("a question is about the newest, the released or all revisions", "[client]") {
  TwoDesks desks;
  const auto first = desks.ann.make("A", 5);
  desks.site.settle();
  desks.ann.release(first);
  desks.ann.borrow(first);
  const auto second = *desks.ann->write([&](Transaction& t) { return t.next_revision(first); });
  auto keys = [&](std::int64_t price, Revisions revisions) {
    Keys found;
    const auto now = desks.ann->snapshot();
    for (auto article : now.find_all(kPrice, price, revisions)) found.push_back(article.key());
    return found;
  };
  CHECK(keys(5, Revisions::newest) == Keys{second});
  CHECK(keys(5, Revisions::released) == Keys{first});
  CHECK(keys(5, Revisions::all) == Keys{first, second});
  CHECK(desks.ann->snapshot().find(kNumber, "A")->key() == second);
  REQUIRE(desks.ann->write([&](Transaction& t) { t.edit(second).setPrice(6); }));
  CHECK(keys(5, Revisions::newest).empty());
  CHECK(keys(5, Revisions::released) == Keys{first});
  // A removed draft is only a spent number.
  desks.site.settle();
  REQUIRE(desks.ann->write([&](Transaction& t) { t.remove(second); }));
  CHECK(keys(5, Revisions::newest) == Keys{first});
  desks.site.settle();
  check_equal(desks.site, desks.ann);
}

TEST_CASE("long texts are told apart", "[client]") {
  TwoDesks desks;
  const std::string common(500, 'x');
  const auto a = desks.ann.make(common + "A"), b = desks.ann.make(common + "B");
  CHECK(desks.ann->snapshot().find(kNumber, common + "A")->key() == a);
  CHECK(desks.ann->snapshot().find(kNumber, common + "B")->key() == b);
  CHECK(!desks.ann->snapshot().find(kNumber, common + "C"));
  CHECK(code_of(desks.ann.make([&](auto article) { article.setNumber(common + "B"); })) ==
        Errc::not_unique);
}

TEST_CASE("a value that is another record's is refused, with that record, and changes nothing",
          "[client]") {
  TwoDesks desks;
  const auto key = desks.ann.make("R-0603");
  const auto ids = desks.ann->ids_left(TreeOf<Article>::id);
  const auto refused = desks.ann.make([](auto article) { article.setNumber("R-0603"); });
  REQUIRE(code_of(refused) == Errc::not_unique);
  CHECK_THAT(refused.error().message,
             ContainsSubstring("number 'R-0603' belongs to " + desks.ann->format(key)));
  CHECK(refused.error().key.tree == TreeOf<Article>::id);
  CHECK(refused.error().actual == key.word.value);
  CHECK(desks.ann->ids_left(TreeOf<Article>::id) == ids);
  CHECK(desks.ann->snapshot().count<Article>() == 1);
  CHECK(desks.ann->status().outbox == 1);
}

TEST_CASE("one transaction cannot give a value to two records, and may exchange values",
          "[client]") {
  TwoDesks desks;
  CHECK(code_of(desks.ann->write([](Transaction& t) {
          t.create<Article>([](auto a) { a.setNumber("A"); });
          t.create<Article>([](auto a) { a.setNumber("A"); });
        })) == Errc::not_unique);
  const auto a = desks.ann.make("A"), b = desks.ann.make("B");
  desks.site.settle();
  desks.ann.borrow(a);
  desks.ann.borrow(b);
  CHECK(code_of(desks.ann.renumber(a, "B")) == Errc::not_unique);
  REQUIRE(desks.ann->write([&](Transaction& t) {
    t.edit(a).setNumber("B");
    t.edit(b).setNumber("A");
    t.check_in(a);
    t.check_in(b);
  }));
  desks.site.settle();
  CHECK(desks.ann->conflicts().empty());
  CHECK(desks.bob->snapshot().find(kNumber, "A")->key() == b);
  check_equal(desks.site, desks.ann);
}

TEST_CASE("what is unset belongs to nobody", "[client]") {
  TwoDesks desks;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(desks.ann.make([](auto article) {
      article.setNumber("");
      article.setSerial(7);  // the default
    }));
  }
  REQUIRE(desks.ann.make([](auto article) { article.setSerial(0); }));
  CHECK(code_of(desks.ann.make([](auto article) { article.setSerial(0); })) == Errc::not_unique);
}

TEST_CASE("a value is free again when its record is removed or has another", "[client]") {
  TwoDesks desks;
  const auto a = desks.ann.make("A"), b = desks.ann.make("B");
  desks.site.settle();
  desks.ann.borrow(a);
  REQUIRE(desks.ann->write([&](Transaction& t) { t.remove(a); }));
  desks.ann.make("A");
  desks.ann.borrow(b);
  REQUIRE(desks.ann->write([&](Transaction& t) {
    t.edit(b).setNumber("C");
    t.check_in(b);
  }));
  desks.ann.make("B");
  desks.site.settle();
  CHECK(desks.ann->conflicts().empty());
  check_equal(desks.site, desks.ann);
}

TEST_CASE("R9: a snapshot knows where a record is used, by fixed and by floating references",
          "[client]") {
  TwoDesks desks;
  const auto bolt = desks.ann.make("bolt");
  desks.site.settle();
  desks.ann.release(bolt);
  desks.ann.borrow(bolt);
  const auto bolt2 = *desks.ann->write([&](Transaction& t) { return t.next_revision(bolt); });
  auto user = [&](Key<Article> of) {
    return *desks.ann.make(
        [&](auto article) { refer(article.initLines(1)[0].initInstead(1)[0].initArticle(), of); });
  };
  const auto fixed = user(bolt), newer = user(bolt2), floating = user(bolt.floating());
  auto used = [&](AnyKey key, Revisions revisions = Revisions::newest) {
    return desks.ann->snapshot().where_used<Article>(key, revisions);
  };
  CHECK(used(bolt) == Keys{fixed, floating});
  CHECK(used(bolt2) == Keys{newer, floating});
  CHECK(used(bolt.floating()) == Keys{fixed, newer, floating});
  CHECK(used(fixed).empty());
  CHECK(desks.ann->snapshot().where_used<Firm>(bolt).empty());
  // A reference that is gone, and a record that is.
  desks.site.settle();
  desks.ann.borrow(fixed);
  REQUIRE(desks.ann->write([&](Transaction& t) { t.edit(fixed).initLines(0); }));
  CHECK(used(bolt) == Keys{floating});
  desks.ann.borrow(floating);
  REQUIRE(desks.ann->write([&](Transaction& t) { t.remove(floating); }));
  CHECK(used(bolt).empty());
  desks.ann->give_back({fixed});
  desks.site.settle();
  CHECK(used(bolt) == Keys{fixed});
  CHECK(desks.bob->snapshot().where_used<Article>(bolt) == Keys{fixed});
  check_equal(desks.site, desks.ann);
}

TEST_CASE("R9: an older revision that refers to a record is told of on demand", "[client]") {
  TwoDesks desks;
  const auto firm = *desks.ann->write(
      [](Transaction& t) { return t.create<Firm>([](auto f) { f.setName("Acme"); }); });
  const auto first = *desks.ann.make([&](auto article) { refer(article.initMaker(), firm); });
  desks.site.settle();
  desks.ann.release(first);
  desks.ann.borrow(first);
  const auto second = *desks.ann->write([&](Transaction& t) {
    const auto next = t.next_revision(first);
    t.edit(next).initMaker().setKey(0);
    return next;
  });
  CHECK(second.revision().value == 2);
  const auto now = desks.ann->snapshot();
  CHECK(now.where_used(firm).empty());
  CHECK(now.where_used(firm, Revisions::released) == std::vector<AnyKey>{first});
  CHECK(now.where_used(firm, Revisions::all) == std::vector<AnyKey>{first});
}

TEST_CASE(
    "F26: of two who gave out a value off line, the second has a conflict with all of its work",
    "[client]") {
  TwoDesks desks;
  desks.ann.go_off_line();
  desks.bob.go_off_line();
  const auto first = desks.ann.make("A");
  const auto made = desks.bob->write([](Transaction& t) {
    t.create<Article>([](auto a) { a.setNumber("A"); });
    t.create<Article>([](auto a) { a.setNumber("B"); });
  });
  REQUIRE(made);
  desks.ann.go_on_line();
  desks.bob.go_on_line();
  REQUIRE(desks.bob->conflicts().size() == 1);
  const Conflict conflict = desks.bob->conflicts()[0];
  REQUIRE(conflict.reasons.size() == 1);
  CHECK(conflict.reasons[0].code == Errc::not_unique);
  CHECK(conflict.reasons[0].actual == first.word.value);
  CHECK_THAT(conflict.reasons[0].message, ContainsSubstring(desks.bob->format(first)));
  CHECK(conflict.items.size() == 2);
  CHECK(desks.bob->snapshot().find(kNumber, "A")->key() == first);
  CHECK(!desks.bob->snapshot().find(kNumber, "B"));
  check_equal(desks.site, desks.ann);
  check_equal(desks.site, desks.bob);
}

TEST_CASE("a synced record is never refused, and both have the value until the answer",
          "[client]") {
  TwoDesks desks;
  desks.ann.go_off_line();
  const auto mine = desks.ann.make("A", 1);
  const auto theirs = desks.bob.make("A", 2);
  desks.site.settle();
  // Ann hears of Bob's before her own work is judged.
  desks.ann.connect();
  desks.site.settle();
  CHECK(desks.ann->conflicts().size() == 1);
  CHECK(desks.ann->snapshot().find(kNumber, "A")->key() == theirs);
  CHECK(!desks.ann->snapshot().get(mine));
  check_equal(desks.site, desks.ann);
}

TEST_CASE("the authority knows what is unique after a restart, and through check-ins", "[client]") {
  TwoDesks desks;
  const auto a = desks.ann.make("A"), b = desks.bob.make("B");
  desks.site.settle();
  desks.site.stop_server();
  desks.site.start_server();
  desks.ann.go_off_line();
  desks.ann.go_on_line();
  desks.bob.go_off_line();
  desks.bob.go_on_line();
  desks.ann.borrow(a);
  desks.bob.borrow(b);
  desks.bob.go_off_line();
  REQUIRE(desks.ann->write([&](Transaction& t) {
    t.edit(a).setNumber("C");
    t.check_in(a);
  }));
  desks.site.settle();
  REQUIRE(desks.bob->write([&](Transaction& t) {
    t.edit(b).setNumber("C");
    t.check_in(b);
  }));
  desks.bob.go_on_line();
  REQUIRE(desks.bob->conflicts().size() == 1);
  CHECK(desks.bob->conflicts()[0].reasons[0].code == Errc::not_unique);
  CHECK(desks.site.faults().empty());
  // What A has left is free.
  REQUIRE(desks.ann.make([](auto article) { article.setNumber("A"); }));
  desks.site.settle();
  CHECK(desks.ann->conflicts().empty());
}

TEST_CASE("a schema that makes a shared value unique is refused, naming both records", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto a = ann.make_part("P1"), b = ann.make_part("P1");
  site.settle();
  const auto newer =
      tree_in_shop("parts", {{"number @0 :Text", "number @0 :Text $Coppice.unique"}});
  Desk bob(site, "bob");
  bob.options.trees = {{newer->id(), newer->message()}};
  bob.open();
  bob.connect();
  site.settle();
  CHECK(bob->status().connection == Connection::refused);
  CHECK_THAT(bob->status().reason,
             ContainsSubstring("Field number of tree 'parts' cannot become "
                               "unique: " +
                               ann->format(a) + " and " + ann->format(b) + " both have 'P1'."));
  CHECK(ann->snapshot().catalogue().find("parts")->version() == 1);
  CHECK(site.faults().empty());
  CHECK(ann.make_part("P9"));
  site.settle();
  CHECK(ann->conflicts().empty());
  // Once it is true, it is accepted.
  for (auto key : {a, b}) {
    ann.borrow(key);
    REQUIRE(ann->write([&](Transaction& t) {
      t.edit(key).setNumber("P" + std::to_string(key.id().value));
      t.check_in(key);
    }));
  }
  site.settle();
  bob.connect();
  site.settle();
  CHECK(bob->status().connection == Connection::live);
  CHECK(code_of(bob->write([&](Transaction& t) {
          t.create<shop::Part>([](auto part) { part.setNumber("P1"); });
        })) == Errc::not_unique);
  CHECK(site.faults().empty());
}

TEST_CASE("a replica that is only looked at answers too", "[client]") {
  TwoDesks desks;
  const auto key = desks.ann.make("A", 4);
  desks.ann.close();
  desks.ann.options.access = Client::Access::read_only;
  desks.ann.open();
  CHECK(desks.ann->snapshot().find(kNumber, "A")->key() == key);
  CHECK(desks.ann.priced(4, 4) == Keys{key});
}

TEST_CASE("an index that a newer program adds is built when it opens a replica", "[client]") {
  Site site;
  Desk ann(site, "ann");
  // The shop has no indexes; its newer version does.
  ann.go_on_line();
  const auto key = ann.make_part("P1");
  ann.make_part("P2");
  site.settle();
  const auto newer =
      tree_in_shop("parts", {{"number @0 :Text", "number @0 :Text $Coppice.unique"}});
  const FieldId number = newer->indexes().indexes()[0].field;
  auto find = [&](Desk& desk) -> std::optional<AnyRecord> {
    const IndexQuestion question{
        .tree = newer->id(), .field = number, .from = FieldValue("P1"), .to = FieldValue("P1")};
    return desk->snapshot().find(question);
  };
  Desk bob(site, "bob");
  bob.options.trees = {{newer->id(), newer->message()}};
  bob.go_on_line();
  site.settle();
  REQUIRE(find(bob));
  CHECK(find(bob)->key == key);
  // Everybody has it, live.
  REQUIRE(find(ann));
  CHECK(find(ann)->key == key);
  ann.reopen();
  CHECK(find(ann)->key == key);
  CHECK(ann->check_invariants().empty());
}

}  // namespace coppice::test
