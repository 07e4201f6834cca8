#include "schema/tree_info.h"

#include <functional>
#include <random>

#include "schema/compare_schemas.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using Schema = protocol::TreeSchema;
using Change = std::function<void(Schema::Builder)>;

// The tree of the shop's parts with its schema changed as nobody honest would.
Result<TreeInfoPtr> changed(const Change& change) {
  capnp::MallocMessageBuilder message;
  message.setRoot(tree_of<shop::Part>().schema());
  change(message.getRoot<Schema>());
  return TreeInfo::parse(message.getRoot<Schema>().asReader());
}

std::string refused(const Change& change) {
  auto result = changed(change);
  if (result) return "";
  CHECK(result.error().code == Errc::incompatible_schema);
  return result.error().message;
}

capnp::schema::Node::Builder node(Schema::Builder schema, std::string_view name) {
  for (auto node : schema.getNodes()) {
    if (std::string_view(node.getDisplayName().cStr()) == name) return node;
  }
  FAIL("no node " << name);
  return {nullptr};
}

capnp::schema::Field::Builder field(capnp::schema::Node::Builder node, std::string_view name) {
  for (auto field : node.getStruct().getFields()) {
    if (std::string_view(field.getName().cStr()) == name) return field;
  }
  FAIL("no field " << name);
  return {nullptr};
}

void remove_node(Schema::Builder schema, std::string_view name) {
  auto gone = node(schema, name).getId();
  auto old = schema.disownNodes();
  auto kept = schema.initNodes(old.getReader().size() - 1);
  unsigned i = 0;
  for (auto each : old.getReader()) {
    if (each.getId() != gone) kept.setWithCaveats(i++, each);
  }
}

}  // namespace

TEST_CASE("a tree knows its options, its struct and the shape of its bodies", "[schema]") {
  const TreeInfo& parts = tree_of<shop::Part>();
  CHECK(parts.id() == TreeOf<shop::Part>::id);
  CHECK(parts.name() == "parts");
  CHECK(parts.versioned());
  CHECK(parts.version() == 0);
  CHECK(parts.released_state() == 100);
  CHECK(parts.superseded_state() == 200);
  CHECK_FALSE(parts.comment_on_check_in());
  CHECK(parts.dynamic().getFields().size() == 16);
  CHECK(parts.schema().getTree() == parts.id().value);
}

TEST_CASE("a tree's message parses to the same tree", "[schema]") {
  auto again = TreeInfo::parse(tree_of<shop::Part>().message()).value();
  CHECK(again->same_schema(tree_of<shop::Part>()));
  CHECK(std::equal(again->message().begin(), again->message().end(),
                   tree_of<shop::Part>().message().begin(), tree_of<shop::Part>().message().end()));
}

TEST_CASE("a tree with another version is otherwise the same", "[schema]") {
  auto seventh = tree_of<shop::Part>().with_version(7);
  CHECK(seventh->version() == 7);
  CHECK(seventh->same_schema(tree_of<shop::Part>()));
  CHECK_FALSE(seventh->same_schema(tree_of<shop::Company>()));
}

TEST_CASE("a schema with a name that is no tree's name is refused", "[schema]") {
  const std::string name =
      GENERATE(as<std::string>{}, "", "Parts", "1parts", "-parts", "_parts", "parts:1", "my parts",
               "p\u00e4rts", "parts.", std::string(65, 'p'));
  auto message = refused([&](Schema::Builder schema) { schema.setName(name); });
  CHECK_THAT(message, ContainsSubstring("'" + name + "' is no name for a tree"));
}

TEST_CASE("names at the limits are accepted", "[schema]") {
  const std::string name = GENERATE(as<std::string>{}, "p", "p-1_x", std::string(64, 'p'));
  auto tree = changed([&](Schema::Builder schema) { schema.setName(name); });
  REQUIRE(tree.has_value());
  CHECK((*tree)->name() == name);
}

TEST_CASE("a schema whose own struct is missing is refused", "[schema]") {
  CHECK_THAT(refused([](Schema::Builder schema) { schema.setTree(12345); }),
             ContainsSubstring("lacks its own struct"));
  CHECK_THAT(refused([](Schema::Builder schema) { schema.initNodes(0); }),
             ContainsSubstring("lacks its own struct"));
  // Part is still named by its own references, and so known to the loader as a placeholder.
  CHECK(refused([](Schema::Builder schema) { remove_node(schema, "shop.capnp:Part"); }) != "");
}

TEST_CASE("a schema whose root is no struct of its own is refused", "[schema]") {
  CHECK_THAT(refused([](Schema::Builder schema) {
               schema.setTree(node(schema, "shop.capnp:Unit").getId());
             }),
             ContainsSubstring("is not a struct"));
  CHECK(refused([](Schema::Builder schema) {
          schema.setTree(node(schema, "shop.capnp:Part.size").getId());
        }) != "");
}

TEST_CASE("a schema that lacks the struct of a field is refused", "[schema]") {
  const std::string name = GENERATE(as<std::string>{}, "shop.capnp:BomLine", "shop.capnp:Process",
                                    "shop.capnp:Process.Step", "shop.capnp:Part.size");
  CHECK_THAT(refused([&](Schema::Builder schema) { remove_node(schema, name); }),
             ContainsSubstring("cannot be loaded"));
}

TEST_CASE("a schema may lack what references only name", "[schema]") {
  CHECK(refused([](Schema::Builder schema) { remove_node(schema, "shop.capnp:Company"); }) == "");
}

TEST_CASE("a schema with a declaration twice is refused", "[schema]") {
  CHECK_THAT(refused([](Schema::Builder schema) {
               auto old = schema.disownNodes();
               auto count = old.getReader().size();
               auto nodes = schema.initNodes(count + 1);
               for (unsigned i = 0; i <= count; ++i)
                 nodes.setWithCaveats(i, old.getReader()[i % count]);
             }),
             ContainsSubstring("there twice"));
}

