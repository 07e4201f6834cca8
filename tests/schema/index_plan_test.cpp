#include "schema/index_plan.h"

#include <algorithm>
#include <set>

#include "depot.coppice.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using depot::Article;

// What a plan finds in a body, in words: "number='R-0603'".
class Found final : public IndexSink {
 public:
  explicit Found(const IndexPlan& plan) : plan_(plan) {}
  void number(unsigned index, std::uint64_t value) override {
    add(index, FieldValue::of_ordered(value));
  }
  void bytes(unsigned index, std::string_view value) override { add(index, value); }
  void text(std::string_view value) override { all.insert("searched " + std::string(value)); }
  void reference(AnyKey key) override {
    all.insert((key.tree == TreeOf<Article>::id ? "article " : "firm ") + to_string(key.word));
  }
  std::multiset<std::string> all;

 private:
  void add(unsigned index, FieldValue value) {
    const auto& field = plan_.indexes()[index];
    all.insert(field.name + "=" + describe(field.type, value));
  }
  const IndexPlan& plan_;
};

std::multiset<std::string> found_in(const TreeInfo& tree, const Words& body) {
  Found found(tree.indexes());
  tree.indexes().extract(body, found);
  return std::move(found.all);
}

// The same without what every article has, set or not.
std::multiset<std::string> found(const std::function<void(Article::Builder)>& fill) {
  auto all = found_in(tree_of<Article>(), body_of<Article>(fill));
  for (const auto& preset : found_in(tree_of<Article>(), body_of<Article>([](auto) {}))) {
    if (auto there = all.find(preset); there != all.end()) all.erase(there);
  }
  return all;
}

using Values = std::multiset<std::string>;

std::string refusal_of(const std::string& fields, const std::string& others = "") {
  TemporaryFolder folder;
  auto resolution =
      resolve_text("struct Part $Coppice.tree(name = \"parts\") {" + fields + "}\n" + others);
  return resolution.problems.empty() ? "" : resolution.problems[0];
}

}  // namespace

TEST_CASE("a plan has an index for each annotated field, by the way to it", "[schema]") {
  std::vector<std::string> names;
  std::set<std::uint64_t> ids;
  for (const auto& index : tree_of<Article>().indexes().indexes()) {
    ids.insert(index.field.value);
    const char* kind = index.kind == IndexPlan::Kind::unique       ? "unique "
                       : index.kind == IndexPlan::Kind::search     ? "search"
                       : index.kind == IndexPlan::Kind::references ? "references"
                                                                   : "";
    names.push_back(kind + index.name);
  }
  CHECK(names == std::vector<std::string>{"unique number", "title", "maker", "price", "weight",
                                          "kind", "obsolete", "keywords", "levels",
                                          "unique barcode", "lines.article", "size.length",
                                          "address", "place.shelf", "unique serial", "switches",
                                          "precise", "search", "references"});
  CHECK(ids.size() == names.size());
}

TEST_CASE("an unset body has the default numbers and nothing else", "[schema]") {
  CHECK(found_in(tree_of<Article>(), body_of<Article>([](auto) {})) ==
        Values{"price=0", "weight=0.000000", "kind=0", "obsolete=0", "size.length=10", "serial=7",
               "precise=0.000000"});
}

TEST_CASE("values of every type are found", "[schema]") {
  CHECK(found([](auto a) {
          a.setNumber("R-0603");
          a.setTitle("Bolt");
          a.setPrice(-5);
          a.setWeight(-0.5f);
          a.setKind(depot::Kind::FOUND);
          a.setObsolete(true);
          const kj::byte code[] = {1, 0, 2};
          a.setBarcode(kj::arrayPtr(code, 3));
          a.getSize().setLength(12);
          a.setSerial(0);
          a.setPrecise(2.5);
        }) == Values{"number='R-0603'", "title='Bolt'", "searched Bolt", "price=-5",
                     "weight=-0.500000", "kind=2", "obsolete=1", "barcode=(3 bytes)",
                     "size.length=12", "serial=0", "precise=2.500000"});
}

TEST_CASE("each element of a list counts", "[schema]") {
  CHECK(found([](auto a) {
          auto keywords = a.initKeywords(3);
          keywords.set(0, "red");
          keywords.set(2, "blue");
          auto levels = a.initLevels(2);
          levels.set(0, -3);
          auto switches = a.initSwitches(2);
          switches.set(1, true);
          a.initMakers(2)[1].setKey(7u << 24);
        }) == Values{"keywords='red'", "keywords='blue'", "searched red", "searched blue",
                     "levels=-3", "levels=0", "switches=0", "switches=1", "firm 7"});
}

TEST_CASE("references are found annotated or not, and what refers to nothing is not", "[schema]") {
  CHECK(found([](auto a) {
          a.initMaker().setKey((3u << 24) + 1);
          auto lines = a.initLines(3);
          lines[0].initArticle().setKey((4u << 24) + 2);
          lines[1].initArticle();
        }) == Values{"maker=3.1", "firm 3.1", "lines.article=4.2", "article 4.2"});
  CHECK(found_in(tree_of<depot::Firm>(), body_of<depot::Firm>([](auto f) {
                   f.initParent().setKey(9u << 24);
                 })) == Values{"firm 9"});
}

