#include "schema/compare_schemas.h"

#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

const TreeInfoPtr& parts() {
  static const TreeInfoPtr tree = tree_in_shop("parts");
  return tree;
}

std::string refused(const TreeInfo& stored, const TreeInfo& offered) {
  auto change = compare_schemas(stored, offered);
  if (change) return "";
  CHECK(change.error().code == Errc::incompatible_schema);
  return change.error().message;
}

// Whether the second is newer than the first, both ways.
void check_newer(const TreeInfoPtr& older, const TreeInfoPtr& newer) {
  CHECK(compare_schemas(*older, *newer).value() == SchemaChange::newer);
  CHECK(compare_schemas(*newer, *older).value() == SchemaChange::older);
}

}  // namespace

TEST_CASE("the same schema is no change, whatever its version and comments", "[schema]") {
  CHECK(compare_schemas(*parts(), *parts()).value() == SchemaChange::none);
  CHECK(compare_schemas(*parts(), *parts()->with_version(4)).value() == SchemaChange::none);
  auto recommented = tree_in_shop("parts", {{"What is printed on the drawing.", "Its number."}});
  CHECK(recommented->schema().getSourceInfo().size() > 0);
  CHECK(compare_schemas(*parts(), *recommented).value() == SchemaChange::none);
}

TEST_CASE("the same schema compiled elsewhere is no change", "[schema]") {
  CHECK(compare_schemas(tree_of<shop::Part>(), *parts()).value() == SchemaChange::none);
}

TEST_CASE("a field added is newer", "[schema]") {
  check_newer(parts(),
              tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; a @21 :Text;"}}));
}

TEST_CASE("a field added to a struct, group, union or enum further inside is newer", "[schema]") {
  check_newer(parts(),
              tree_in_shop("parts", {{"alternatives @3 :List(BomLine);",
                                      "alternatives @3 :List(BomLine); remark @4 :Text;"}}));
  check_newer(
      parts(),
      tree_in_shop("parts", {{"height @8 :UInt32", "depth @21 :UInt32; height @8 :UInt32"}}));
  check_newer(
      parts(),
      tree_in_shop("parts", {{"unknown @9 :Void;", "unknown @9 :Void; printed @21 :Text;"}}));
  check_newer(parts(), tree_in_shop("parts", {{"piece @0;", "piece @0; litre @3;"}}));
  check_newer(parts(),
              tree_in_shop("parts", {{"tool @1 :Text;", "tool @1 :Text; minutes @2 :Float32;"}}));
}

TEST_CASE("the shop a few years on is newer", "[schema]") {
  check_newer(parts(), newer_tree_in_shop("parts"));
  check_newer(tree_in_shop("companies"), newer_tree_in_shop("companies"));
}

TEST_CASE("a change of a tree that is only referred to is no change", "[schema]") {
  CHECK(compare_schemas(*tree_in_shop("movements"), *newer_tree_in_shop("movements")).value() ==
        SchemaChange::none);
}

TEST_CASE("a name or an annotation changed counts as newer, as the last word does", "[schema]") {
  auto renamed = tree_in_shop("parts", {{"title @1 :Text;", "heading @1 :Text;"}});
  CHECK(compare_schemas(*parts(), *renamed).value() == SchemaChange::newer);
  CHECK(compare_schemas(*renamed, *parts()).value() == SchemaChange::newer);
  auto relabelled = tree_in_shop("parts", {{"\"Part number\"", "\"No.\""}});
  CHECK(compare_schemas(*parts(), *relabelled).value() == SchemaChange::newer);
  auto other_name = tree_in_shop("items", {{"name = \"parts\"", "name = \"items\""}});
  CHECK(compare_schemas(*parts(), *other_name).value() == SchemaChange::newer);
  auto other_state = tree_in_shop("parts", {{"supersededState = 200", "supersededState = 300"}});
  CHECK(compare_schemas(*parts(), *other_state).value() == SchemaChange::newer);
}

TEST_CASE("a changed type is incompatible, and the message says what to do", "[schema]") {
  auto changed = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Float64"}});
  auto message = refused(*parts(), *changed);
  CHECK_THAT(message, ContainsSubstring("tree 'parts'"));
  CHECK_THAT(message, ContainsSubstring("type"));
  CHECK_THAT(message, ContainsSubstring("add a new one beside it"));
}

TEST_CASE("a changed type further inside is incompatible", "[schema]") {
  CHECK(refused(*parts(),
                *tree_in_shop("parts", {{"count @1 :UInt32 = 1", "count @1 :UInt64 = 1"}})) != "");
  CHECK(refused(*parts(), *tree_in_shop("parts", {{"made @11 :Process", "made @11 :BomLine"}})) !=
        "");
}

TEST_CASE("a field removed and another put in its place is incompatible", "[schema]") {
  CHECK(refused(*parts(),
                *tree_in_shop("parts", {{"title @1 :Text;", "weights @1 :List(Float32);"}})) != "");
}

TEST_CASE("a reference that points to another tree than it did is incompatible", "[schema]") {
  auto turned =
      tree_in_shop("parts", {{"maker @2 :Coppice.Ref(Company)", "maker @2 :Coppice.Ref(Part)"}});
  CHECK_THAT(refused(*parts(), *turned), ContainsSubstring("maker: it refers to another tree"));
  auto in_list = tree_in_shop("parts", {{"List(Coppice.Ref(Part))", "List(Coppice.Ref(Company))"}});
  CHECK_THAT(refused(*parts(), *in_list),
             ContainsSubstring("replacements: it refers to another tree"));
}

TEST_CASE("a changed default is incompatible", "[schema]") {
  CHECK(refused(*parts(),
                *tree_in_shop("parts", {{"count @1 :UInt32 = 1", "count @1 :UInt32 = 2"}})) != "");
}

TEST_CASE("two versions that each have something of their own are incompatible", "[schema]") {
  auto left = tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; a @21 :Text;"}});
  auto right = tree_in_shop("parts", {{"tool @1 :Text;", "tool @1 :Text; b @2 :Text;"}});
  CHECK_THAT(refused(*left, *right), ContainsSubstring("a: it was removed (@21 :Text)"));
}

TEST_CASE("a tree cannot become versioned, or stop being so", "[schema]") {
  auto unversioned = tree_in_shop("parts", {{"versioned = true, ", ""}});
  const auto why = ContainsSubstring("a tree cannot change whether it is versioned");
  CHECK_THAT(refused(*parts(), *unversioned), why);
  CHECK_THAT(refused(*unversioned, *parts()), why);
}

}  // namespace coppice::test
