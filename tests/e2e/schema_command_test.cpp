// `coppice schema`: what a build server and a curious person see.
#include <fstream>

#include "test_places.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr const char* kShop = COPPICE_SOURCE_DIR "/tests/codegen/schemas/shop.capnp";

// shop.capnp with one text replaced by another, in a file of its own.
std::string changed_shop(const Site& site, const std::string& from, const std::string& to) {
  std::ifstream in(kShop);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  const std::string path = site.folder / "shop.capnp";
  std::ofstream(path) << text;
  return path;
}

void check(const Ran& ran, int code, const std::vector<std::string>& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end.code == code);
  for (const std::string& word : words) CHECK_THAT(ran.output, ContainsSubstring(word));
}

}  // namespace

TEST_CASE("schema check says whether a schema fits a folder", "[e2e]") {
  Site site;
  { Client client = site.live_client("bench"); }
  const std::string folder = site.folder / "bench";
  const auto against = [&](const std::string& file, const std::string& what) {
    return site.coppice("bench", {"schema", "check", file, "--against", what});
  };

  check(against(kShop, folder), 0, {"parts: compatible (the same as version 1"});
  check(against(changed_shop(site, "obsolete @20 :Bool;", "obsolete @20 :Bool; a @21 :Text;"),
                folder),
        0, {"compatible: a: it is new (@21 :Text)."});
  const auto retyped = changed_shop(site, "price @3 :Int64", "price @3 :Float64");
  check(against(retyped, folder), 1,
        {"parts: needs a migration", "price: its type was changed, from @3 :Int64 to @3 :Float64"});
  check(against(retyped, kShop), 1, {"price: its type was changed"});
  check(against(changed_shop(site, "@0xd8a9c06b31f45e72", "@0xd8a9c06b31f45e73"), folder), 2,
        {"parts: impossible", "give the struct the id it had"});

  const auto broken = against(changed_shop(site, "price @3", "price @4"), folder);
  check(broken, 3, {});
  CHECK_THAT(broken.errors, ContainsSubstring("shop.capnp:"));
  check(against("nowhere.capnp", folder), 3, {});

  // The server itself is asked, and takes nobody for a replica.
  check(against(kShop, site.server.url()), 0, {"parts: compatible (the same as version 1"});
  check(against(changed_shop(site, "price @3 :Int64", "price @3 :Float64"), site.server.url()), 1,
        {"price: its type was changed"});
  const auto elsewhere = against(kShop, site.server.url("garage"));
  check(elsewhere, 3, {});
  CHECK_THAT(elsewhere.errors, ContainsSubstring("has the database 'shop', not 'garage'"));
  const auto nobody = against(kShop, "ws://127.0.0.1:9/shop");
  check(nobody, 3, {});
  CHECK_THAT(nobody.errors, ContainsSubstring("127.0.0.1:9"));
  check(against(kShop, site.folder / "nowhere"), 3, {});
}

TEST_CASE("schema show and history tell of a tree in a replica", "[e2e]") {
  Site site;
  { Client client = site.live_client("bench"); }
  check(site.coppice("bench", {"schema", "show", "parts"}), 0,
        {"# parts, version 1", "struct Part $tree(name = \"parts\", versioned = true) {",
         "number @0 :Text $label(\"Part number\");", "# What is printed on the drawing.",
         "maker @2 :Ref(Company);", "size :group {", "kilogram @2 $label(\"kg\");"});
  check(site.coppice("bench", {"schema", "history", "parts"}), 0, {"version 1, 20", "bench"});
  const auto none = site.coppice("bench", {"schema", "show", "parts", "--version", "7"});
  check(none, 1, {});
  CHECK_THAT(none.errors, ContainsSubstring("There is no version 7 of tree 'parts' here"));
}

}  // namespace coppice::test
