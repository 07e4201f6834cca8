// What a tree may declare of lifecycle states, and what may become of it.
#include <algorithm>
#include <functional>

#include <capnp/message.h>

#include "office.coppice.h"
#include "schema/body_shape.h"
#include "schema/compare_schemas.h"
#include "schema/lifecycle.h"
#include "schema/references.h"
#include "schema/schema_diff.h"
#include "schema/tree_info.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using Schema = protocol::TreeSchema::Builder;

// The drawings with a change.
Result<TreeInfoPtr> drawings(const std::function<void(Schema)>& change = {}) {
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(TreeOf<office::Drawing>::schema().data())));
  if (change) change(message.getRoot<protocol::TreeSchema>());
  return TreeInfo::parse(message.getRoot<protocol::TreeSchema>().asReader());
}

std::string refusal(const std::function<void(Schema)>& change) {
  const auto tree = drawings(change);
  return tree ? "none" : tree.error().message;
}

SchemaChange change_to(const std::function<void(Schema)>& change) {
  const auto found = compare_schemas(**drawings(), **drawings(change));
  REQUIRE(found.has_value());
  return *found;
}

std::string objection(const std::function<void(Schema)>& change) {
  for (const auto& difference : schema_diff(**drawings(), **drawings(change))) {
    if (difference.verdict == Verdict::impossible) return difference.what;
  }
  return "none";
}

}  // namespace

TEST_CASE("declared states have names and numbers", "[schema]") {
  const auto tree = *drawings();
  const Lifecycle& lifecycle = tree->lifecycle();
  CHECK(lifecycle.declared());
  CHECK(lifecycle.name(10) == "in-review");
  CHECK(lifecycle.name(77) == "77");
  CHECK(lifecycle.find("withdrawn")->number == office::DrawingStates::withdrawn);
  CHECK(lifecycle.find("in-review")->doc == "Somebody else looks at it.");
  CHECK(*lifecycle.parse("blocked") == 300);
  CHECK(*lifecycle.parse("300") == 300);
  CHECK_FALSE(lifecycle.parse("70000").has_value());
  CHECK(lifecycle.is_obsolete(400));
  CHECK_FALSE(lifecycle.is_obsolete(100));
  CHECK(tree->refuses_obsolete());
}

TEST_CASE("a lifecycle that contradicts itself is refused with the reason", "[schema]") {
  CHECK(refusal([](Schema s) { s.getStates()[1].setName("In review"); }) ==
        "Tree 'drawings': 'In review' is no name for a lifecycle state: use lower case letters, "
        "digits, '_' and '-', a letter first, at most 64 of them.");
  CHECK(refusal([](Schema s) { s.getStates()[1].setName("draft"); }) ==
        "Tree 'drawings': Lifecycle state 'draft' comes twice.");
  CHECK(refusal([](Schema s) { s.getStates()[1].setNumber(0); }) ==
        "Tree 'drawings': Lifecycle states 'draft' and 'in-review' have one number, 0.");
  CHECK(refusal([](Schema s) { s.getStates()[0].setNumber(1); }) ==
        "Tree 'drawings': Number 0, in which every revision begins, is none of the lifecycle "
        "states that are declared.");
  CHECK(refusal([](Schema s) { s.setReleasedState(10); }) ==
        "Tree 'drawings': Number 10, the tree's releasedState, is lifecycle state 'in-review', "
        "which is not `released`.");
  CHECK(refusal([](Schema s) { s.setSupersededState(201); }) ==
        "Tree 'drawings': Number 201, the tree's supersededState, is none of the lifecycle states "
        "that are declared.");
  CHECK(refusal([](Schema s) { s.setVersioned(false); }) ==
        "Tree 'drawings': Lifecycle state 'released' is of released revisions, and the tree is "
        "not versioned.");
  CHECK(refusal([](Schema s) { s.getSteps()[0].setTo("done"); }) ==
        "Tree 'drawings': The lifecycle step from 'draft' to 'done' names a state that is not "
        "declared: 'done'.");
  CHECK(refusal([](Schema s) { s.getSteps()[0].setTo("draft"); }) ==
        "Tree 'drawings': The lifecycle step from 'draft' to 'draft' leads nowhere.");
  CHECK(refusal([](Schema s) { s.getSteps()[6].setTo("draft"); }) ==
        "Tree 'drawings': The lifecycle step from 'released' to 'draft' would make a draft of "
        "what was released.");
  CHECK(refusal([](Schema s) {
          s.getSteps()[1].setFrom("draft"), s.getSteps()[1].setTo("in-review");
        }) == "Tree 'drawings': The lifecycle step from 'draft' to 'in-review' comes twice.");
  CHECK(refusal([](Schema s) { s.initStates(0); }) ==
        "Tree 'drawings': The lifecycle step from 'draft' to 'in-review' names a state that is "
        "not declared: 'draft'.");
}

