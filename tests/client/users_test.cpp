// A client where the database has users.
#include "server/users.h"
#include "tests/client/site.h"

namespace coppice::test {
namespace {

// Makes a user in the database of the stopped server; returns the access token as it is printed.
std::string add_user(Site& site, const std::string& name, const std::string& role) {
  store::Database database(site.data(), store::Role::authority);
  const server::Tables tables(database);
  return database.write([&](store::WriteTxn& txn) {
    const server::Users users(tables);
    REQUIRE(users.add(txn, {name, role, {}, site.now_us}).has_value());
    const auto token = users.give_token(txn, name, site.now_us, [&] { return site.random(); });
    REQUIRE(token.has_value());
    return server::to_text(*token);
  });
}

constexpr char kUrl[] = "ws://server:7400/shop";

TEST_CASE("where there are users, a client without a token is refused, and keeps its work",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  site.stop_server();
  const auto part = ann.make_part("R1");
  const std::string token = add_user(site, "ann", "engineer");
  site.start_server();
  site.settle();
  CHECK(ann->status().connection == Connection::refused);
  CHECK(ann->status().reason.find("access token") != std::string::npos);
  CHECK(ann->status().outbox > 0);
  REQUIRE(ann->connect(kUrl, token + "\n"));
  site.settle();
  CHECK(ann->status().connection == Connection::live);
  CHECK(ann->status().outbox == 0);
  // The name is the server's, not what the client calls itself.
  ann.borrow(part);
  CHECK(ann->snapshot().holder(part)->user == "ann");
  check_equal(site, ann);
}

TEST_CASE("S1, C4: work that its user has no right to do is in the drawer, with the reason",
          "[client]") {
  Site site;
  Desk vera(site, "vera");
  vera.go_on_line();
  site.stop_server();
  vera.make_part("R1");
  const std::string token = add_user(site, "vera", "viewer");
  site.start_server();
  REQUIRE(vera->connect(kUrl, token));
  site.settle();
  REQUIRE(vera->conflicts().size() == 1);
  CHECK(vera->conflicts()[0].reasons[0].code == Errc::no_right);
  CHECK(vera->conflicts()[0].reasons[0].message.find("viewer") != std::string::npos);
}

}  // namespace
}  // namespace coppice::test
