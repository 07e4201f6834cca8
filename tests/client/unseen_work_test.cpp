// Work by a schema that no server saw before its tree was migrated.
#include "tests/client/priced_desk.h"

namespace coppice::test {
namespace {

// A program of before the migration that no server saw: its parts have colours.
struct UnseenDesk : Desk {
  UnseenDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{kParts, colourful()->message()}};
  }
  static const TreeInfoPtr& colourful() {
    static const TreeInfoPtr tree = newer_tree_in_shop("parts");
    return tree;
  }
  Result<Done> paint(AnyKey key, const char* colour) {
    return (*this)->write([&](Transaction& t) {
      t.edit_body(key).getRoot<capnp::DynamicStruct>(colourful()->dynamic()).set("colour", colour);
    });
  }
  AnyKey make(const char* number) {
    const auto made = (*this)->write([&](Transaction& t) {
      return t.create(kParts, body_of(*colourful(), [&](auto part) {
                        part.set("number", number);
                        part.set("colour", "blue");
                      }));
    });
    REQUIRE(made);
    return *made;
  }
};

std::string colour_in(const Conflict::Item& item) {
  const auto schema = TreeInfo::parse(item.schema);
  REQUIRE(schema);
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(item.mine.data()));
  return root.getAs<capnp::DynamicStruct>((*schema)->dynamic())
      .get("colour")
      .as<capnp::Text>()
      .cStr();
}

}  // namespace

TEST_CASE("work by a schema that no server saw becomes conflicts with it, and the replica goes on",
          "[client]") {
  Site site;
  Key<shop::Part> handed_in, edited;
  AnyKey made;
  {
    Desk old(site, "ann");
    old.go_on_line();
    handed_in = made_part(old, site, "P1");
    edited = made_part(old, site, "P2");
    old.borrow(handed_in);
    old.borrow(edited);
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    REQUIRE(unseen.paint(handed_in, "red"));
    REQUIRE(unseen.check_in(handed_in));
    REQUIRE(unseen.paint(edited, "green"));
    made = unseen.make("P3");
    migrate(site);
    // It is of the past itself, and says so.
    unseen.connect();
    site.settle();
    CHECK(unseen->status().connection == Connection::refused);
    CHECK_THAT(unseen->status().reason, Catch::Matchers::ContainsSubstring("Update the program"));
    CHECK(unseen->status().outbox == 2);
    CHECK(unseen->status().conflicts == 0);
  }
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  const auto conflicts = ann->conflicts();
  REQUIRE(conflicts.size() == 3);
  CHECK(conflicts[0].items[0].key == AnyKey(handed_in));
  CHECK(conflicts[0].items[0].action == "check in");
  CHECK(colour_in(conflicts[0].items[0]) == "red");
  CHECK(conflicts[1].items[0].key == made);
  CHECK(colour_in(conflicts[1].items[0]) == "blue");
  CHECK(conflicts[2].items[0].key == AnyKey(edited));
  CHECK(colour_in(conflicts[2].items[0]) == "green");
  CHECK_THAT(conflicts[0].reasons[0].message,
             Catch::Matchers::ContainsSubstring("that the server never saw"));
  CHECK(ann->status().outbox == 0);
  CHECK(ann.price(handed_in) == "12 EUR");
  CHECK(ann.price(made) == "(no record)");
  check_equal(site, ann);

  REQUIRE(ann.set_price(edited, "13 USD"));
  REQUIRE(ann.check_in(edited));
  site.settle();
  ann.reopen();
  ann.connect();
  site.settle();
  CHECK(ann->status().conflicts == 3);
  CHECK(colour_in(ann->conflicts()[2].items[0]) == "green");
  CHECK(ann.price(edited) == "13 USD");
  check_equal(site, ann);
}

TEST_CASE("a tool that knows no types takes a replica with such work on line too", "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    REQUIRE(unseen.paint(key, "red"));
    unseen.make("P2");
  }
  migrate(site);
  Desk tool(site, "ann");
  tool.options.trees = {};
  tool.go_on_line();
  CHECK(tool->conflicts().size() == 2);
  CHECK(tool->status().outbox == 0);
  CHECK(tool.value(key) == site.stored(key));
  check_equal(site, tool);
}

