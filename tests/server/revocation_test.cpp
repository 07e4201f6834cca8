#include "tests/server/transfers.h"

namespace coppice::server::test {
namespace {

// Ann holds parts 1 and 2 on her desk, and part 3 at home.
struct Shop {
  TestServer server;
  AccessToken anns = server.add_user("ann", "engineer");
  Maker ann{server, "ann", "desk", anns};
  Peer ann_at_home{server, "ann", "home", anns};
  Maker bob{server, "bob", "desk", server.add_user("bob", "engineer")};
  Peer ada{server, "ada", "desk", server.add_user("ada", "admin")};
  std::uint64_t token = 0;

  Shop() {
    Work work;
    for (std::uint64_t id = 1; id <= 5; ++id)
      work.create(part(id), part_body("R" + std::to_string(id)));
    ann.ask(work);
    token = token_of(ann.ask(borrow({part(1), part(2)})));
    ann_at_home.ask(borrow({part(3)}));
  }
  ~Shop() { CHECK(server.faults() == std::vector<std::string>{}); }
};

TEST_CASE_METHOD(Shop, "S28, K7, F37: a revoked device loses its borrows, and is refused later",
                 "[server]") {
  REQUIRE(outcome(ada.ask(revoke_device(ann.number, "stolen"))) == "done");
  CHECK(server.header(part(1))->token == 0);
  CHECK(server.header(part(2))->token == 0);
  CHECK(server.header(part(3))->borrower == ann_at_home.number);
  ann.listen();
  CHECK(ann.last(protocol::ToClient::ENDED).getEnded().size() == 2);
  CHECK(ann.refusal().getCode() == protocol::Code::REVOKED);
  CHECK(ann.closed().has_value());
  ann.forget();
  ann.connect();
  CHECK(ann.refusal().getCode() == protocol::Code::REVOKED);
  server.restart();
  ann.forget();
  ann.connect();
  CHECK(ann.refusal().getCode() == protocol::Code::REVOKED);
  // The audit says what it held.
  const auto entry = audited(server, server.number("audit"));
  CHECK(entry.kind == audit::Entry::Kind::REVOKE);
  CHECK(entry.tokens.size() == 2);
  CHECK(entry.text.find("stolen") != std::string::npos);
}

TEST_CASE_METHOD(Shop, "K7: a revoked user loses every device and every token", "[server]") {
  REQUIRE(outcome(ada.ask(revoke_user("ann", "has left"))) == "done");
  CHECK(server.header(part(3))->token == 0);
  ann_at_home.listen();
  CHECK(ann_at_home.refusal().getCode() == protocol::Code::REVOKED);
  Peer van(server, "ann", "van", anns);
  CHECK(van.refusal().getCode() == protocol::Code::UNKNOWN_USER);
}

TEST_CASE_METHOD(Shop, "K7: nobody else ever gets the ids that a revoked device was leased",
                 "[server]") {
  const auto first = ann.first_id;
  ada.ask(revoke_device(ann.number, "stolen"));
  CHECK(outcome(bob.ask(Work().create(part(first + 50), part_body("X")))) == "foreign_key");
  const auto lent = bob.ask(lease(kParts, 10)).getLeased();
  CHECK(lent.getBegin() >= first + 100);
}

TEST_CASE_METHOD(Shop, "a request of a device that was revoked before it is decided is refused",
                 "[server]") {
  const auto revoked = ada.send(revoke_device(ann.number, "stolen"));
  ann.send(borrow({part(4)}));
  server.run();
  ada.listen();
  CHECK(outcome(ada.answer(revoked)) == "done");
  CHECK(server.header(part(4))->token == 0);
}

TEST_CASE_METHOD(Shop, "K7: only an administrator revokes, another one, and says why", "[server]") {
  CHECK(outcome(bob.ask(revoke_device(ann.number, "why"))) == "no_right");
  CHECK(outcome(ada.ask(revoke_device(ann.number, ""))) == "comment_needed");
  CHECK(outcome(ada.ask(revoke_device(999, "why"))) == "bad_request");
  CHECK(outcome(ada.ask(revoke_user("nobody", "why"))) == "bad_request");
  CHECK(outcome(ada.ask(revoke_user("ada", "why"))) == "bad_request");
  CHECK(outcome(ada.ask(revoke_device(ada.number, "why"))) == "bad_request");
  CHECK(server.header(part(1))->token == token);
}

}  // namespace
}  // namespace coppice::server::test
