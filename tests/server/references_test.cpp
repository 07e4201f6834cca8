// What is released refers to what is released, and what it refers to is not removed.
#include "store/index_tables.h"
#include "tests/server/office.h"

namespace coppice::server::test {

using States = office::DrawingStates;

TEST_CASE_METHOD(Office,
                 "S19, R3, R10: a release is refused with every reference to what is not released",
                 "[server]") {
  make(material(1), material_body("steel"));
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2"));
  make(drawing(3), drawing_body("D3", material(1), {drawing(1), drawing(2)}));
  release(drawing(2));
  const auto token = ann.token(drawing(3));
  const auto refused = ann.ask(Work().release(drawing(3), token, 1));
  CHECK(outcome(refused) == "children_not_released");
  CHECK(refused.getRefused()[0].getKey() == drawing(1).word.value);
  make(drawing(4), drawing_body("D4", material(99), {drawing(1), drawing(77), drawing(2)}));
  CHECK(outcome(ann.ask(Work().release(drawing(4), ann.token(drawing(4)), 1))) ==
        "children_not_released, children_not_released, children_not_released");
  CHECK_FALSE(server.header(drawing(3))->released());
  release(drawing(1));
  CHECK(outcome(ann.ask(Work().release(drawing(3), token, 1))) == "accepted");
}

TEST_CASE_METHOD(Office, "R3: children may be released in the same set, in any order", "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2", {}, {drawing(1), drawing(2)}));
  const auto one = ann.token(drawing(1)), two = ann.token(drawing(2));
  CHECK(outcome(ann.ask(Work().release(drawing(2), two, 1).release(drawing(1), one, 1))) ==
        "accepted");
}

TEST_CASE_METHOD(Office, "R10: a child whose release is refused is named once, with its own reason",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2", {}, {drawing(1)}));
  const auto one = ann.token(drawing(1)), two = ann.token(drawing(2));
  CHECK(outcome(ann.ask(Work().release(drawing(2), two, 1).release(drawing(1), one, 8))) ==
        "stale_base");
}

TEST_CASE_METHOD(Office, "R3, F32: a reference that floats is not released; pinned, it is",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  make(drawing(2), drawing_body("D2", {}, {drawing(1).record()}));
  const auto token = ann.token(drawing(2));
  const auto floating = ann.ask(Work().release(drawing(2), token, 1));
  CHECK(outcome(floating) == "not_pinned");
  CHECK(outcome(
            ann.ask(Work()
                        .check_in(drawing(2), token, 1, drawing_body("D2", {}, {drawing(1)}), true)
                        .release(drawing(2), token, 2))) == "accepted");
}

TEST_CASE_METHOD(Office, "a tree whose children are unchecked may refer to a draft, pinned",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(sketch(1), sketch_body(drawing(1).record()));
  make(sketch(2), sketch_body(drawing(1)));
  CHECK(outcome(ann.ask(Work().release(sketch(1), ann.token(sketch(1)), 1))) == "not_pinned");
  release(sketch(2));
}

TEST_CASE_METHOD(Office, "a tree whose children float is released as it is", "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(index(1), index_body(drawing(1).record()));
  release(index(1));
}

TEST_CASE_METHOD(Office,
                 "C9, S21: what a released revision refers to is not removed, and all are named",
                 "[server]") {
  make(material(1), material_body("steel"));
  make(drawing(1), drawing_body("D1", material(1)));
  make(drawing(2), drawing_body("D2", material(1)));
  make(drawing(3), drawing_body("D3", material(1)));
  release(drawing(1));
  release(drawing(3));
  const auto token = ann.token(material(1));
  const auto refused = ann.ask(Work().remove(material(1), token, 1));
  CHECK(outcome(refused) == "referenced, referenced");
  CHECK(refused.getRefused()[0].getKey() == drawing(1).word.value);
  CHECK(refused.getRefused()[1].getKey() == drawing(3).word.value);
  CHECK(said(refused) ==
        "materials:1.1: the released drawings:1.1 refers to it, so it cannot be removed. Move its "
        "lifecycle state instead.");
  CHECK(server.header(material(1))->token == token);
}

TEST_CASE_METHOD(Office,
                 "S21: a draft that only drafts refer to is removed, and leaves a tombstone",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2", {}, {drawing(1)}));
  CHECK(outcome(ann.ask(Work().remove(drawing(1), ann.token(drawing(1)), 1))) == "accepted");
  CHECK(server.header(drawing(1))->removed());
  // What refers to it is not released then.
  CHECK(outcome(ann.ask(Work().release(drawing(2), ann.token(drawing(2)), 1))) ==
        "children_not_released");
}

TEST_CASE_METHOD(Office, "S21: a draft that a released revision names is not removed", "[server]") {
  make(drawing(1), drawing_body("D1"));
  make(drawing(2), drawing_body("D2"));
  make(sketch(1), sketch_body(drawing(1)));
  make(index(1), index_body(drawing(2).record()));
  release(sketch(1));
  release(index(1));
  CHECK(outcome(ann.ask(Work().remove(drawing(1), ann.token(drawing(1)), 1))) == "referenced");
  CHECK(outcome(ann.ask(Work().remove(drawing(2), ann.token(drawing(2)), 1))) == "referenced");
  // With a released revision the floating reference means that; the draft after it may go.
  release(drawing(2));
  const auto token = ann.token(drawing(2));
  ann.ask(Work().next_revision(drawing(2, 2), token));
  CHECK(outcome(ann.ask(Work().remove(drawing(2, 2), token, 0))) == "accepted");
}

