// What is generated is compiled and used here, as in an application.
#include <algorithm>

#include <capnp/message.h>
#include <coppice/ref.h>

#include "schema/tree_info.h"
#include "shop.coppice.h"
#include "tests/support/catch.h"
#include "tool.coppice.h"

namespace coppice {
namespace {

std::vector<std::string> node_names(const TreeInfo& tree) {
  std::vector<std::string> names;
  for (auto node : tree.schema().getNodes()) names.push_back(node.getDisplayName());
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("a generated tree has the id and the options of its struct", "[codegen]") {
  STATIC_REQUIRE(TreeOf<shop::Part>::id == TreeId{0xd8a9c06b31f45e72});
  STATIC_REQUIRE(TreeOf<shop::Part>::name == "parts");
  STATIC_REQUIRE(TreeOf<shop::Part>::versioned);
  STATIC_REQUIRE_FALSE(TreeOf<shop::Company>::versioned);
  STATIC_REQUIRE(std::is_same_v<shop::PartKey, Key<shop::Part>>);
  STATIC_REQUIRE(TreeOf<shop::Part>::id.value == capnp::typeId<shop::Part>());
}

TEST_CASE("a generated schema is a tree for the catalogue", "[codegen]") {
  auto tree = TreeInfo::parse(TreeOf<shop::Part>::schema()).value();
  CHECK(tree->name() == "parts");
  CHECK(tree->id() == TreeOf<shop::Part>::id);
  CHECK(tree->versioned());
  CHECK(tree->version() == 0);
  CHECK(tree->superseded_state() == 200);
  auto message = tree->message();
  auto embedded = TreeOf<shop::Part>::schema();
  CHECK(std::equal(message.begin(), message.end(), embedded.begin(), embedded.end()));
}

TEST_CASE("an embedded schema has what its bodies and annotations need, the root first",
          "[codegen]") {
  auto tree = TreeInfo::parse(TreeOf<shop::Movement>::schema()).value();
  auto names = node_names(*tree);
  CHECK(names.front() == "shop.capnp:Movement");
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"shop.capnp:Movement", "shop.capnp:Part", "tree.capnp",
                                          "tree.capnp:Children", "tree.capnp:LifecycleState",
                                          "tree.capnp:LifecycleStep", "tree.capnp:ObsoletePolicy",
                                          "tree.capnp:Ref", "tree.capnp:StepRight",
                                          "tree.capnp:Tree", "tree.capnp:tree"});
  auto nodes = tree->schema().getNodes();
  for (unsigned i = 2; i < nodes.size(); ++i) CHECK(nodes[i - 1].getId() < nodes[i].getId());
}

TEST_CASE("an embedded schema follows fields but not references", "[codegen]") {
  auto names = node_names(*TreeInfo::parse(TreeOf<shop::Part>::schema()).value());
  for (const char* needed :
       {"Company", "BomLine", "Process", "Process.Step", "Unit", "Part.size", "Part.source"}) {
    INFO(needed);
    CHECK(has(names, std::string("shop.capnp:") + needed));
  }
  CHECK(has(names, "tree.capnp:unit"));
  CHECK(has(names, "tree.capnp:label"));
  CHECK_FALSE(has(names, "shop.capnp:Movement"));
  CHECK_FALSE(has(node_names(*TreeInfo::parse(TreeOf<shop::Movement>::schema()).value()),
                  "shop.capnp:BomLine"));
}

TEST_CASE("an embedded schema brings the comments of what it has", "[codegen]") {
  auto tree = TreeInfo::parse(TreeOf<shop::Part>::schema()).value();
  std::string of_number;
  for (auto info : tree->schema().getSourceInfo()) {
    if (info.getId() == tree->id().value) of_number = info.getMembers()[0].getDocComment().cStr();
  }
  CHECK(of_number == "What is printed on the drawing.\n");
}

TEST_CASE("annotations can be read back from an embedded schema", "[codegen]") {
  auto tree = TreeInfo::parse(TreeOf<shop::Part>::schema()).value();
  auto price = tree->dynamic().getFieldByName("price").getProto().getAnnotations();
  REQUIRE(price.size() == 1);
  CHECK(price[0].getId() == 0x9e4f7a3c8b1d2605);
  CHECK(price[0].getValue().getText() == "cent");
  auto maker = tree->dynamic().getFieldByName("maker").getType().asStruct();
  auto target = maker.getBrandArgumentsAtScope(maker.getProto().getId())[0].asStruct();
  CHECK(target.getShortDisplayName() == "Company");
}

TEST_CASE("nested and renamed trees are reached under their C++ names", "[codegen]") {
  STATIC_REQUIRE(TreeOf<acme::workshop::Drawer::Tool>::name == "tools");
  STATIC_REQUIRE(TreeOf<acme::workshop::Human>::name == "people-1");
  STATIC_REQUIRE(std::is_same_v<acme::workshop::DrawerToolKey, Key<acme::workshop::Drawer::Tool>>);
  auto tree = TreeInfo::parse(TreeOf<acme::workshop::Drawer::Tool>::schema()).value();
  CHECK(tree->comment_on_check_in());
  capnp::MallocMessageBuilder message;
  auto tool = message.initRoot<acme::workshop::Drawer::Tool>();
  refer(tool.initLentTo(), acme::workshop::HumanKey(RecordId{1}, Revision{2}));
  CHECK(key_of(tool.asReader().getLentTo()) == acme::workshop::HumanKey(RecordId{1}, Revision{2}));
}

}  // namespace coppice