TEST_CASE("states and steps may be added, steps be taken away, and names be changed", "[schema]") {
  CHECK(change_to([](Schema s) { s.getStates()[1].setName("being-checked"), s.initSteps(0); }) ==
        SchemaChange::newer);
  CHECK(change_to([](Schema s) { s.initSteps(0); }) == SchemaChange::newer);
  CHECK(change_to([](Schema s) { s.getSteps()[6].setComment(false); }) == SchemaChange::newer);
  CHECK(change_to([](Schema s) { s.getStates()[4].setObsolete(true); }) == SchemaChange::newer);
  CHECK(change_to([](Schema s) { s.setMinimumWriter(7); }) == SchemaChange::newer);
  CHECK(change_to([](Schema) {}) == SchemaChange::none);
}

TEST_CASE("what would change the meaning of stored states is refused", "[schema]") {
  const auto without_steps = [](Schema s) { s.initSteps(0); };
  CHECK(objection([&](Schema s) {
          without_steps(s);
          s.getStates()[1].setNumber(11);
        }) == "lifecycle state 'in-review' was taken away");
  CHECK(objection([&](Schema s) {
          without_steps(s);
          s.getStates()[4].setReleased(false);
        }) == "lifecycle state 'blocked' became one of drafts");
  CHECK(objection([&](Schema s) {
          without_steps(s);
          s.getStates()[4].setName("withdrawn");
          s.getStates()[5].setName("blocked");
        }) == "lifecycle state 'blocked' got another number");
  CHECK(objection([&](Schema s) {
          without_steps(s);
          s.initStates(0);
        }) == "its lifecycle states were taken away");
}

TEST_CASE("references in a body are found, and made to name other revisions", "[schema]") {
  const auto tree = *drawings();
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<office::Drawing>();
  body.setNumber("D1");
  body.initMaterial().setKey(KeyWord(RecordId{5}, Revision{1}).value);
  auto parts = body.initParts(3);
  for (unsigned i = 0; i < 3; ++i) parts[i].setKey(KeyWord(RecordId{i + 1}, Revision{i}).value);
  auto words = canonical_words(body.asReader());
  const auto found = references_in(*tree, words);
  REQUIRE(found.size() == 4);
  CHECK(std::ranges::count(found, TreeOf<office::Drawing>::id, &AnyKey::tree) == 3);
  const auto pin = [](AnyKey key) {
    return key.word.floats() ? KeyWord(key.id(), Revision{9}) : key.word;
  };
  CHECK(change_revisions(*tree, words, pin));
  CHECK_FALSE(change_revisions(*tree, words, pin));
  const auto changed = capnp::readMessageUnchecked<office::Drawing>(
      reinterpret_cast<const capnp::word*>(words.data()));
  CHECK(KeyWord(changed.getParts()[0].getKey()) == KeyWord(RecordId{1}, Revision{9}));
  CHECK(KeyWord(changed.getParts()[2].getKey()) == KeyWord(RecordId{3}, Revision{2}));
  CHECK(changed.getNumber() == "D1");
  // What was canonical stays so.
  std::vector<std::uint64_t> scratch;
  REQUIRE(tree->shape().check(std::as_bytes(std::span(words)), scratch).has_value());
  CHECK(scratch.empty());
}

}  // namespace coppice::test
