// What of a tree can be asked for by name, and how its values are found in bodies.
#include "schema/field_map.h"

#include <set>

#include "depot.coppice.h"
#include "schema/field_reader.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using depot::Article;
using Names = std::vector<std::string>;
using Values = std::vector<std::string>;

const FieldMap& article_fields() { return tree_of<Article>().fields(); }

Values values_in(const TreeInfo& tree, const std::string& name, const Words& body) {
  const auto* field = tree.fields().find(name);
  REQUIRE(field);
  Values values;
  tree.fields().reader(*field).any(body, [&](const FieldValue& value) {
    values.push_back(describe(field->type, value));
    return false;
  });
  return values;
}

Values values(const std::string& name, const std::function<void(Article::Builder)>& fill) {
  return values_in(tree_of<Article>(), name, body_of<Article>(fill));
}

}  // namespace

TEST_CASE("every field of a tree has a name, in the order of the schema", "[schema]") {
  Names names;
  std::set<std::uint64_t> ids;
  for (const auto& field : article_fields().fields()) {
    names.push_back(field.name);
    ids.insert(field.id.value);
  }
  CHECK(names == Names{"number",   "title",         "maker",       "price",         "weight",
                       "kind",     "obsolete",      "keywords",    "levels",        "barcode",
                       "lines",    "lines.article", "lines.count", "lines.instead", "size.length",
                       "nowhere",  "address",       "place",       "place.shelf",   "serial",
                       "switches", "precise",       "makers",      "note"});
  CHECK(ids.size() == names.size());
}

TEST_CASE("an indexed field is the same field for the index and for a query", "[schema]") {
  for (const auto& index : tree_of<Article>().indexes().indexes()) {
    if (index.name.empty()) continue;
    const auto* field = article_fields().find(index.field);
    REQUIRE(field);
    CHECK(field->name == index.name);
    CHECK(field->type == index.type);
    CHECK(field->type_id == index.type_id);
    CHECK(article_fields().find(index.name) == field);
  }
}

TEST_CASE("it is known how many values a record has of a field", "[schema]") {
  Names always, several;
  for (const auto& field : article_fields().fields()) {
    if (field.is_always_there) always.push_back(field.name);
    if (!field.is_single) several.push_back(field.name);
  }
  CHECK(always == Names{"price", "weight", "kind", "obsolete", "size.length", "serial", "precise"});
  CHECK(several == Names{"keywords", "levels", "lines", "lines.article", "lines.count",
                         "lines.instead", "switches", "makers"});
}

TEST_CASE("enums have their names", "[schema]") {
  const auto* kind = article_fields().find("kind");
  REQUIRE(kind);
  CHECK(article_fields().enumerants(kind->type_id) == Names{"bought", "made", "found"});
  CHECK(article_fields().enumerants(1).empty());
}

TEST_CASE("values are read wherever they lie", "[schema]") {
  const auto fill = [](Article::Builder article) {
    article.setPrice(-5);
    article.setNote("cheap");
    article.initMaker().setKey(KeyWord(RecordId{7}, Revision{2}).value);
    auto keywords = article.initKeywords(3);
    keywords.set(0, "red");
    keywords.set(2, "blue");
    auto lines = article.initLines(2);
    lines[0].setCount(3);
    lines[0].initInstead(1)[0].setCount(4);
    article.initPlace().setShelf(9);
    article.initMakers(2)[1].setKey(KeyWord(RecordId{8}, Revision{0}).value);
    article.initSwitches(1).set(0, true);
  };
  CHECK(values("price", fill) == Values{"-5"});
  CHECK(values("size.length", fill) == Values{"10"});
  CHECK(values("note", fill) == Values{"'cheap'"});
  CHECK(values("maker", fill) == Values{"7.2"});
  CHECK(values("makers", fill) == Values{"8"});
  CHECK(values("keywords", fill) == Values{"'red'", "'blue'"});
  CHECK(values("lines.count", fill) == Values{"3", "4", "1"});
  CHECK(values("switches", fill) == Values{"1"});
  CHECK(values("place.shelf", fill) == Values{"9"});
  CHECK(values("address", fill).empty());
}

