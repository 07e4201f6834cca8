#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// Each has a device of its own; Eve's part 1 is there.
struct Company {
  TestServer server;
  AccessToken eves = server.add_user("eve", "engineer");
  Maker eve{server, "eve", "desk", eves};
  Maker quinn{server, "quinn", "desk", server.add_user("quinn", "quality")};
  Peer vera{server, "vera", "desk", server.add_user("vera", "viewer")};
  Maker ada{server, "ada", "desk", server.add_user("ada", "admin")};

  Company() { eve.ask(Work().create(part(1), part_body("R1"))); }
  ~Company() { CHECK(server.faults() == std::vector<std::string>{}); }
};

std::string name_of(Peer& peer, std::uint32_t number) {
  for (const auto& message : peer.heard()) {
    if (!message.root.isClients()) continue;
    for (const auto client : message.root.getClients()) {
      if (client.getNumber() == number) return client.getUser();
    }
  }
  return "(nobody)";
}

TEST_CASE("a database without users is open: everybody may do everything", "[server]") {
  TestServer server;
  CHECK_FALSE(server.core().has_users());
  Maker ann(server, "ann");
  CHECK(outcome(ann.ask(Work().create(part(1), part_body("R1")))) == "accepted");
  const auto token = token_of(ann.ask(borrow({part(1)})));
  CHECK(outcome(ann.ask(Work().release(part(1), token, 1))) == "accepted");
  CHECK(outcome(ann.ask(Work().set_state(part(1), 100, 7))) == "accepted");
}

TEST_CASE_METHOD(Company, "where there are users, nobody comes in without a token of theirs",
                 "[server]") {
  Peer none(server, "eve", "van");
  CHECK(none.refusal().getCode() == protocol::Code::UNKNOWN_USER);
  CHECK(none.closed().has_value());
  AccessToken wrong = eves;
  wrong[0] ^= std::byte{1};
  Peer guessing(server, "eve", "van", wrong);
  CHECK(guessing.refusal().getCode() == protocol::Code::UNKNOWN_USER);
}

TEST_CASE_METHOD(Company, "a client's user is the token's, not the name that it claims",
                 "[server]") {
  Peer liar(server, "ada", "van", eves);
  liar.ask(lease(kParts, 1));
  CHECK(name_of(liar, liar.number) == "eve");
}

TEST_CASE_METHOD(Company, "a replica stays the one of its user", "[server]") {
  quinn.token = eves;
  quinn.connect();
  CHECK(quinn.refusal().getCode() == protocol::Code::NO_RIGHT);
}

TEST_CASE_METHOD(Company, "the name that an open database took from a hello proves nothing",
                 "[server]") {
  TestServer open;
  Maker ada_by_claim(open, "ada");
  open.add_user("ada", "admin");
  CHECK(outcome(ada_by_claim.ask(Work().create(part(1), part_body("R1")))) == "no_right");
}

