// Declared lifecycle states and steps, judged by the authority.
#include "tests/server/office.h"

namespace coppice::server::test {

using States = office::DrawingStates;

TEST_CASE_METHOD(Office, "S22, R6: a state moves by a declared step, if it is what was expected",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  CHECK(outcome(bob.ask(Work().set_state(drawing(1), States::draft, States::in_review))) ==
        "accepted");
  CHECK(state(drawing(1)) == "in-review");
  const auto late = bob.ask(Work().set_state(drawing(1), States::draft, States::in_review));
  CHECK(outcome(late) == "state_conflict");
  CHECK(late.getRefused()[0].getActual() == States::in_review);
  CHECK(said(late) == "drawings:1.1: its state is 'in-review', not 'draft'.");
}

TEST_CASE_METHOD(Office, "S22: a step that is not declared is refused, and the allowed ones named",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  const auto skipped = ann.ask(Work().set_state(drawing(1), States::draft, 77));
  CHECK(outcome(skipped) == "no_transition");
  CHECK(said(skipped) ==
        "drawings:1.1: may not go from state 'draft' to '77': it may go to 'in-review', or be "
        "released to 'released'.");
  release(drawing(1));
  const auto back = ann.ask(Work().set_state(drawing(1), States::released, States::in_review));
  CHECK(outcome(back) == "no_transition");
  CHECK(state(drawing(1)) == "released");
}

TEST_CASE_METHOD(Office, "R6: a state of released revisions is reached by a release alone",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  const auto sneaked = ann.ask(Work().set_state(drawing(1), States::draft, States::released));
  CHECK(outcome(sneaked) == "no_transition");
  CHECK(said(sneaked) == "drawings:1.1: gets to state 'released' only by a release.");
  CHECK_FALSE(server.header(drawing(1))->released());
}

TEST_CASE_METHOD(Office, "R7: a step may ask for a comment", "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  const Work step = Work().set_state(drawing(1), States::released, States::blocked);
  CHECK(outcome(ann.ask(step)) == "comment_needed");
  CHECK(outcome(ann.ask(Work(step).comment("cracks"))) == "accepted");
  CHECK(state(drawing(1)) == "blocked");
}

TEST_CASE_METHOD(Office, "R7, V2: an administrator may go any step, which the log tells",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  CHECK(outcome(ann.ask(Work().set_state(drawing(1), States::released, 400).comment("bad"))) ==
        "accepted");
  CHECK(outcome(ann.ask(Work().set_state(drawing(1), States::withdrawn, States::blocked))) ==
        "no_transition");
  CHECK(outcome(ann.ask(
            Work().set_state(drawing(1), States::withdrawn, States::blocked).overriding())) ==
        "accepted");
  CHECK(state(drawing(1)) == "blocked");
  // Not even then is it made a draft, or given a number that nobody declared.
  for (const std::uint16_t to : {std::uint16_t{States::draft}, std::uint16_t{77}}) {
    CHECK(outcome(ann.ask(Work().set_state(drawing(1), States::blocked, to).overriding())) ==
          "no_transition");
  }
}

TEST_CASE("S22, R6: a step is gone by who has the right that it asks for", "[server]") {
  TestServer server;
  Draughtsman eve(server, "eve", server.add_user("eve", "engineer"));
  Draughtsman quinn(server, "quinn", server.add_user("quinn", "quality"));
  Draughtsman ada(server, "ada", server.add_user("ada", "admin"));
  Draughtsman vera(server, "vera", server.add_user("vera", "viewer"));
  eve.ask(Work().create(drawing(1), drawing_body("D1")));
  const Work review = Work().set_state(drawing(1), States::draft, States::in_review);
  CHECK(outcome(vera.ask(review)) == "no_right");
  CHECK(outcome(eve.ask(review)) == "accepted");
  REQUIRE(outcome(quinn.ask(Work().release(drawing(1), quinn.token(drawing(1)), 1))) == "accepted");
  const Work withdraw =
      Work().set_state(drawing(1), States::released, States::withdrawn).comment("wrong");
  CHECK(outcome(eve.ask(withdraw)) == "no_right");
  CHECK(outcome(quinn.ask(withdraw)) == "no_right");
  // Nor by saying that it is an exception.
  const Work back = Work().set_state(drawing(1), States::withdrawn, States::released).overriding();
  CHECK(outcome(ada.ask(withdraw)) == "accepted");
  CHECK(outcome(quinn.ask(back)) == "no_right");
  CHECK(outcome(ada.ask(back)) == "accepted");
  CHECK(server.faults() == std::vector<std::string>{});
}

TEST_CASE_METHOD(Office, "R6: quality blocks a released revision while somebody drafts the next",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  const auto token = ann.token(drawing(1));
  ann.ask(Work().next_revision(drawing(1, 2), token));
  CHECK(outcome(bob.ask(
            Work().set_state(drawing(1), States::released, States::blocked).comment("cracks"))) ==
        "accepted");
  CHECK(state(drawing(1)) == "blocked");
  CHECK(server.header(drawing(1, 2))->token == token);
  // Of the draft itself only who holds it moves the state.
  CHECK(outcome(bob.ask(Work().set_state(drawing(1, 2), 0, States::in_review))) == "held");
  CHECK(outcome(ann.ask(Work().set_state(drawing(1, 2), 0, States::in_review))) == "accepted");
}

TEST_CASE_METHOD(Office, "R4: a release supersedes the revision before, where a step leads there",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  auto token = ann.token(drawing(1));
  ann.ask(Work().next_revision(drawing(1, 2), token).release(drawing(1, 2), token, 0));
  CHECK(state(drawing(1)) == "superseded");
  CHECK(state(drawing(1, 2)) == "released");
  // What was withdrawn stays so.
  ann.ask(Work().set_state(drawing(1, 2), States::released, States::withdrawn).comment("bad"));
  token = ann.token(drawing(1));
  CHECK(outcome(
            ann.ask(Work().next_revision(drawing(1, 3), token).release(drawing(1, 3), token, 0))) ==
        "accepted");
  CHECK(state(drawing(1, 2)) == "withdrawn");
  CHECK(state(drawing(1, 3)) == "released");
}

TEST_CASE_METHOD(Office, "a release goes a declared step too, to a state that it may name",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2"));
  const auto one = ann.token(drawing(1)), two = ann.token(drawing(2));
  const auto early = ann.ask(Work().release(drawing(1), one, 1, States::blocked));
  CHECK(outcome(early) == "no_transition");
  ann.ask(Work().set_state(drawing(1), States::draft, States::in_review));
  CHECK(outcome(ann.ask(Work().release(drawing(1), one, 1, States::blocked))) == "comment_needed");
  CHECK(
      outcome(ann.ask(Work().release(drawing(1), one, 1, States::blocked).comment("for tests"))) ==
      "accepted");
  CHECK(state(drawing(1)) == "blocked");
  // No draft's state is a state of released revisions.
  CHECK(outcome(ann.ask(Work().release(drawing(2), two, 1, States::in_review))) == "no_transition");
}

TEST_CASE_METHOD(Office,
                 "R5, R1: the revision after a withdrawn one has the next number and state 0",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  ann.ask(Work().set_state(drawing(1), States::released, States::withdrawn).comment("wrong"));
  const auto token = ann.token(drawing(1));
  CHECK(outcome(ann.ask(Work().next_revision(drawing(1, 2), token))) == "accepted");
  CHECK(state(drawing(1, 2)) == "draft");
  // A draft that is removed has spent its number.
  ann.ask(Work().remove(drawing(1, 2), token, 0));
  const auto again = ann.token(drawing(1));
  CHECK(outcome(ann.ask(Work().next_revision(drawing(1, 2), again))) == "stale_base");
  CHECK(outcome(ann.ask(Work().next_revision(drawing(1, 3), again))) == "accepted");
}

TEST_CASE_METHOD(Office, "where no lifecycle is declared every step is allowed", "[server]") {
  make(sketch(1), sketch_body(drawing(1)));
  CHECK(outcome(ann.ask(Work().set_state(sketch(1), 0, 77))) == "accepted");
  CHECK(outcome(ann.ask(Work().set_state(sketch(1), 77, 5))) == "accepted");
}

TEST_CASE_METHOD(Office, "X10: the audit log tells borrows and lifecycle states", "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  ann.ask(Work().set_state(drawing(1), States::released, States::blocked).comment("cracks"));
  CHECK(server.faults() == std::vector<std::string>{});
  // Behind the log's back.
  server.database().write([&](store::WriteTxn& txn) {
    const auto tree = *server.database().tree(kDrawings);
    const auto stored = tree.find(txn, drawing(1).word);
    const std::vector<std::uint64_t> body(stored->body().begin(), stored->body().end());
    RecordHeader header = stored->header();
    header.state = States::released;
    tree.put(txn, drawing(1).word, header, body);
  });
  REQUIRE(server.faults().size() == 1);
  CHECK(server.faults()[0].find("its lifecycle state is released, and by the audit log it is "
                                "blocked") != std::string::npos);
  server.database().write([&](store::WriteTxn& txn) {
    const auto tree = *server.database().tree(kDrawings);
    const auto stored = tree.find(txn, drawing(1).word);
    const std::vector<std::uint64_t> body(stored->body().begin(), stored->body().end());
    RecordHeader header = stored->header();
    header.state = States::blocked;
    tree.put(txn, drawing(1).word, header, body);
  });
}

}  // namespace coppice::server::test