TEST_CASE("what has no value has presence", "[schema]") {
  const auto nothing = [](Article::Builder) {};
  CHECK(values("nowhere", nothing).size() == 1);
  CHECK(values("place", nothing).empty());
  CHECK(values("lines", nothing).empty());
  CHECK(values("lines", [](auto article) { article.initLines(0); }).empty());
  const auto placed = [](Article::Builder article) {
    article.initPlace();
    article.initLines(2);
  };
  CHECK(values("nowhere", placed).empty());
  CHECK(values("place", placed).size() == 1);
  CHECK(values("lines", placed).size() == 1);
  CHECK(values("lines.instead", placed).empty());
}

TEST_CASE("a group in a union has presence, and its own fields", "[schema]") {
  const auto tree = tree_in(
      "struct Part $Coppice.tree(name = \"parts\") { union { none @0 :Void; box :group { x @1 "
      ":UInt8; y @2 :Text; } } }");
  const auto empty = body_of(*tree, [](auto) {});
  CHECK(values_in(*tree, "none", empty).size() == 1);
  CHECK(values_in(*tree, "box", empty).empty());
  CHECK(values_in(*tree, "box.x", empty).empty());
  const auto boxed = body_of(*tree, [](capnp::DynamicStruct::Builder part) {
    part.init("box").as<capnp::DynamicStruct>().set("x", 3);
  });
  CHECK(values_in(*tree, "none", boxed).empty());
  CHECK(values_in(*tree, "box", boxed).size() == 1);
  CHECK(values_in(*tree, "box.x", boxed) == Values{"3"});
}

TEST_CASE("a struct inside itself, by whatever way, is one", "[schema]") {
  const auto tree = tree_in(
      "struct Part $Coppice.tree(name = \"parts\") { number @0 :Text; in @1 :Part; box @2 :Box; } "
      "struct Box { size @0 :Int8; lid @1 :Lid; } struct Lid { box @0 :Box; name @1 :Text; }");
  Names names;
  for (const auto& field : tree->fields().fields()) {
    names.push_back(field.name);
    CHECK(!field.is_single);
  }
  CHECK(names ==
        Names{"number", "in", "box", "box.size", "box.lid", "box.lid.box", "box.lid.name"});
  const auto body = body_of(*tree, [](capnp::DynamicStruct::Builder part) {
    part.set("number", "outer");
    auto inner = part.init("in").as<capnp::DynamicStruct>();
    inner.set("number", "inner");
    auto box = inner.init("box").as<capnp::DynamicStruct>();
    box.set("size", 1);
    auto lid = box.init("lid").as<capnp::DynamicStruct>();
    lid.set("name", "top");
    lid.init("box").as<capnp::DynamicStruct>().set("size", 2);
  });
  CHECK(values_in(*tree, "number", body) == Values{"'outer'", "'inner'"});
  CHECK(values_in(*tree, "box.size", body) == Values{"1", "2"});
  CHECK(values_in(*tree, "box.lid.name", body) == Values{"'top'"});
}

TEST_CASE("a schema with very many ways has names for the shorter ones", "[schema]") {
  std::string text = "struct Part $Coppice.tree(name = \"parts\") { a @0 :S0; }";
  for (int i = 0; i < 12; ++i) {
    text += "struct S" + std::to_string(i) + " { x @0 :Int8; ";
    for (int k = 0; k < 12; ++k)
      text +=
          "s" + std::to_string(k) + " @" + std::to_string(k + 1) + " :S" + std::to_string(k) + "; ";
    text += "}";
  }
  const auto tree = tree_in(text);
  CHECK(tree->fields().fields().size() <= FieldMap::kFieldsMax);
  CHECK(tree->fields().fields().size() > FieldMap::kFieldsMax / 2);
  CHECK(tree->fields().find("a.s5.s3.x"));
}

}  // namespace coppice::test