TEST_CASE("a struct inside itself is the same field", "[schema]") {
  CHECK(found([](auto a) {
          auto line = a.initLines(1)[0];
          line.initArticle().setKey(1u << 24);
          auto instead = line.initInstead(1)[0];
          instead.initArticle().setKey(2u << 24);
          instead.initInstead(1)[0].initArticle().setKey(3u << 24);
        }) == Values{"lines.article=1", "lines.article=2", "lines.article=3", "article 1",
                     "article 2", "article 3"});
}

TEST_CASE("a union's member is found only while it is set", "[schema]") {
  CHECK(found([](auto a) { a.setAddress("Hall 2"); }) == Values{"address='Hall 2'"});
  CHECK(found([](auto a) { a.initPlace().setShelf(4); }) == Values{"place.shelf=4"});
  CHECK(found([](auto a) {
          a.setAddress("Hall 2");
          a.setNowhere();
        }) == Values{});
}

TEST_CASE("what an older program wrote, with a shorter data section, is read with defaults",
          "[schema]") {
  auto older = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { a @0 "
      ":UInt32 = 3 $Coppice.index; }");
  auto newer = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { a @0 "
      ":UInt32 = 3 $Coppice.index; b @1 :Int64 = -4 $Coppice.index; c @2 :Bool = "
      "true $Coppice.index; }");
  auto body = body_of(*older, [](auto part) { part.set("a", 8); });
  CHECK(found_in(*newer, body) == Values{"a=8", "b=-4", "c=1"});
}

TEST_CASE("a list of numbers that has become one of structs is read as such", "[schema]") {
  auto older = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { a @0 "
      ":List(UInt32); t @1 :List(Text); }");
  auto newer = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { a @0 :List(Line); t @1 "
      ":List(Name); } struct Line { n @0 :UInt32 $Coppice.index; m @1 :UInt32; } struct Name { t "
      "@0 :Text $Coppice.index; }");
  auto body = body_of(*older, [](auto part) {
    part.init("a", 2).template as<capnp::DynamicList>().set(1, 5);
    part.init("t", 1).template as<capnp::DynamicList>().set(0, "x");
  });
  CHECK(found_in(*newer, body) == Values{"a.n=0", "a.n=5", "t.t='x'"});
}

TEST_CASE("a field keeps its identity when it is renamed", "[schema]") {
  auto before = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { a @0 "
      ":Box; } struct Box { b @0 :Text $Coppice.index; }");
  auto after = tree_in(
      "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") { c @0 "
      ":Crate; } struct Crate { x @1 :Text; d @0 :Text $Coppice.index; }");
  CHECK(before->indexes().find("a.b").has_value());
  CHECK(before->indexes().indexes()[0].field == after->indexes().indexes()[0].field);
  CHECK(after->indexes().indexes()[0].name == "c.d");
}

TEST_CASE("numbers are ordered as their values are", "[schema]") {
  const std::vector<double> reals = {-1e300, -2, -1.5, -1e-300, 0, 1e-300, 0.25, 3, 1e300};
  for (std::size_t i = 1; i < reals.size(); ++i)
    CHECK(FieldValue(reals[i - 1]).number() < FieldValue(reals[i]).number());
  CHECK(FieldValue(-0.0).number() == FieldValue(0.0).number());
  CHECK(FieldValue(std::nan("")).number() > FieldValue(1e308).number());
  CHECK(FieldValue(std::int8_t{-1}).number() < FieldValue(std::int64_t{0}).number());
  CHECK(FieldValue(INT64_MIN).number() == 0);
  CHECK(FieldValue(UINT64_MAX).number() == UINT64_MAX);
}

TEST_CASE("an annotation on what cannot be indexed is refused with the declaration", "[schema]") {
  const std::string of_part = "test.capnp: struct Part: field ";
  CHECK(refusal_of("a @0 :Box $Coppice.index;", "struct Box {}") ==
        of_part +
            "a is indexed, and only numbers, Bool, enums, Text, Data, references and lists "
            "of these can be; annotate the fields inside it.");
  CHECK_THAT(refusal_of("a @0 :Void $Coppice.unique;"), ContainsSubstring("field a is indexed"));
  CHECK(refusal_of("a @0 :Int32 $Coppice.search;") ==
        of_part +
            "a is searched, and only Text and lists of it can be; take $Coppice.search "
            "away.");
  CHECK(refusal_of("a @0 :Text = \"x\" $Coppice.index;") ==
        of_part +
            "a is indexed and has a default value, so nobody could tell whether it is set; "
            "take one of them away.");
  CHECK_THAT(refusal_of("b @0 :List(Box);", "struct Box { c @0 :Box $Coppice.index; }"),
             ContainsSubstring("field c of Box is indexed"));
  CHECK(refusal_of("a @0 :List(List(Text)) $Coppice.index $Coppice.search; b @1 :Coppice.Ref(Part) "
                   "$Coppice.unique;") == "");
}

TEST_CASE("a schema with annotated fields in too many places is refused", "[schema]") {
  std::string structs = "struct S12 { a @0 :Text $Coppice.index; }\n";
  for (int i = 0; i < 12; ++i) {
    structs += "struct S" + std::to_string(i) + " { a @0 :S" + std::to_string(i + 1) + "; b @1 :S" +
               std::to_string(i + 1) + "; }\n";
  }
  CHECK_THAT(refusal_of("a @0 :S0;", structs), ContainsSubstring("one index too many"));
}

}  // namespace coppice::test
