// Queries over a tree that was migrated: drafts have new bodies, released revisions their old ones.
#include "schema/query_text.h"
#include "tests/client/priced_desk.h"

namespace coppice::test {
namespace {

// A part that was released before the migration, and a draft.
struct Shop {
  Site site;
  Desk old{site, "ann"};
  Key<shop::Part> released;
  Key<shop::Part> draft;

  Shop() {
    old.go_on_line();
    released = made_part(old, site, "R-1");
    draft = made_part(old, site, "R-2");
    old.release(released);
    site.settle();
  }
};

// What a text asks for of a desk, by the tree's newest schema there or by another.
std::vector<AnyKey> ask(Desk& desk, const char* text, const Catalogue* catalogue = nullptr) {
  const auto now = desk->snapshot();
  const auto query = parse_query(text, kParts, catalogue ? *catalogue : now.catalogue());
  REQUIRE(query);
  std::vector<AnyKey> keys;
  auto found = now.select(*query);
  REQUIRE(found);
  while (const auto record = found->next()) keys.push_back(record->key);
  CHECK(now.count(*query).value() == keys.size());
  return keys;
}

using Keys = std::vector<AnyKey>;

}  // namespace

TEST_CASE("a query asks for what a migration makes of old bodies", "[client]") {
  Shop shop;
  migrate(shop.site);
  Upgrade upgraded(shop.old, shop.site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  const AnyKey released(shop.released), draft(shop.draft);
  CHECK(ask(ann, "price = \"12 EUR\"") == Keys{released, draft});
  CHECK(ask(ann, "price = \"12 EUR\" released") == Keys{released});
  CHECK(ask(ann, "price is set order by number desc limit 1") == Keys{draft});
  const auto now = ann->snapshot();
  auto found = now.select(*parse_query("number = \"R-1\"", kParts, now.catalogue()));
  REQUIRE(found);
  CHECK(PricedDesk::read(found->next()->view.body(), "price") == "12 EUR");
}

TEST_CASE("a query of a program that is ahead of the server asks by the program's schema",
          "[client]") {
  Shop shop;
  Upgrade upgraded(shop.old, shop.site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  Catalogue programs;
  programs.put(priced());
  CHECK(ask(ann, "price = \"12 EUR\"", &programs) ==
        Keys{AnyKey(shop.released), AnyKey(shop.draft)});
}

TEST_CASE("a tool that knows no migration leaves out what it cannot read", "[client]") {
  Shop shop;
  migrate(shop.site);
  Desk tool(shop.site, "tool");
  tool.options.trees = {};
  tool.go_on_line();
  CHECK(ask(tool, "price = \"12 EUR\"") == Keys{AnyKey(shop.draft)});
  CHECK(ask(tool, "number starts with \"R\" order by number") == Keys{AnyKey(shop.draft)});
}

TEST_CASE("a live query goes on across a migration", "[client]") {
  Shop shop;
  Upgrade upgraded(shop.old, shop.site, "ann");
  PricedDesk& ann = upgraded.desk;
  ann.go_on_line();
  Catalogue programs;
  programs.put(priced());
  auto live = ann->live(*parse_query("price = \"13 EUR\"", kParts, programs));
  REQUIRE(live);
  CHECK(live->start().empty());
  migrate(shop.site);
  shop.site.settle();
  REQUIRE(ann->status().connection == Connection::live);
  ann.events();
  ann.borrow(shop.draft);
  REQUIRE(ann.set_price(shop.draft, "13 EUR"));
  Keys entered;
  for (const Event& event : ann.events()) {
    if (event.query == live->number() && event.kind == Event::Kind::entered)
      entered.push_back(event.key);
  }
  CHECK(entered == Keys{AnyKey(shop.draft)});
}

}  // namespace coppice::test