TEST_CASE("what was done to a record after work that is left behind goes with it", "[client]") {
  Site site;
  AnyKey made;
  {
    Desk old(site, "ann");
    old.go_on_line();
    made_part(old, site, "P1");
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    made = unseen.make("P2");
    const auto moved = unseen->write([&](Transaction& t) { t.set_state(made, 0, 1); });
    REQUIRE(moved);
  }
  migrate(site);
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  CHECK(ann->conflicts().size() == 2);
  CHECK(ann->status().outbox == 0);
  CHECK(ann.price(made) == "(no record)");
  check_equal(site, ann);
}

TEST_CASE("a schema without a number that the server saw meanwhile loses nothing", "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk seen(site, "ann");
    seen.open();
    REQUIRE(seen.paint(key, "red"));
    seen.go_on_line();
    CHECK(seen->snapshot().catalogue().find(kParts)->version() == 2);
    seen.go_off_line();
  }
  migrate(site);
  PricedDesk ann(site, "ann");
  ann.go_on_line();
  REQUIRE(ann->status().connection == Connection::live);
  CHECK(ann->status().conflicts == 0);
  CHECK(ann.price(key) == "12 EUR");
  REQUIRE(ann.check_in(key));
  site.settle();
  CHECK(ann->status().conflicts == 0);
  check_equal(site, ann);
}

namespace {

// The server's answers and changes are lost; what it says of itself arrives.
std::optional<wire::Frame> without_answers(wire::Frame frame) {
  const auto bytes = frame.bytes();
  capnp::FlatArrayMessageReader message(kj::arrayPtr(
      reinterpret_cast<const capnp::word*>(bytes.data()), bytes.size() / sizeof(capnp::word)));
  const auto root = message.getRoot<protocol::ToClient>();
  if (root.isWelcome() || root.isCatalogue() || root.isClients()) return frame;
  return std::nullopt;
}

}  // namespace

TEST_CASE("a body without a number in a request that the server has is read by its own schema",
          "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk seen(site, "ann");
    seen.open();
    REQUIRE(seen.paint(key, "red"));
    REQUIRE(seen.check_in(key, Borrowing::kept));
    REQUIRE(seen.paint(key, "green"));
    seen.on_receive = without_answers;
    seen.connect();
    site.settle();
    CHECK(site.header(key).iteration == 2);
  }
  migrate(site);
  PricedDesk ann(site, "ann");
  ann.on_receive = without_answers;
  ann.open();
  ann.connect();
  site.settle();
  CHECK(ann->status().outbox > 0);
  CHECK(ann.price(key) == "12 EUR");
  // What was handed in is shown again.
  ann->give_back({AnyKey(key)});
  CHECK(ann.price(key) == "12 EUR");
  ann.on_receive = nullptr;
  ann.cut();
  site.settle();
  CHECK(ann->status().conflicts == 0);
  CHECK(ann->status().outbox == 0);
  CHECK(ann.price(key) == "12 EUR");
  check_equal(site, ann);
}

TEST_CASE("where nothing was migrated, a refused schema leaves a replica as it was", "[client]") {
  Site site;
  Key<shop::Part> key;
  {
    Desk old(site, "ann");
    old.go_on_line();
    key = made_part(old, site, "P1");
    old.borrow(key);
  }
  {
    UnseenDesk unseen(site, "ann");
    unseen.open();
    REQUIRE(unseen.paint(key, "red"));
  }
  // Others went another way meanwhile.
  const auto smelling =
      tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool;\n  smell @21 :Int64;"}});
  Desk bob(site, "bob");
  bob.options.trees = {{kParts, smelling->message()}};
  bob.go_on_line();
  {
    Desk tool(site, "ann");
    tool.options.trees = {};
    tool.open();
    tool.connect();
    site.settle();
    CHECK(tool->status().connection == Connection::refused);
    CHECK(tool->status().conflicts == 0);
    CHECK(tool->snapshot().catalogue().find(kParts)->version() == 1);
  }
  UnseenDesk unseen(site, "ann");
  unseen.open();
  REQUIRE(unseen.paint(key, "green"));
  CHECK(unseen->check_invariants() == std::vector<std::string>{});
}

}  // namespace coppice::test