TEST_CASE_METHOD(Company, "S1: who may not edit borrows nothing", "[server]") {
  const auto answer = vera.ask(borrow({part(1)}));
  REQUIRE(outcome(answer) == "no_right");
  CHECK(std::string(answer.getRefused()[0].getText().cStr()).find("viewer") != std::string::npos);
  CHECK(outcome(vera.ask(wait_for({part(1)}))) == "no_right");
  CHECK(outcome(vera.ask(lease(kParts, 10))) == "no_right");
  CHECK(outcome(eve.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Company, "S19: only who may release releases", "[server]") {
  const auto eves_token = token_of(eve.ask(borrow({part(1)})));
  CHECK(outcome(eve.ask(Work().release(part(1), eves_token, 1))) == "no_right");
  eve.ask(give_back(part(1), eves_token));
  const auto token = token_of(quinn.ask(borrow({part(1)})));
  CHECK(outcome(quinn.ask(Work().release(part(1), token, 1))) == "accepted");
}

TEST_CASE_METHOD(Company, "S22: only who may set states sets them", "[server]") {
  CHECK(outcome(vera.ask(Work().set_state(part(1), 0, 1))) == "no_right");
  CHECK(outcome(eve.ask(Work().set_state(part(1), 0, 1))) == "accepted");
}

TEST_CASE_METHOD(Company, "C2: rights are judged by what the database says when it decides",
                 "[server]") {
  const auto token = token_of(eve.ask(borrow({part(1)})));
  const Tables tables(server.database());
  server.database().write([&](store::WriteTxn& txn) {
    REQUIRE(Users(tables).set_role(txn, "eve", "viewer").has_value());
  });
  CHECK(outcome(eve.ask(Work().check_in(part(1), token, 1, part_body("R1b")))) == "no_right");
  // What a person may not change any more may still be given back.
  CHECK(outcome(eve.ask(give_back(part(1), token))) == "gave back");
  server.database().write(
      [&](store::WriteTxn& txn) { REQUIRE(Users(tables).remove(txn, "eve").has_value()); });
  CHECK(outcome(eve.ask(borrow({part(1)}))) == "no_right");
}

TEST_CASE_METHOD(Company, "a machine makes records in its trees, and does nothing else",
                 "[server]") {
  Maker placer(server, "placer", "line 1", server.add_user("placer", "machine", {"parts"}));
  CHECK(outcome(placer.ask(Work().create(part(placer.first_id), part_body("R9")))) == "accepted");
  CHECK(outcome(placer.ask(Work().create(company(501), company_body("ACME")))) == "no_right");
  CHECK(outcome(placer.ask(borrow({part(placer.first_id)}))) == "no_right");
}

TEST_CASE_METHOD(Company, "roles are data: an administrator gives a role another right",
                 "[server]") {
  const Tables tables(server.database());
  server.database().write([&](store::WriteTxn& txn) {
    Role engineer = *Users(tables).role(txn, "engineer");
    engineer.rights.add(Right::release);
    REQUIRE(Users(tables).put_role(txn, engineer).has_value());
  });
  const auto token = token_of(eve.ask(borrow({part(1)})));
  CHECK(outcome(eve.ask(Work().release(part(1), token, 1))) == "accepted");
}

TEST_CASE_METHOD(Company, "users, roles and tokens outlive a restart", "[server]") {
  server.restart();
  eve.connect();
  CHECK(name_of(eve, eve.number) == "eve");
  CHECK(outcome(eve.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE("a viewer's newer program does not change the schema", "[server]") {
  TestServer fresh;
  Peer viewer(fresh, "vera", "desk", fresh.add_user("vera", "viewer"));
  CHECK(viewer.refusal().getCode() == protocol::Code::NO_RIGHT);
  CHECK(fresh.database().catalogue()->trees().empty());
}

TEST_CASE_METHOD(Company, "who looks at the catalogue shows a token too", "[server]") {
  Peer tool(server, "tool", "van", eves);
  tool.look();
  CHECK(tool.refusal().getCode() == protocol::Code::UNKNOWN_USER);
}

TEST_CASE("a token is printed once, and only its hash is kept", "[server]") {
  TestServer server;
  const AccessToken token = server.add_user("ann", "admin");
  CHECK(to_text(token).size() == 64);
  const Tables tables(server.database());
  const auto txn = server.database().read();
  CHECK_FALSE(txn.find(tables.tokens, token).has_value());
  CHECK(Users(tables).user_of(txn, token)->name == "ann");
}

TEST_CASE("what cannot be a user or a role is refused, and changes nothing", "[server]") {
  TestServer server;
  server.add_user("ann", "admin");
  const Tables tables(server.database());
  const Users users(tables);
  server.database().write([&](store::WriteTxn& txn) {
    CHECK_FALSE(users.add(txn, {"ann", "viewer", {}, 0}).has_value());
    CHECK_FALSE(users.add(txn, {"", "viewer", {}, 0}).has_value());
    CHECK_FALSE(users.add(txn, {"bob", "king", {}, 0}).has_value());
    CHECK_FALSE(users.set_role(txn, "cleo", "viewer").has_value());
    CHECK_FALSE(users.remove(txn, "cleo").has_value());
    CHECK_FALSE(users.put_role(txn, {"", {}}).has_value());
  });
  CHECK(users.all(server.database().read()).size() == 1);
}

}  // namespace
}  // namespace coppice::server::test
