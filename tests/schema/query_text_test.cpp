// Queries as text: what is understood, how mistakes are told, and that text and query are one.
#include "schema/query_text.h"

#include <random>

#include "depot.coppice.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"
#include "tests/support/result_text.h"

namespace coppice::test {
namespace {

using depot::Article;
using depot::Firm;
using depot::Kind;
using A = depot::ArticleFields;
using F = depot::FirmFields;

const Catalogue& depot_catalogue() {
  static const Catalogue catalogue = [] {
    Catalogue made;
    made.put(TreeInfo::parse(TreeOf<Article>::schema()).value());
    made.put(TreeInfo::parse(TreeOf<Firm>::schema()).value());
    return made;
  }();
  return catalogue;
}

Result<AnyQuery> parse(std::string_view text) {
  return parse_query(text, TreeOf<Article>::id, depot_catalogue());
}
std::string written(const AnyQuery& query) {
  QueryTrees trees(depot_catalogue());
  return to_text(query, trees);
}
// What a text means, in its plain form.
std::string plain(std::string_view text) {
  const auto query = parse(text);
  INFO(text);
  REQUIRE(query);
  return written(*query);
}
std::string mistake(std::string_view text) {
  const auto query = parse(text);
  INFO(text);
  REQUIRE(!query);
  CHECK(query.error().code == Errc::bad_request);
  return query.error().message;
}
void same(std::string_view text, const Query<Article>& query) {
  const auto parsed = parse(text);
  INFO(text);
  REQUIRE(parsed);
  CHECK(*parsed == query.any());
  CHECK(written(query.any()) == text);
}
Query<Article> where(const Condition<Article>& condition) {
  return query<Article>().where(condition);
}

}  // namespace

TEST_CASE("the text form says what the C++ form says", "[schema]") {
  same("", query<Article>());
  same("price = 5", where(A::price == 5));
  same("price != -5", where(A::price != -5));
  same("price < 1 and price <= 2 and price > 3 and price >= 4",
       where(A::price < 1 && A::price <= 2 && A::price > 3 && A::price >= 4));
  same("price between 1 and 2 or price in (3, 4) or price not in (5)",
       where(A::price.between(1, 2) || A::price.one_of({3, 4}) || !A::price.one_of({5})));
  same("title contains \"10k\" and not title starts with \"R\" and title matches \"red bolt\"",
       where(A::title.contains("10k") && !A::title.starts_with("R") &&
             A::title.matches("red bolt")));
  same("weight < 0.1 and precise > -1e+100", where(A::weight < 0.1f && A::precise > -1e100));
  same("kind = made or kind in (bought, found)",
       where(A::kind == Kind::MADE || A::kind.one_of({Kind::BOUGHT, Kind::FOUND})));
  same("obsolete = true and obsolete != false", where(A::obsolete == true && A::obsolete != false));
  same("maker = firms:7 or maker = firms:7.2",
       where(A::maker == Key<Firm>(RecordId{7}, Revision{0}) ||
             A::maker == Key<Firm>(RecordId{7}, Revision{2})));
  same("nowhere is set and address is not set", where(A::nowhere.is_set() && !A::address.is_set()));
  same("lines.article is set and size.length > 3",
       where(A::lines::article.is_set() && A::size::length > 3));
  const std::byte code[] = {std::byte{0}, std::byte{0xff}};
  same("barcode = x\"00ff\"", where(A::barcode == std::span(code)));
  same("maker.name = \"Acme\" and maker.parent.name != \"Holding\"",
       where(A::maker.to(F::name) == "Acme" && A::maker.to(F::parent).to(F::name) != "Holding"));
  same("maker.(name = \"Acme\" and parent is set)",
       where(A::maker.to(F::name == "Acme" && F::parent.is_set())));
  same("not maker.(name = \"Acme\" or parent.(name != \"Ace\"))",
       where(!A::maker.to(F::name == "Acme" || F::parent.to(F::name != "Ace"))));
  same("(price = 1 or price = 2) and not (price = 3 and price = 4)",
       where((A::price == 1 || A::price == 2) && !(A::price == 3 && A::price == 4)));
  same("price = 1 and price = 2 or price = 3",
       where((A::price == 1 && A::price == 2) || A::price == 3));
  same("price < 9 released order by price desc, maker.name limit 20",
       where(A::price < 9)
           .released()
           .order_by(A::price, Direction::descending)
           .order_by(A::maker.to(F::name))
           .limit(20));
  same("all revisions limit 0", query<Article>().all_revisions().limit(0));
  same("false", where(Condition<Article>(AnyCondition::any({}))));
}

TEST_CASE("a text may be written in other ways", "[schema]") {
  CHECK(plain("  price==5   and\nnot(price<>6)") == "price = 5 and price = 6");
  CHECK(plain("obsolete and not obsolete") == "obsolete = true and obsolete != true");
  CHECK(plain("title = 'a \"b\"'") == "title = \"a \\\"b\\\"\"");
  CHECK(plain(R"(title = "tab\t \x41\\ \n")") == R"(title = "tab\t A\\ \n")");
  CHECK(plain("maker = 7.2 or maker = 7") == "maker = firms:7.2 or maker = firms:7");
  CHECK(plain("((price = 1))") == "price = 1");
  CHECK(plain("price = 1 and (price = 2 and price = 3)") ==
        "price = 1 and price = 2 and price = 3");
  CHECK(plain("true") == "");
  CHECK(plain("not true") == "not true");
  CHECK(plain("price = +5 limit 3 newest order by price asc") ==
        "price = 5 order by price limit 3");
  CHECK(plain("precise < inf and precise > -inf and precise = nan") ==
        "precise < inf and precise > -inf and precise = nan");
  CHECK(plain("kind = @7") == "kind = @7");
  CHECK(plain("price in ()") == "price in ()");
  CHECK(plain("`price` = 1") == "price = 1");
  CHECK(plain("note = \"Müller\"") == "note = \"Müller\"");
}

TEST_CASE("a mistake is told with its place and what was expected", "[schema]") {
  CHECK(mistake("price < ") ==
        "Column 9: expected a whole number of 64 bits for field 'price', and "
        "found the end.");
  CHECK(mistake("price < \"5\"") ==
        "Column 9: expected a whole number of 64 bits for field 'price', and found \"5\".");
  CHECK(mistake("title = 5") ==
        "Column 9: expected a text in quotes for field 'title', and found 5.");
  CHECK(mistake("prize < 5") ==
        "Column 1: tree 'articles' has no field 'prize'. Did you mean "
        "'price'?");
  CHECK(mistake("price < 5 and maker.nme = \"x\"") ==
        "Column 15: tree 'firms' has no field 'nme'. Did you mean 'name'?");
  CHECK(mistake("shelf = 3") ==
        "Column 1: tree 'articles' has no field 'shelf'. Did you mean 'place.shelf'?");
  CHECK(mistake("size = 3").find("no field 'size'. Did you mean 'size.length'?") !=
        std::string::npos);
  CHECK(mistake("place.shelf = 70000") ==
        "Column 15: 70000 is out of the range of field "
        "'place.shelf', which is a whole number from 0 to 65535.");
  CHECK(mistake("serial = -1").find("out of the range") != std::string::npos);
  CHECK(mistake("price = 1.5").find("expected a whole number") != std::string::npos);
  CHECK(mistake("kind = bouht") ==
        "Column 8: 'bouht' is no value of field 'kind'. Did you mean 'bought'?");
  CHECK(mistake("price contains \"5\"") ==
        "Column 7: 'contains' cannot be asked of field 'price', whose values are a whole number of "
        "64 bits.");
  CHECK(mistake("maker < 5").find("cannot be asked of field 'maker'") != std::string::npos);
  CHECK(mistake("maker = articles:4") ==
        "Column 9: field 'maker' refers to firms, and articles:4 is none of them.");
  CHECK(mistake("lines = 5").find("Ask for a field inside it.") != std::string::npos);
  CHECK(mistake("(price = 5") == "Column 11: expected ')', and found the end.");
  CHECK(mistake("price = 5 price = 6") ==
        "Column 11: expected 'and', 'or', 'order by', 'limit', 'released' or the end, and found "
        "'price'.");
  CHECK(mistake("price").find("Column 6: expected what is asked of field 'price'") == 0);
  CHECK(mistake("and price = 5").find("Column 1: expected a field") == 0);
  CHECK(mistake("title = \"abc") == "Column 9: the text that begins here has no second quote.");
  CHECK(mistake("title = \"\\q\"").find("Column 10: expected one of") == 0);
  CHECK(mistake("price = 5 ; drop") ==
        "Column 11: ';' means nothing here. Texts are written in quotes.");
  CHECK(mistake("note = \"ä\" ü").find("Column 12: 'ü' means nothing here") == 0);
  CHECK(mistake("limit x").find("Column 7: expected how many") == 0);
  CHECK(mistake("limit 5 limit 6").find("Column 9: 'limit' says again") == 0);
  CHECK(mistake("released all revisions").find("says again, or otherwise") != std::string::npos);
  CHECK(mistake("order by maker.(name is set)").find("is no field to put records in order by") !=
        std::string::npos);
  CHECK(mistake(std::string(500, '(')).find("nested too deep") != std::string::npos);
  CHECK(parse("price < \"5\"").error().actual == 9);
}

TEST_CASE("a field that is called like a word of the language is written in backticks",
          "[schema]") {
  const auto tree = tree_in(
      "struct Part $Coppice.tree(name = \"parts\") { order @0 :Int8; limit :group { in @1 :Text; "
      "} }");
  Catalogue catalogue;
  catalogue.put(tree);
  QueryTrees trees(catalogue);
  const auto query =
      parse_query("`order` = 1 and `limit`.`in` is set order by `order`", tree->id(), catalogue);
  REQUIRE(query);
  CHECK(to_text(*query, trees) == "`order` = 1 and `limit`.`in` is set order by `order`");
  CHECK(parse_query("`limit`.in is set", tree->id(), catalogue));
  const auto refused = parse_query("order = 1", tree->id(), catalogue);
  REQUIRE(!refused);
}

// -------- Text and query are one: random queries go to text and back.

namespace {

class RandomQuery {
 public:
  explicit RandomQuery(std::uint64_t seed) : random_(seed) {}

