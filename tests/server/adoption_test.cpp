// Which schemas a database adopts, and what it keeps of those it had.
#include "tests/codegen/compile.h"
#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

using coppice::test::newer_tree_in_shop;
using coppice::test::tree_in_shop;

// A client whose program has this schema of the parts, and says so.
void greet(Peer& peer, const TreeInfoPtr& program) {
  peer.connect(
      [&](Peer::Hello hello) { hello.initSchemas(1).setWithCaveats(0, program->schema()); });
}

TreeInfoPtr renamed() { return tree_in_shop("parts", {{"title @1 :Text;", "heading @1 :Text;"}}); }

std::uint32_t version(TestServer& server) {
  return server.database().catalogue()->find(kParts)->version();
}

std::string first_name(const TreeInfo& tree) {
  return tree.dynamic().getFields()[1].getProto().getName();
}

TEST_CASE("a newer schema is adopted once, and every version is kept", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  greet(ann, newer_tree_in_shop("parts"));
  CHECK(version(server) == 2);
  greet(ann, newer_tree_in_shop("parts"));
  CHECK(version(server) == 2);
  server.restart();
  const auto catalogue = server.database().catalogue();
  REQUIRE(catalogue->history(kParts).size() == 2);
  CHECK(catalogue->find(kParts, 1)->same_schema(*tree_in_shop("parts")));
  CHECK(catalogue->find(kParts, 2)->same_schema(*newer_tree_in_shop("parts")));
  CHECK(catalogue->find(kParts, 3) == nullptr);
}

TEST_CASE("two programs that differ in a name do not take turns", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  Peer bob(server, "bob");
  greet(bob, renamed());
  CHECK(version(server) == 2);
  greet(ann, tree_in_shop("parts"));
  CHECK(version(server) == 2);
  CHECK(first_name(*server.database().catalogue()->find(kParts)) == "heading");
  greet(bob, renamed());
  CHECK(version(server) == 2);
}

TEST_CASE("a program between two versions that it never was is no news", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  greet(ann, newer_tree_in_shop("parts"));
  const auto between =
      tree_in_shop("parts", {{"obsolete @20 :Bool;", "obsolete @20 :Bool; colour @21 :Text;"}});
  greet(ann, between);
  CHECK(version(server) == 2);
  CHECK(server.database().catalogue()->version_known_to(*between) == 2);
}

TEST_CASE("an incompatible schema is refused, and nothing is adopted", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  ann.forget();
  greet(ann, tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Float64"}}));
  CHECK(ann.closed());
  CHECK(ann.refusal().getCode() == protocol::Code::INCOMPATIBLE_SCHEMA);
  CHECK(version(server) == 1);
  CHECK(server.database().catalogue()->history(kParts).size() == 1);
}

TEST_CASE("a version says when it was adopted, and from whom", "[server]") {
  TestServer server;
  Peer bob(server, "bob", "lathe");
  const auto now = server.now_us;
  greet(bob, newer_tree_in_shop("parts"));
  const auto schema = server.database().catalogue()->find(kParts)->schema();
  CHECK(schema.getAdoptedFrom() == "bob, lathe");
  CHECK(schema.getAdopted() >= now);
  CHECK(schema.getGeneration() == 0);
}

TEST_CASE("the welcome brings the newest versions, and the history follows", "[server]") {
  TestServer server;
  Peer bob(server, "bob");
  greet(bob, newer_tree_in_shop("parts"));
  Peer ann(server, "ann");
  REQUIRE(ann.welcome().getCatalogue().size() == 2);
  const auto earlier = ann.last(protocol::ToClient::CATALOGUE).getCatalogue();
  REQUIRE(earlier.size() == 1);
  CHECK(earlier[0].getTree() == kParts.value);
  CHECK(earlier[0].getVersion() == 1);
}

TEST_CASE("a version that a replica has is not sent again, one that it lacks is", "[server]") {
  TestServer server;
  Peer bob(server, "bob");
  greet(bob, newer_tree_in_shop("parts"));
  bob.forget();
  bob.connect([](Peer::Hello hello) {
    auto known = hello.initKnown(2);
    known[0].setTree(kParts.value);
    known[0].setVersion(2);
    known[1].setTree(kCompanies.value);
    known[1].setVersion(1);
  });
  CHECK(bob.welcome().getCatalogue().size() == 0);
  CHECK(bob.last(protocol::ToClient::CATALOGUE).getCatalogue()[0].getVersion() == 1);
}

TEST_CASE("more versions than a catalogue may have are refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  ann.forget();
  ann.connect([](Peer::Hello hello) { hello.initKnown(kVersionsMax + 1); });
  CHECK(ann.refusal().getCode() == protocol::Code::BAD_REQUEST);
}

}  // namespace
}  // namespace coppice::server::test
