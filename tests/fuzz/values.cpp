// Bodies: as stored values, and as text.

#include <algorithm>
#include <cstring>

#include "coppice/record.h"
#include "schema/text_form.h"
#include "tests/fuzz/shop_trees.h"
#include "tests/fuzz/targets.h"

namespace coppice::fuzz {
namespace {

// Follows everything that an index would.
class CountingSink final : public IndexSink {
 public:
  void number(unsigned, std::uint64_t value) override { sum += value; }
  void bytes(unsigned, std::string_view value) override { sum += value.size(); }
  void text(std::string_view value) override { sum += value.size(); }
  void reference(AnyKey key) override { sum += key.word.value; }
  std::uint64_t sum = 0;
};

// What passed the check is trusted from then on: whoever reads it checks nothing.
void read_as_trusted(const TreeInfo& tree, std::span<const std::uint64_t> body) {
  CountingSink sink;
  tree.indexes().extract(body, sink);
  const std::string json = body_to_json(tree, body);
  std::vector<std::uint64_t> scratch;
  const auto again = tree.shape().check(std::as_bytes(body), scratch);
  if (!again) fail("A body that was accepted is refused: " + again.error().message);
  if (!std::ranges::equal(again->words(), body))
    fail("A canonical body has another canonical form.");
}

std::string seed_value(std::uint16_t flags) {
  const auto body = some_part();
  RecordHeader header;
  header.sequence = header.body_sequence = 7;
  header.iteration = 1;
  header.schema_version = 1;
  header.flags = flags;
  header.body_words = static_cast<std::uint32_t>(body.size());
  std::string value(reinterpret_cast<const char*>(&header), sizeof header);
  value += seed_of(body);
  if (header.released()) {
    const auto hash = content_hash(body);
    value.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  }
  return value;
}

}  // namespace

void run_record(Input input) {
  const auto words = words_of(input);
  const auto record = RecordView::parse(std::as_bytes(std::span(words)));
  if (!record || record->header().removed()) return;
  for (const TreeInfo* tree : {&parts(), &companies()}) {
    std::vector<std::uint64_t> scratch;
    const auto body = tree->shape().check(std::as_bytes(record->body()), scratch);
    if (body) read_as_trusted(*tree, body->words());
  }
}

std::vector<std::string> record_seeds() {
  return {seed_value(0), seed_value(RecordHeader::kReleased)};
}

void run_json(Input input) {
  const auto body = body_from_json(parts(), text_of(input));
  if (body) read_as_trusted(parts(), *body);
}

std::vector<std::string> json_seeds() {
  return {body_to_json(parts(), some_part()), R"({"title": "10k 1%", "size": {"length": 3}})",
          R"({"bom": [{"count": 2, "alternatives": [{}]}], "source": {"made": {}}})", "{}"};
}

}  // namespace coppice::fuzz
