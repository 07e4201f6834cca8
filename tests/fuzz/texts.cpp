// What people type: keys and queries.

#include "schema/catalogue.h"
#include "schema/query_text.h"
#include "tests/fuzz/shop_trees.h"
#include "tests/fuzz/targets.h"

namespace coppice::fuzz {
void run_key(Input input) {
  const Catalogue& shop = shop_catalogue();
  const auto key = shop.parse(text_of(input));
  if (!key) return;
  const auto again = shop.parse(shop.format(*key));
  if (!again || *again != *key) fail("A key is another one when it is printed and read again.");
}

std::vector<std::string> key_seeds() {
  return {"parts:4711.2", "companies:1", "parts:1099511627775.16777215", "parts:0.0", "parts", ""};
}

void run_query(Input input) {
  const Catalogue& shop = shop_catalogue();
  const auto query = parse_query(text_of(input), TreeOf<shop::Part>::id, shop);
  if (!query) return;
  QueryTrees trees(shop);
  const std::string text = to_text(*query, trees);
  const auto again = parse_query(text, TreeOf<shop::Part>::id, shop);
  if (!again)
    fail("What a query is printed as is no query: " + text + ": " + again.error().message);
  if (to_text(*again, trees) != text) fail("A query is printed in two ways: " + text);
}

std::vector<std::string> query_seeds() {
  return {
      R"(price < 100 and (maker.name = "ACME" or not title contains "10k") order by price desc limit 20)",
      R"(unit = piece and size.length between 1 and 3 revisions released)",
      R"(bom.part = parts:4711.2 count)", R"(number starts with "R-")", ""};
}

}  // namespace coppice::fuzz
