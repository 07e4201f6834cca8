// Lifecycle states from the client's side: steps, intents, overriding.
#include "schema/catalogue.h"
#include "tests/client/office.h"

namespace coppice::test {

TEST_CASE("R6: states are moved by their declared names, and everybody sees it", "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  REQUIRE(office.bob.set_state(drawing, "draft", "in-review"));
  CHECK(office.ann.state(drawing) == "in-review");
  CHECK(office.ann.header(drawing).state == office::DrawingStates::in_review);
  CHECK(office.ann.count(Event::Kind::state) == 1);
  const auto unknown = office.ann.set_state(drawing, "in-review", "lost");
  CHECK(code_of(unknown) == Errc::bad_request);
  CHECK(unknown.error().message ==
        "'lost' is no lifecycle state. Say 'draft', 'in-review', 'released', 'superseded', "
        "'blocked' or 'withdrawn'.");
  check_equal(office.site, office.ann);
}

TEST_CASE("S22: a step that is not declared is refused here, and nothing is sent", "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  office.ann.release(drawing);
  const auto back = office.ann.set_state(drawing, "released", "draft");
  CHECK(code_of(back) == Errc::no_transition);
  CHECK(back.error().message ==
        "drawings:1.1 may not go from state 'released' to 'draft': it may go to 'superseded', "
        "'blocked' or 'withdrawn'.");
  CHECK(code_of(office.ann.set_state(drawing, "released", "blocked")) == Errc::comment_needed);
  CHECK(office.ann->status().conflicts == 0);
  REQUIRE(office.ann.set_state(drawing, "released", "blocked", "cracks"));
  CHECK(office.bob.state(drawing) == "blocked");
}

TEST_CASE("R7: an administrator goes a step that is not declared, by saying so", "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  office.ann.release(drawing);
  REQUIRE(office.ann.set_state(drawing, "released", "withdrawn", "wrong"));
  CHECK(code_of(office.ann.set_state(drawing, "withdrawn", "released")) == Errc::no_transition);
  REQUIRE(office.ann.set_state(drawing, "withdrawn", "released", "it was right", Steps::any));
  CHECK(office.bob.state(drawing) == "released");
  // What no administrator can do either.
  CHECK(code_of(office.ann.set_state(drawing, "released", "draft", {}, Steps::any)) ==
        Errc::no_transition);
}

TEST_CASE("R6, V3: a state moved off line is an intent, shown as pending until it is answered",
          "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  office.ann.go_off_line();
  const auto moved = office.ann->write(
      [&](Transaction& t) { t.set_state(drawing, "draft", "in-review", "please look"); });
  REQUIRE(moved);
  CHECK(office.ann.state(drawing) == "draft");
  const auto intents = office.ann->intents();
  REQUIRE(intents.size() == 1);
  CHECK(intents[0].key == AnyKey(drawing));
  CHECK(intents[0].from == office::DrawingStates::draft);
  CHECK(intents[0].to == office::DrawingStates::in_review);
  CHECK(intents[0].comment == "please look");
  CHECK(office.ann->status().intents == 1);
  office.ann.reopen();
  CHECK(office.ann->intents().size() == 1);
  office.ann.go_on_line();
  CHECK(office.ann->intents().empty());
  CHECK(office.ann->status().intents == 0);
  CHECK(office.bob.state(drawing) == "in-review");
  check_equal(office.site, office.ann);
}

TEST_CASE(
    "F36: an intent that is refused comes back with the actual state, and nothing waits for it",
    "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  const auto other = office.ann.make_drawing("D2");
  office.ann.borrow(other);
  office.ann.go_off_line();
  REQUIRE(office.ann->write([&](Transaction& t) { t.set_state(drawing, "draft", "in-review"); }));
  REQUIRE(office.ann->write([&](Transaction& t) {
    t.edit(other).setNote("mine");
    t.check_in(other);
  }));
  REQUIRE(office.bob.set_state(drawing, "draft", "in-review"));
  office.ann.go_on_line();
  const auto conflicts = office.ann->conflicts();
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].reasons[0].code == Errc::state_conflict);
  CHECK(conflicts[0].reasons[0].actual == office::DrawingStates::in_review);
  REQUIRE(conflicts[0].items.size() == 1);
  CHECK(conflicts[0].items[0].action == "set state");
  CHECK(conflicts[0].items[0].state_to == office::DrawingStates::in_review);
  CHECK(office.ann->status().intents == 0);
  // What was done after it was accepted.
  CHECK(office.site.header(other).iteration == 2);
  check_equal(office.site, office.ann);
}

TEST_CASE("F36: a release off line is refused at once, not queued", "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  office.ann.borrow(drawing);
  office.ann.go_off_line();
  const auto released = office.ann->write([&](Transaction& t) { t.release(drawing); });
  CHECK(code_of(released) == Errc::offline);
  CHECK(office.ann->status().outbox == 0);
}

TEST_CASE("V3: edits, the outbox, intents and conflicts are in one list", "[client]") {
  Office office;
  const auto refused = office.ann.make_drawing("D1");
  const auto edited = office.ann.make_drawing("D2");
  office.ann.borrow(edited);
  office.ann.go_off_line();
  REQUIRE(office.ann->write([&](Transaction& t) { t.set_state(refused, "draft", "in-review"); }));
  REQUIRE(office.bob.set_state(refused, "draft", "in-review"));
  office.ann.go_on_line();
  office.ann.go_off_line();
  CHECK(office.ann->unfinished().size() == 1);
  REQUIRE(office.ann->write([&](Transaction& t) { t.edit(edited).setNote("mine"); }));
  REQUIRE(office.ann->write([&](Transaction& t) {
    t.comment("for the fair");
    t.create<office::Material>([](auto body) { body.setName("oak"); });
  }));
  REQUIRE(office.ann->write([&](Transaction& t) { t.set_state(refused, "in-review", "draft"); }));
  const auto all = office.ann->unfinished();
  REQUIRE(all.size() == 4);
  using Kind = Unfinished::Kind;
  CHECK(all[0].kind == Kind::edited);
  CHECK(all[0].key == AnyKey(edited));
  CHECK(all[1].kind == Kind::waiting);
  CHECK(all[1].what == "1 record: for the fair");
  CHECK(all[2].kind == Kind::intent);
  CHECK(all[2].key == AnyKey(refused));
  CHECK(all[3].kind == Kind::conflict);
  CHECK(all[3].number == office.ann->conflicts()[0].number);
  const Status status = office.ann->status();
  CHECK(status.unchecked == 1);
  CHECK(status.outbox == 2);
  CHECK(status.intents == 1);
  CHECK(status.conflicts == 1);
}

TEST_CASE("an intent that was refused is asked for again from the drawer", "[client]") {
  Office office;
  const auto drawing = office.ann.make_drawing("D1");
  office.ann.go_off_line();
  REQUIRE(office.ann->write([&](Transaction& t) { t.set_state(drawing, "draft", "in-review"); }));
  REQUIRE(office.bob.set_state(drawing, "draft", "in-review"));
  office.ann.go_on_line();
  REQUIRE(office.ann->conflicts().size() == 1);
  REQUIRE(office.bob.set_state(drawing, "in-review", "draft"));
  const auto number = office.ann->conflicts()[0].number;
  REQUIRE(office.ann.submit([&](Transaction& t) { t.retry(number); }));
  CHECK(office.ann->conflicts().empty());
  CHECK(office.bob.state(drawing) == "in-review");
}

}  // namespace coppice::test