TEST_CASE("a field outside of its struct is refused", "[schema]") {
  CHECK(refused([](Schema::Builder schema) {
          field(node(schema, "shop.capnp:Part"), "title").getSlot().setOffset(60000);
        }) != "");
  CHECK(refused([](Schema::Builder schema) {
          field(node(schema, "shop.capnp:Part.size"), "length").getSlot().setOffset(60000);
        }) != "");
}

TEST_CASE("groups that contain themselves or each other are refused", "[schema]") {
  auto set_group = [](Schema::Builder schema, std::string_view owner, std::string_view name,
                      std::string_view group) {
    field(node(schema, owner), name).initGroup().setTypeId(node(schema, group).getId());
  };
  // Without the check, whoever walks the fields would never come back.
  CHECK(refused([&](Schema::Builder schema) {
          set_group(schema, "shop.capnp:Part.size", "length", "shop.capnp:Part.size");
        }) != "");
  CHECK(refused([&](Schema::Builder schema) {
          auto size = node(schema, "shop.capnp:Part.size");
          size.setScopeId(size.getId());
          set_group(schema, "shop.capnp:Part.size", "length", "shop.capnp:Part.size");
        }) != "");
  CHECK(refused([&](Schema::Builder schema) {
          set_group(schema, "shop.capnp:Part", "size", "shop.capnp:BomLine");
        }) != "");
  CHECK(refused([&](Schema::Builder schema) {
          auto size = node(schema, "shop.capnp:Part.size");
          size.setScopeId(size.getId());
          set_group(schema, "shop.capnp:Part.size", "length", "shop.capnp:Part.size");
          auto maker = field(node(schema, "shop.capnp:Part"), "maker");
          maker.getSlot().getType().initStruct().setTypeId(size.getId());
          set_group(schema, "shop.capnp:Part", "size", "shop.capnp:Part.source");
        }) != "");
}

TEST_CASE("a very long chain of structs is no trap", "[schema]") {
  constexpr unsigned length = 4000;
  std::string text = "struct T $Coppice.tree(name = \"t\") { next @0 :S0; }";
  capnp::MallocMessageBuilder message;
  message.setRoot(tree_in(text + "struct S0 { next @0 :S0; }", "t")->schema());
  auto schema = message.getRoot<Schema>();
  auto link = node(schema, "test.capnp:S0");
  auto first = link.getId();
  auto old = schema.disownNodes();
  auto nodes = schema.initNodes(old.getReader().size() + length);
  unsigned count = 0;
  for (auto each : old.getReader()) nodes.setWithCaveats(count++, each);
  for (unsigned i = 0; i < length; ++i, ++count) {
    nodes.setWithCaveats(count, link.asReader());
    nodes[count].setId(first + i + 1);
  }
  for (auto each : nodes) {
    auto id = each.getId();
    if (id < first || id >= first + length) continue;
    each.getStruct().getFields()[0].getSlot().getType().initStruct().setTypeId(id + 1);
  }
  CHECK(TreeInfo::parse(schema.asReader()).has_value());
}

TEST_CASE("generic structs that contain each other without end are refused", "[schema]") {
  capnp::MallocMessageBuilder message;
  auto tree = tree_in(
      "struct T $Coppice.tree(name = \"t\") { a @0 :Box(Text); }"
      "struct Box(X) { it @0 :X; inner @1 :List(Box(Text)); }",
      "t");
  message.setRoot(tree->schema());
  auto schema = message.getRoot<Schema>();
  auto box = node(schema, "test.capnp:Box");
  auto inner = field(box, "inner").getSlot().getType().getList().getElementType().getStruct();
  auto bound = inner.getBrand().getScopes()[0].getBind()[0].initType().initList().initElementType();
  auto parameter = bound.initAnyPointer().initParameter();
  parameter.setScopeId(box.getId());
  parameter.setParameterIndex(0);
  auto result = TreeInfo::parse(schema.asReader());
  REQUIRE_FALSE(result.has_value());
  CHECK_THAT(result.error().message, ContainsSubstring("too many structs"));
}

TEST_CASE("a schema's message that is empty, too large or cut off is refused", "[schema]") {
  CHECK_FALSE(TreeInfo::parse(std::span<const std::uint64_t>()).has_value());
  CHECK_FALSE(TreeInfo::parse(Words((1u << 20) + 1)).has_value());
  auto whole = tree_of<shop::Part>().message();
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    auto result = TreeInfo::parse(whole.first(size));
    INFO(size);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::incompatible_schema);
  }
}

TEST_CASE("a damaged schema is refused or still a schema, and never a crash", "[schema]") {
  std::mt19937_64 random(42);
  auto whole = tree_of<shop::Part>().message();
  int usable = 0;
  const Words empty_body = {0x00000000fffffffc};
  for (int i = 0; i < 3000; ++i) {
    Words damaged(whole.begin(), whole.end());
    for (auto flips = 1 + random() % 3; flips > 0; --flips) {
      damaged[random() % damaged.size()] ^= std::uint64_t{1} << (random() % 64);
    }
    auto tree = TreeInfo::parse(damaged);
    if (!tree) continue;
    ++usable;
    Words scratch;
    (void)(*tree)->shape().check(bytes_of(full_part()), scratch);
    CHECK((*tree)->shape().check(bytes_of(empty_body), scratch).has_value());
    (void)(*tree)->same_schema(tree_of<shop::Part>());
    (void)compare_schemas(tree_of<shop::Part>(), **tree);
  }
  CHECK(usable > 100);
}

}  // namespace coppice::test
