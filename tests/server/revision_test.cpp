#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// Ann has released part 1.1 and holds part 1.
struct Released {
  TestServer server;
  Maker ann{server, "ann"};
  Maker bob{server, "bob"};
  std::uint64_t token = 0;

  Released() {
    ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
    ann.ask(Work().create(company(1), company_body("Acme")));
    ann.ask(Work().release(part(1), token_of(ann.ask(borrow({part(1)}))), 1));
    token = token_of(ann.ask(borrow({part(1)})));
  }
  ~Released() { CHECK(server.faults() == std::vector<std::string>{}); }
};

TEST_CASE_METHOD(Released,
                 "S19, R2: a release freezes the revision with its hash and ends the borrow",
                 "[server]") {
  const auto draft = *server.header(part(2));
  const auto two = token_of(ann.ask(borrow({part(2)})));
  CHECK(outcome(ann.ask(Work().release(part(2), two, 8))) == "stale_base");
  CHECK(outcome(bob.ask(Work().release(part(2), two, 1))) == "borrow_lost");
  CHECK(outcome(ann.ask(Work().release(part(2), two, 1))) == "accepted");
  const auto header = *server.header(part(2));
  CHECK(header.released());
  CHECK(header.state == 100);
  CHECK(header.token == 0);
  CHECK(header.body_sequence == draft.body_sequence);
  CHECK(server.records()[part(2)].size() ==
        sizeof header + 8 * header.body_words + kContentHashBytes);
}

TEST_CASE_METHOD(Released, "a release may name its state number", "[server]") {
  ann.ask(Work().release(part(2), token_of(ann.ask(borrow({part(2)}))), 1, 42));
  CHECK(server.header(part(2))->state == 42);
}

TEST_CASE_METHOD(Released, "S20, R1: the next revision is a copy, and the borrow goes on",
                 "[server]") {
  CHECK(outcome(ann.ask(Work().next_revision(part(1, 3), token))) == "stale_base");
  CHECK(outcome(bob.ask(Work().next_revision(part(1, 2), token))) == "borrow_lost");
  CHECK(outcome(ann.ask(Work().next_revision(part(1, 2), token))) == "accepted");
  const auto old_head = *server.header(part(1));
  const auto header = *server.header(part(1, 2));
  CHECK(old_head.token == 0);
  CHECK(header.token == token);
  CHECK(header.iteration == 0);
  CHECK(header.state == 0);
  CHECK(header.author == ann.number);
  CHECK(header.sequence == old_head.sequence + 1);
  CHECK(header.body_words == old_head.body_words);
  CHECK(outcome(ann.ask(Work().next_revision(part(1, 3), token))) == "head_not_released");
}

TEST_CASE_METHOD(Released, "a next revision, its edit and its release go in one transaction",
                 "[server]") {
  CHECK(outcome(ann.ask(Work()
                            .next_revision(part(1, 2), token)
                            .check_in(part(1, 2), token, 0, part_body("R1", "better"), true)
                            .release(part(1, 2), token, 1))) == "accepted");
  const auto header = *server.header(part(1, 2));
  CHECK(header.released());
  CHECK(header.iteration == 1);
  CHECK(header.token == 0);
  CHECK(server.header(part(1))->token == 0);
}

TEST_CASE_METHOD(Released, "R4: a release moves the state number of the revision before it",
                 "[server]") {
  ann.ask(Work().next_revision(part(1, 2), token).release(part(1, 2), token, 0));
  CHECK(server.header(part(1))->state == 200);
  CHECK(server.header(part(1, 2))->state == 100);
}

TEST_CASE_METHOD(Released, "K8: nobody changes or removes a released revision", "[server]") {
  const auto body = server.records()[part(1)];
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("X")))) == "frozen");
  CHECK(outcome(ann.ask(Work().remove(part(1), token, 1))) == "frozen");
  CHECK(outcome(ann.ask(Work().release(part(1), token, 1))) == "frozen");
  ann.ask(Work().next_revision(part(1, 2), token));
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("X")))) == "frozen");
  const auto now = server.records()[part(1)];
  CHECK(std::equal(body.begin() + 64, body.end(), now.begin() + 64, now.end()));
}

TEST_CASE_METHOD(Released, "S22, R6: a state number is compared and set, borrow or not",
                 "[server]") {
  const auto answer = bob.ask(Work().set_state(part(1), 7, 150));
  CHECK(outcome(answer) == "state_conflict");
  CHECK(answer.getRefused()[0].getExpected() == 7);
  CHECK(answer.getRefused()[0].getActual() == 100);
  const auto before = *server.header(part(1));
  CHECK(outcome(bob.ask(Work().set_state(part(1), 100, 150))) == "accepted");
  const auto header = *server.header(part(1));
  CHECK(header.state == 150);
  CHECK(header.token == token);
  CHECK(header.body_sequence == before.body_sequence);
  CHECK(header.iteration == before.iteration);
}

TEST_CASE_METHOD(Released, "S22: the state of somebody else's draft is not to be moved",
                 "[server]") {
  ann.ask(borrow({part(2)}));
  const auto answer = bob.ask(Work().set_state(part(2), 0, 5));
  CHECK(outcome(answer) == "held");
  CHECK(answer.getRefused()[0].getHolder().getUser() == "ann");
  CHECK(outcome(ann.ask(Work().set_state(part(2), 0, 5))) == "accepted");
  CHECK(outcome(bob.ask(Work().set_state(part(99), 0, 5))) == "unknown_record");
}

TEST_CASE_METHOD(Released, "R5: the number of a removed draft is spent, and the record lives on",
                 "[server]") {
  ann.ask(Work().next_revision(part(1, 2), token));
  CHECK(outcome(ann.ask(Work().remove(part(1, 2), token, 0))) == "accepted");
  const auto again = token_of(bob.ask(borrow({part(1)})));
  CHECK(outcome(bob.ask(Work().next_revision(part(1, 2), again))) == "stale_base");
  CHECK(outcome(bob.ask(Work().next_revision(part(1, 3), again))) == "accepted");
  CHECK(server.header(part(1, 3))->body_words == server.header(part(1))->body_words);
}

TEST_CASE_METHOD(Released, "a tree without revisions has no releases", "[server]") {
  const auto acme = token_of(ann.ask(borrow({company(1)})));
  CHECK(outcome(ann.ask(Work().release(company(1), acme, 1))) == "not_versioned");
  const AnyKey second(kCompanies, KeyWord(RecordId{1}, Revision{2}));
  CHECK(outcome(ann.ask(Work().next_revision(second, acme))) == "not_versioned");
}

TEST_CASE("C6: where a tree asks for comments, changes without one are refused", "[server]") {
  TestServer server;
  Peer bob(server, "bob");
  Peer ann(server, "ann");
  // A stricter option is a newer schema.
  const auto stored = server.database().catalogue()->find(kParts);
  capnp::MallocMessageBuilder message;
  message.setRoot(stored->schema());
  message.getRoot<protocol::TreeSchema>().setCommentOnCheckIn(true);
  server.database().adopt(
      TreeInfo::parse(message.getRoot<protocol::TreeSchema>().asReader()).value());
  ann.ask(lease(kParts, 10));
  const auto token = token_of(ann.ask(Work().create(part(1), part_body("R1"), true)));
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("X"), true))) ==
        "comment_needed");
  CHECK(outcome(ann.ask(Work().release(part(1), token, 1))) == "comment_needed");
  CHECK(outcome(ann.ask(Work().remove(part(1), token, 1))) == "comment_needed");
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("X")).comment("why"))) ==
        "accepted");
}

}  // namespace
}  // namespace coppice::server::test
