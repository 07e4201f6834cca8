#include "schema/catalogue.h"

#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

TreeInfoPtr info(const TreeInfo& tree) { return TreeInfo::parse(tree.message()).value(); }

Catalogue shop() {
  Catalogue catalogue;
  catalogue.put(info(tree_of<shop::Part>()));
  catalogue.put(info(tree_of<shop::Company>()));
  return catalogue;
}

AnyKey part(std::uint64_t id, std::uint32_t revision) {
  return shop::PartKey(RecordId{id}, Revision{revision});
}

}  // namespace

TEST_CASE("a catalogue finds trees by id and by name", "[schema]") {
  const Catalogue catalogue = shop();
  CHECK(catalogue.find(TreeOf<shop::Part>::id)->name() == "parts");
  CHECK(catalogue.find("companies")->id() == TreeOf<shop::Company>::id);
  CHECK(catalogue.find("movements") == nullptr);
  CHECK(catalogue.find(TreeOf<shop::Movement>::id) == nullptr);
  CHECK(catalogue.trees().size() == 2);
}

TEST_CASE("a tree that is put again replaces itself, and copies of the catalogue keep theirs",
          "[schema]") {
  Catalogue catalogue = shop();
  const Catalogue before = catalogue;
  catalogue.put(tree_of<shop::Part>().with_version(2));
  CHECK(catalogue.trees().size() == 2);
  CHECK(catalogue.find("parts")->version() == 2);
  CHECK(before.find("parts")->version() == 0);
}

TEST_CASE("a catalogue finds each version of a tree, and the tree is its highest", "[schema]") {
  Catalogue catalogue = shop();
  const TreeId parts = TreeOf<shop::Part>::id;
  catalogue.put(tree_of<shop::Part>().with_version(1));
  catalogue.put(newer_tree_in_shop("parts")->with_version(2));
  CHECK(catalogue.find(parts)->version() == 2);
  CHECK(catalogue.find(parts, 1)->version() == 1);
  CHECK(catalogue.find(parts, 3) == nullptr);
  catalogue.put(tree_of<shop::Part>().with_version(1));
  CHECK(catalogue.find(parts)->version() == 2);
}

TEST_CASE("a program writes by the version it is, or the first that has all it knows", "[schema]") {
  Catalogue catalogue;
  auto renamed = tree_in_shop("parts", {{"title @1 :Text;", "heading @1 :Text;"}});
  catalogue.put(tree_in_shop("parts")->with_version(1));
  catalogue.put(renamed->with_version(2));
  catalogue.put(newer_tree_in_shop("parts")->with_version(3));
  CHECK(catalogue.version_known_to(tree_of<shop::Part>()) == 1);
  CHECK(catalogue.version_known_to(*renamed) == 2);
  CHECK(catalogue.version_known_to(*newer_tree_in_shop("parts")) == 3);
  auto between =
      tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; colour @21 :Text;"}});
  CHECK(catalogue.version_known_to(*between) == 3);
  auto beyond = tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; a @21 :Text;"},
                                       {"tool @1 :Text;", "tool @1 :Text; minutes @2 :Float32;"}});
  CHECK(catalogue.version_known_to(*beyond) == 0);
  CHECK(catalogue.version_known_to(tree_of<shop::Company>()) == 0);
}

TEST_CASE("an edit is described by the higher of two versions", "[schema]") {
  CHECK(version_after_edit(1, 3) == 3);
  CHECK(version_after_edit(3, 1) == 3);
  CHECK(version_after_edit(3, 0) == 0);
  CHECK(version_after_edit(0, 3) == 0);
}

TEST_CASE("a catalogue prints and parses keys by the names of trees", "[schema]") {
  const Catalogue catalogue = shop();
  CHECK(catalogue.format(part(4711, 2)) == "parts:4711.2");
  CHECK(catalogue.format(part(4711, 0)) == "parts:4711");
  CHECK(catalogue.parse("parts:4711.2").value() == part(4711, 2));
  CHECK(catalogue.parse("companies:3").value() ==
        AnyKey(shop::CompanyKey(RecordId{3}, Revision{0})));
}

TEST_CASE("a key of a tree that the catalogue does not know is printed with the tree's id",
          "[schema]") {
  CHECK(Catalogue().format(part(4711, 2)) == "@0xd8a9c06b31f45e72:4711.2");
}

TEST_CASE("what is no key, and a key of no tree, are refused differently", "[schema]") {
  const Catalogue catalogue = shop();
  auto no_key = catalogue.parse("parts-4711");
  REQUIRE_FALSE(no_key.has_value());
  CHECK(no_key.error().code == Errc::bad_request);
  CHECK(no_key.error().message ==
        "'parts-4711' is not a key; keys look like parts:4711.2 or parts:4711.");
  auto no_tree = catalogue.parse("movements:1.1");
  REQUIRE_FALSE(no_tree.has_value());
  CHECK(no_tree.error().code == Errc::unknown_tree);
  CHECK(no_tree.error().message == "There is no tree named 'movements' here.");
}

TEST_CASE("a migration leaves programs of earlier schemas behind, and no others", "[schema]") {
  const auto priced = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"}});
  const auto weighed = tree_in_shop("parts", {{"weight @19 :Float32", "weight @19 :Float64"}});
  const TreeInfo& first = tree_of<shop::Part>();
  Catalogue catalogue;
  catalogue.put(first.with_version(1));
  CHECK_FALSE(catalogue.is_behind(first));
  CHECK_FALSE(catalogue.is_behind(*priced));
  catalogue.put(priced->as_adopted({.version = 2, .generation = 2}));
  CHECK(catalogue.is_behind(first));
  CHECK(catalogue.is_behind(*newer_tree_in_shop("parts")));
  CHECK_FALSE(catalogue.is_behind(*priced));
  CHECK_FALSE(catalogue.is_behind(*weighed));

  const TreeId parts = first.id();
  CHECK(catalogue.describing(parts, 1)->generation() == 0);
  CHECK(catalogue.describing(parts, 2)->generation() == 2);
  CHECK(catalogue.describing(parts, 0)->generation() == 2);
}

}  // namespace coppice::test