TEST_CASE_METHOD(Office, "S21: a removal and the release of what refers to it exclude each other",
                 "[server]") {
  make(material(1), material_body("steel"));
  make(drawing(1), drawing_body("D1", material(1)));
  const auto one = ann.token(drawing(1)), steel = ann.token(material(1));
  CHECK(outcome(ann.ask(Work().release(drawing(1), one, 1).remove(material(1), steel, 1))) ==
        "children_not_released, referenced");
  CHECK(outcome(ann.ask(Work().remove(material(1), steel, 1).release(drawing(1), one, 1))) ==
        "children_not_released, referenced");
}

TEST_CASE_METHOD(Office,
                 "C9: references are found after a restart, and in what was released before",
                 "[server]") {
  make(material(1), material_body("steel"));
  make(drawing(1), drawing_body("D1", material(1)));
  release(drawing(1));
  const auto token = ann.token(material(1));
  // As a database of before the table.
  server.database().write([&](store::WriteTxn& txn) {
    const auto table = server.database().table("released_references", store::Layout::pair_sets);
    store::IndexCursor(txn, table).erase_keys(store::ReferenceKey(material(1)).bytes(), 100);
    server.database().meta().set_number(txn, "released_references", 0);
  });
  CHECK(server.faults().size() == 1);
  server.restart();
  CHECK(server.faults() == std::vector<std::string>{});
  ann.connect();
  CHECK(outcome(ann.ask(Work().remove(material(1), token, 1))) == "referenced");
}

TEST_CASE_METHOD(Office, "C9, F9: what was removed is removed, to everybody who asks", "[server]") {
  make(drawing(1), drawing_body("D1"));
  const auto token = ann.token(drawing(1));
  REQUIRE(outcome(ann.ask(Work().remove(drawing(1), token, 1))) == "accepted");
  const auto sequence = server.header(drawing(1))->sequence;
  const auto edit = ann.ask(Work().check_in(drawing(1), token, 1, drawing_body("D1b")));
  CHECK(outcome(edit) == "removed");
  CHECK(edit.getRefused()[0].getActual() == sequence);
  CHECK(outcome(ann.ask(borrow({drawing(1)}))) == "removed");
  CHECK(outcome(bob.ask(Work().set_state(drawing(1), 0, States::in_review))) == "removed");
  CHECK(outcome(ann.ask(Work().release(drawing(1), token, 1))) == "removed");
  CHECK(outcome(ann.ask(Work().create(drawing(1), drawing_body("D1")))) == "foreign_key");
}

TEST_CASE_METHOD(Office, "R8: a new reference to what is obsolete is refused, an old one stays",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  make(drawing(2), drawing_body("D2", {}, {drawing(1)}));
  make(drawing(3), drawing_body("D3"));
  const auto two = ann.token(drawing(2)), three = ann.token(drawing(3));
  ann.ask(Work().set_state(drawing(1), States::released, States::withdrawn).comment("wrong"));
  const auto made = ann.ask(Work().create(drawing(4), drawing_body("D4", {}, {drawing(1)})));
  CHECK(outcome(made) == "obsolete");
  CHECK(made.getRefused()[0].getKey() == drawing(1).word.value);
  CHECK(outcome(ann.ask(Work().check_in(
            drawing(3), three, 1, drawing_body("D3", {}, {drawing(1).record()})))) == "obsolete");
  // The draft had it before.
  CHECK(outcome(ann.ask(Work().check_in(drawing(2), two, 1, drawing_body("D2b", {}, {drawing(1)}),
                                        true))) == "accepted");
}

TEST_CASE_METHOD(Office, "F33: what became obsolete under a draft is not released with it",
                 "[server]") {
  make(drawing(1), drawing_body("D1"));
  release(drawing(1));
  make(drawing(2), drawing_body("D2", {}, {drawing(1)}));
  make(drawing(3), drawing_body("D3", {}, {drawing(1)}));
  release(drawing(3));
  ann.ask(Work().set_state(drawing(1), States::released, States::withdrawn).comment("wrong"));
  const auto refused = ann.ask(Work().release(drawing(2), ann.token(drawing(2)), 1));
  CHECK(outcome(refused) == "obsolete");
  // A revision after one that refers to it is no new reference.
  const auto token = ann.token(drawing(3));
  CHECK(outcome(
            ann.ask(Work().next_revision(drawing(3, 2), token).release(drawing(3, 2), token, 0))) ==
        "accepted");
}

TEST_CASE_METHOD(Office, "R8: where a tree only warns, references to what is obsolete are accepted",
                 "[server]") {
  make(material(1), material_body("steel"));
  ann.ask(Work().set_state(material(1), 0, office::MaterialStates::phased_out));
  make(drawing(1), drawing_body("D1", material(1)));
  release(drawing(1));
}

}  // namespace coppice::server::test
