#include "examples/ldraw/where_used.h"

#include <cstring>
#include <set>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "examples/ldraw/explode.h"
#include "tests/support/catch.h"

namespace ldraw {
namespace {

using Entries = std::set<std::pair<std::uint64_t, std::uint64_t>>;

class FakeIndex : public coppice::IndexWriter {
 public:
  void add(std::uint64_t key, std::uint64_t value) override { entries.emplace(key, value); }
  void remove(std::uint64_t key, std::uint64_t value) override { entries.erase({key, value}); }
  Entries entries;
};

// A stored record, made by hand.
class StoredRecord {
 public:
  StoredRecord(capnp::MessageBuilder& message, std::uint16_t state) {
    const auto body = capnp::messageToFlatArray(message);
    // Behind the segment table of one segment.
    const auto words = body.slice(1, body.size());
    coppice::RecordHeader header;
    header.state = state;
    header.body_words = static_cast<std::uint32_t>(words.size());
    value_.resize(sizeof header / 8 + words.size());
    std::memcpy(value_.data(), &header, sizeof header);
    std::memcpy(value_.data() + sizeof header / 8, words.begin(), words.size() * 8);
  }
  coppice::RecordView view() const {
    return coppice::RecordView::parse(std::as_bytes(std::span(value_))).value();
  }

 private:
  std::vector<std::uint64_t> value_;
};

StoredRecord part_of(const std::vector<std::uint64_t>& child_ids, std::uint16_t state = 0) {
  capnp::MallocMessageBuilder message;
  auto lines = message.initRoot<Part>().initBom(static_cast<unsigned>(child_ids.size()));
  for (unsigned i = 0; i < lines.size(); ++i) {
    coppice::refer(lines[i].initPart(), PartKey({child_ids[i]}, {0}));
  }
  return {message, state};
}

const PartKey kParent({7}, {1});
const std::uint64_t kParentWord = kParent.word.value;

void change(FakeIndex& index, const StoredRecord* before, const StoredRecord* after) {
  coppice::IndexedChange change;
  change.key = kParent;
  if (before) change.before = before->view();
  if (after) change.after = after->view();
  WhereUsed().change(change, index);
}

TEST_CASE("a new part is filed under everything it is made of", "[examples]") {
  FakeIndex index;
  const auto part = part_of({2, 3});
  change(index, nullptr, &part);
  CHECK(index.entries == Entries{{2, kParentWord}, {3, kParentWord}});
}

TEST_CASE("a part that is used in two lines is filed once", "[examples]") {
  FakeIndex index;
  const auto part = part_of({2, 2});
  change(index, nullptr, &part);
  CHECK(index.entries == Entries{{2, kParentWord}});
}

TEST_CASE("an edited part is filed under what it is made of now", "[examples]") {
  FakeIndex index;
  const auto before = part_of({2, 3, 3});
  const auto after = part_of({3, 4});
  change(index, nullptr, &before);
  change(index, &before, &after);
  CHECK(index.entries == Entries{{3, kParentWord}, {4, kParentWord}});
}

TEST_CASE("a part that only changed its lifecycle state stays filed", "[examples]") {
  FakeIndex index;
  const auto before = part_of({2, 3});
  const auto after = part_of({2, 3}, 100);
  change(index, nullptr, &before);
  change(index, &before, &after);
  CHECK(index.entries == Entries{{2, kParentWord}, {3, kParentWord}});
}

TEST_CASE("a removed part is filed nowhere", "[examples]") {
  FakeIndex index;
  const auto part = part_of({2, 3});
  change(index, nullptr, &part);
  change(index, &part, nullptr);
  CHECK(index.entries.empty());
}

TEST_CASE("a placement in a set is filed under its submodel", "[examples]") {
  capnp::MallocMessageBuilder message;
  coppice::refer(message.initRoot<SetPlacement>().initSubmodel(), SubmodelKey({5}, {1}));
  const StoredRecord placement(message, 0);
  coppice::IndexedChange change;
  change.key = SetPlacementKey({9}, {1});
  change.after = placement.view();
  FakeIndex index;
  SubmodelContents().change(change, index);
  CHECK(index.entries == Entries{{5, change.key.word.value}});
}

}  // namespace
}  // namespace ldraw
