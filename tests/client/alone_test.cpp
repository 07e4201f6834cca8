// A replica that has seen no server, and ones that cannot be opened.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/client/site.h"
#include "tests/codegen/compile.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

Error refusal(Desk& desk) {
  try {
    desk.open();
  } catch (const RefusedError& e) {
    return e.error();
  } catch (const StorageError& e) {
    return error(Errc::no_space, e.what());
  }
  return {};
}

TreeDefinition definition(const TreeInfoPtr& tree) { return {tree->id(), tree->message()}; }

}  // namespace

TEST_CASE("a replica works with no server ever seen, but for new records", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  CHECK(ann->snapshot().count<shop::Part>() == 0);
  CHECK(ann->status().connection == Connection::offline);
  CHECK(ann->status().reason == "not connected yet");
  CHECK(ann->ids_left(TreeOf<shop::Part>::id) == 0);
  const auto made =
      ann->write([](Transaction& t) { return t.create<shop::Part>([](shop::Part::Builder) {}); });
  REQUIRE(code_of(made) == Errc::lease_exhausted);
  CHECK(made.error().message ==
        "No ids are left for new records of tree 'parts'. Connect to the server to get more; "
        "everything else goes on.");
  CHECK(ann->check_invariants().empty());
  CHECK(ann->borrowed().empty());
  CHECK(ann->conflicts().empty());
}

TEST_CASE("a tree that the program did not name is refused", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.trees = trees<shop::Part>();
  ann.open();
  const auto made = ann->write(
      [](Transaction& t) { return t.create<shop::Company>([](shop::Company::Builder) {}); });
  CHECK(code_of(made) == Errc::unknown_tree);
  CHECK_THAT(made.error().message, ContainsSubstring("Client::Options::trees"));
  const auto edited = ann->write([](Transaction& t) {
    t.edit(Key<shop::Company>(RecordId{1}, Revision{1})).setName("x");
    t.check_in(Key<shop::Company>(RecordId{1}, Revision{1}));
  });
  CHECK(code_of(edited) == Errc::unknown_tree);
  CHECK_FALSE(ann->snapshot().get(Key<shop::Company>(RecordId{1}, Revision{1})));
}

TEST_CASE("every reason of a refused transaction is told", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  const Key<shop::Part> nowhere(RecordId{5}, Revision{1});
  const auto written = ann->write([&](Transaction& t) {
    t.edit(nowhere).setTitle("x");
    CHECK(t.refused());
    t.create<shop::Part>([](shop::Part::Builder) {});
    t.check_in(nowhere);
    t.release(nowhere);
    t.set_state(nowhere, 1, 2);
    t.remove(nowhere);
    CHECK_FALSE(t.next_revision(nowhere));
    CHECK(t.read(nowhere).getTitle().size() == 0);
  });
  REQUIRE_FALSE(written);
  REQUIRE(written.error().reasons.size() == 8);
  CHECK(written.error().reasons[0].code == Errc::unknown_record);
  CHECK(written.error().reasons[0].message == "parts:5.1 is not a record of this replica.");
  CHECK(written.error().reasons[1].code == Errc::lease_exhausted);
  CHECK(written.error().reasons[3].code == Errc::offline);
}

TEST_CASE("two trees of one name are refused when a replica is opened", "[client]") {
  Site site;
  const auto companies = tree_in_shop("parts", {{"name = \"companies\"", "name = \"firms\""}});
  const auto other = tree_in(
      "struct Item @0xa1b2c3d4e5f60718 $Coppice.tree(name = \"parts\") { a @0 :Text; }", "parts");
  Desk ann(site, "ann");
  ann.options.trees = {definition(companies), definition(other)};
  const auto why = refusal(ann);
  CHECK(why.code == Errc::incompatible_schema);
  CHECK_THAT(why.message, ContainsSubstring("another tree named 'parts'"));
}

TEST_CASE("a schema that the replica's cannot become is refused, and the replica is as it was",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto key = ann.make_part("P1");
  site.settle();
  ann.close();
  const auto trees_before = ann.options.trees;
  const auto changed = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Float64"}});
  ann.options.trees = {definition(changed)};
  const auto why = refusal(ann);
  CHECK(why.code == Errc::incompatible_schema);
  CHECK_THAT(why.message, ContainsSubstring("tree 'parts'"));
  ann.options.trees = trees_before;
  ann.open();
  CHECK(ann->snapshot().get(key));
  check_equal(site, ann);
}

TEST_CASE("a replica of one application is refused to a program of another", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.application = "shop";
  ann.open();
  ann.close();
  ann.options.application = "warehouse";
  const auto why = refusal(ann);
  CHECK(why.code == Errc::foreign_application);
  CHECK_THAT(why.message, ContainsSubstring("'shop'"));
  ann.options.application = "";
  CHECK(refusal(ann).code == Errc::none);
}

TEST_CASE("a replica that is open is not opened again", "[client]") {
  Site site;
  Desk ann(site, "ann");
  Desk again(site, "ann");
  ann.open();
  CHECK_THAT(refusal(again).message, ContainsSubstring("open in this program already"));
  again.options.access = Client::Access::read_only;
  CHECK_THAT(refusal(again).message, ContainsSubstring("open in this program already"));
  ann.close();
  again.options.access = Client::Access::read_write;
  CHECK(refusal(again).code == Errc::none);
}

TEST_CASE("who only looks at a replica may read and nothing else", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto key = ann.make_part("P1");
  site.settle();
  ann.close();
  ann.options.access = Client::Access::read_only;
  ann.open();
  CHECK(ann->snapshot().get(key));
  const auto write = ann->write([&](Transaction& t) { t.set_state(key, 0, 1); });
  CHECK(code_of(write) == Errc::not_supported);
  CHECK(write.error().message == "This replica was opened to look at only.");
  CHECK(code_of(ann->connect("ws://server:7400/shop")) == Errc::not_supported);
  CHECK(code_of(ann->check_out(key)) == Errc::not_supported);
  CHECK(code_of(ann->give_back({key})) == Errc::not_supported);
  CHECK(code_of(ann->lease<shop::Part>(10)) == Errc::not_supported);
  CHECK(code_of(ann->discard_conflict(1)) == Errc::not_supported);
  // Nothing would ever settle these.
  CHECK(code_of(ann->flushed()) == Errc::not_supported);
  CHECK(code_of(ann->synced()) == Errc::not_supported);
  CHECK(ann->check_invariants().empty());
}

TEST_CASE("looking at a folder without a replica is refused and makes nothing", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.access = Client::Access::read_only;
  CHECK_THAT(refusal(ann).message, ContainsSubstring("There is no database"));
  CHECK_FALSE(std::filesystem::exists(ann.folder));
}

TEST_CASE("a URL and a token that are none are refused at once", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  CHECK(code_of(ann->connect("server")) == Errc::bad_request);
  CHECK(code_of(ann->connect("ws://server:7400/shop", "secret")) == Errc::bad_request);
  CHECK(ann->status().connection == Connection::offline);
}

TEST_CASE("keys are written for people and read back", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.open();
  const AnyKey key = Key<shop::Part>(RecordId{4711}, Revision{2});
  CHECK(ann->format(key) == "parts:4711.2");
  CHECK(ann->parse_key("parts:4711.2").value() == key);
  CHECK(code_of(ann->parse_key("screws:1.1")) == Errc::unknown_tree);
  CHECK(code_of(ann->parse_key("parts")) == Errc::bad_request);
}

}  // namespace coppice::test
