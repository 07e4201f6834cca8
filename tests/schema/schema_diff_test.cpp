#include "schema/schema_diff.h"

#include "schema/compare_schemas.h"
#include "tests/codegen/compile.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

const TreeInfoPtr& parts() {
  static const TreeInfoPtr tree = tree_in_shop("parts");
  return tree;
}

// The only difference that a change of the shop makes to its parts.
SchemaDifference only(const std::vector<Replacement>& changes) {
  const auto differences = schema_diff(*parts(), *tree_in_shop("parts", changes));
  for (const auto& one : differences) UNSCOPED_INFO(one.sentence());
  REQUIRE(differences.size() == 1);
  return differences[0];
}

void check(const SchemaDifference& one, const std::string& path, Verdict verdict,
           const std::string& was, const std::string& is) {
  INFO(one.sentence());
  CHECK(one.path == path);
  CHECK(one.verdict == verdict);
  CHECK(one.was == was);
  CHECK(one.is == is);
  CHECK(one.advice.empty() == (verdict == Verdict::compatible));
}

}  // namespace

TEST_CASE("the same schema has no differences", "[schema]") {
  CHECK(schema_diff(*parts(), *parts()).empty());
}

TEST_CASE("what is new is named by its path, through lists, groups, unions and enums", "[schema]") {
  const auto differences = schema_diff(*parts(), *newer_tree_in_shop("parts"));
  std::vector<std::string> paths;
  for (const auto& one : differences) {
    CHECK(one.verdict == Verdict::compatible);
    paths.push_back(one.path + " " + one.is);
  }
  std::sort(paths.begin(), paths.end());
  CHECK(paths == std::vector<std::string>{"bom.remark @4 :Text", "colour @21 :Text",
                                          "shelf @24 :UInt64", "source.printed @22 :Text",
                                          "tests @23 :List(Part.Test)", "unit.litre @3"});
}

TEST_CASE("a changed type is told with both types", "[schema]") {
  check(only({{"price @3 :Int64", "price @3 :Float64"}}), "price", Verdict::needs_migration,
        "@3 :Int64", "@3 :Float64");
  check(only({{"count @1 :UInt32 = 1", "count @1 :UInt64 = 1"}}), "bom.count",
        Verdict::needs_migration, "@1 :UInt32", "@1 :UInt64");
}

TEST_CASE("a changed type is one sentence that says what to do", "[schema]") {
  CHECK(only({{"price @3 :Int64", "price @3 :Float64"}}).sentence() ==
        "price: its type was changed, from @3 :Int64 to @3 :Float64. Keep it as it was and add a "
        "new one beside it, or write a migration.");
}

TEST_CASE("text that became data needs a migration, though Cap'n Proto lets it pass", "[schema]") {
  const auto data = tree_in_shop("parts", {{"title @1 :Text;", "title @1 :Data;"}});
  CHECK(worst(schema_diff(*parts(), *data)) == Verdict::needs_migration);
  CHECK_FALSE(compare_schemas(*parts(), *data).has_value());
}

TEST_CASE("a reference to another tree is told with both trees", "[schema]") {
  check(only({{"maker @2 :Coppice.Ref(Company)", "maker @2 :Coppice.Ref(Part)"}}), "maker",
        Verdict::needs_migration, "@2 :Ref(Company)", "@2 :Ref(Part)");
}

TEST_CASE("a rename and a changed annotation are compatible", "[schema]") {
  check(only({{"title @1 :Text;", "heading @1 :Text;"}}), "title", Verdict::compatible, "title",
        "heading");
  const auto label = only({{"\"Part number\"", "\"No.\""}});
  check(label, "number", Verdict::compatible, "\"Part number\"", "\"No.\"");
  CHECK(label.what == "its annotation $label was changed");
}

TEST_CASE("fields that changed their numbers are told so, even where their types agree",
          "[schema]") {
  const auto swapped = tree_in_shop(
      "parts", {{"number @0 ", "number @999 "}, {"title @1 ", "title @0 "}, {"@999", "@1"}});
  const auto differences = schema_diff(*parts(), *swapped);
  REQUIRE(differences.size() == 2);
  check(differences[0], "number", Verdict::needs_migration, "@0 :Text", "@1 :Text");
  check(differences[1], "title", Verdict::needs_migration, "@1 :Text", "@0 :Text");
  CHECK(differences[0].what == "its number was changed");
  CHECK_FALSE(compare_schemas(*parts(), *swapped).has_value());
}

TEST_CASE("a last field that is missing is an older schema, unless something else is new",
          "[schema]") {
  const auto gone = only({{"  obsolete @20 :Bool;\n", ""}});
  check(gone, "obsolete", Verdict::compatible, "@20 :Bool", "");
  const auto both =
      schema_diff(*parts(), *tree_in_shop("parts", {{"  obsolete @20 :Bool;\n", ""},
                                                    {"piece @0;", "piece @0; litre @3;"}}));
  REQUIRE(both.size() == 2);
  CHECK(worst(both) == Verdict::needs_migration);
}

TEST_CASE("enumerants are told by their field", "[schema]") {
  check(only({{"metre @1;", "meter @1;"}}), "unit.metre", Verdict::compatible, "metre", "meter");
}

TEST_CASE("a changed default is told with both values", "[schema]") {
  check(only({{"count @1 :UInt32 = 1", "count @1 :UInt32 = 2"}}), "bom.count",
        Verdict::needs_migration, "1", "2");
}

TEST_CASE("options are compatible, but for versioned, which nothing can change", "[schema]") {
  check(only({{"supersededState = 200", "supersededState = 300"}}), "", Verdict::compatible,
        "supersededState = 200", "supersededState = 300");
  check(only({{"versioned = true, ", ""}}), "", Verdict::impossible, "versioned", "not versioned");
}

TEST_CASE("what SchemaLoader refuses and nobody foresaw is refused all the same", "[schema]") {
  const auto lists =
      tree_in_shop("parts", {{"inspected @18 :List(Bool)", "inspected @18 :List(BomLine)"}});
  const auto change = compare_schemas(*parts(), *lists);
  REQUIRE_FALSE(change.has_value());
  CHECK(change.error().message.find("tree 'parts'") != std::string::npos);
}

}  // namespace coppice::test