  Query<Article> make() {
    auto query = coppice::query<Article>().where(condition(3));
    if (chance(3)) query = query.released();
    if (chance(4)) query = query.all_revisions();
    if (chance(2)) query = query.order_by(A::price, Direction::descending);
    if (chance(3)) query = query.order_by(A::maker.to(F::name));
    if (chance(2)) query = query.limit(number(100));
    return query;
  }

 private:
  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  bool chance(std::uint64_t one_in) { return number(one_in) == 0; }
  std::string text() {
    std::string text;
    for (auto left = number(6); left > 0; --left) text += static_cast<char>(1 + number(255));
    return text;
  }
  Condition<Article> condition(int depth) {
    switch (depth == 0 ? 4 : number(5)) {
      case 0:
        return condition(depth - 1) && condition(depth - 1);
      case 1:
        return condition(depth - 1) || condition(depth - 1);
      case 2:
        return !condition(depth - 1);
      case 3:
        return A::maker.to(firm(depth - 1));
      default:
        return test();
    }
  }
  Condition<Firm> firm(int depth) {
    switch (depth == 0 ? 3 : number(4)) {
      case 0:
        return firm(depth - 1) && firm(depth - 1);
      case 1:
        return !firm(depth - 1);
      case 2:
        return F::parent.to(firm(depth - 1));
      default:
        return F::name == text();
    }
  }
  Condition<Article> test() {
    const auto real = std::bit_cast<double>(random_());
    switch (number(12)) {
      case 0:
        return A::price == static_cast<std::int64_t>(random_());
      case 1:
        return A::weight < static_cast<float>(real);
      case 2:
        return A::precise >= real;
      case 3:
        return A::title.contains(text());
      case 4:
        return A::keywords != text();
      case 5:
        return A::kind == static_cast<Kind>(number(5));
      case 6:
        return A::levels.between(static_cast<std::int16_t>(random_()), 5);
      case 7:
        return A::serial.one_of({static_cast<std::uint32_t>(random_()), 7});
      case 8:
        return A::maker == Key<Firm>(RecordId{1 + number(1000)},
                                     Revision{static_cast<std::uint32_t>(number(3))});
      case 9:
        return A::lines::article.is_set();
      case 10: {
        const std::string data = text();
        return A::barcode.starts_with(std::as_bytes(std::span(data.data(), data.size())));
      }
      default:
        return A::obsolete == chance(2);
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("every query goes to text and back", "[schema]") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const AnyQuery query = RandomQuery(seed).make().any();
    const std::string text = written(query);
    const auto back = parse(text);
    INFO("seed " << seed << ": " << text);
    REQUIRE(back);
    REQUIRE(written(*back) == text);
    REQUIRE(*back == query);
  }
}

TEST_CASE("no text makes the parser fail otherwise than by a refusal", "[schema]") {
  std::mt19937_64 random(1);
  const std::string whole =
      R"(price < 5 and (maker.name = "a\x41" or not title in ('b', "c")) order by price desc limit 3)";
  for (int i = 0; i < 5000; ++i) {
    std::string text = whole.substr(0, random() % (whole.size() + 1));
    for (auto changes = random() % 4; changes > 0 && !text.empty(); --changes)
      text[random() % text.size()] = static_cast<char>(random());
    const auto query = parse(text);
    if (!query) CHECK(query.error().actual >= 1);
  }
}

}  // namespace coppice::test
