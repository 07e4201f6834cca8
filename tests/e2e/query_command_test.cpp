// `coppice query`: what a person and a script get.
#include <algorithm>

#include "coppice/ref.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// Bolts P1 to P5, priced 10 to 50, the odd ones by Acme.
void fill(Client& client) {
  const auto made = client.write([](Transaction& t) {
    const auto acme = t.create<shop::Company>([](auto company) { company.setName("Acme"); });
    for (int i = 1; i <= 5; ++i) {
      t.create<shop::Part>([&](auto part) {
        part.setNumber("P" + std::to_string(i));
        part.setPrice(10 * i);
        if (i % 2 == 1) refer(part.initMaker(), acme);
      });
    }
  });
  REQUIRE(made);
}

struct Bench {
  Bench() {
    Client client = site.live_client("bench");
    fill(client);
    settle(client);
  }
  Ran query(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "query");
    return site.coppice("bench", std::move(arguments));
  }
  std::string output(std::vector<std::string> arguments) {
    const auto ran = query(std::move(arguments));
    INFO(ran.errors);
    CHECK(ran.end.code == 0);
    return ran.output;
  }
  Site site;
};

std::size_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("query prints the records that fulfil a condition, in order", "[e2e]") {
  Bench bench;
  CHECK(lines(bench.output({"parts"})) == 5);
  const auto cheap =
      bench.output({"parts", "price < 40 and maker.name = \"Acme\" order by price desc"});
  CHECK(lines(cheap) == 2);
  CHECK(cheap.find("P3") < cheap.find("P1"));
  CHECK(lines(bench.output({"parts", "price > 10", "--limit", "3"})) == 3);
  const auto dearest = bench.output({"parts", "--order", "price", "--desc", "--limit", "1"});
  CHECK_THAT(dearest, ContainsSubstring("P5"));
  CHECK(bench.output({"parts", "price > 10 limit 2", "--count"}) == "2\n");
  CHECK(bench.output({"parts", "price > 10", "--released", "--count"}) == "0\n");
  CHECK(bench.output({"parts", "price > 10", "--count", "--json"}) == "{\"count\":4}\n");
  const auto json = bench.output({"parts", "price = 20", "--json"});
  CHECK_THAT(json, ContainsSubstring("\"key\":\"parts:"));
  CHECK_THAT(json, ContainsSubstring("\"text\":\"P2\""));
  CHECK(bench.output({"parts", "price = 25", "--json"}) == "[]\n");
}

TEST_CASE("query explains itself", "[e2e]") {
  Bench bench;
  CHECK(bench.output({"parts", "price < 40", "--explain"}) ==
        "parts: price < 40\n"
        "  all records of parts: 5\n"
        "  tested: price < 40\n"
        "  (field 'price' has no index)\n");
  CHECK_THAT(bench.output({"parts", "price < 40", "--explain", "--json"}),
             ContainsSubstring("{\"what\":\"parts: price < 40\",\"below\":[{\"what\":"));
}

TEST_CASE("a query that is wrong is refused with the place", "[e2e]") {
  Bench bench;
  const auto refused = [&](std::vector<std::string> arguments) {
    const auto ran = bench.query(std::move(arguments));
    CHECK(ran.end.code == 1);
    CHECK(ran.output == "");
    return ran.errors;
  };
  CHECK(refused({"parts", "price < 5 and prize = 3"}) ==
        "coppice: Column 15: tree 'parts' has no field 'prize'. Did you mean 'price'?\n"
        "  price < 5 and prize = 3\n"
        "                ^\n");
  CHECK_THAT(refused({"parts", "--order", "nothing"}),
             ContainsSubstring("Column 10: tree 'parts' has no field 'nothing'."));
  CHECK_THAT(refused({"pets", "price = 3"}), ContainsSubstring("pets"));
  CHECK(bench.query({"parts", "--desc"}).end.code == 2);
  CHECK(bench.query({"parts", "--all", "--released"}).end.code == 2);
}

}  // namespace coppice::test
