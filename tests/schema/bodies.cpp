#include "tests/schema/bodies.h"

#include <numeric>

#include "coppice/ref.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

std::uint64_t read_value(capnp::DynamicValue::Reader value);

std::uint64_t read_struct(capnp::DynamicStruct::Reader value) {
  std::uint64_t sum = 1;
  for (auto field : value.getSchema().getNonUnionFields())
    sum = sum * 31 + read_value(value.get(field));
  KJ_IF_MAYBE (member, value.which()) {
    sum = sum * 31 + read_value(value.get(*member));
  }
  return sum;
}

std::uint64_t read_list(capnp::DynamicList::Reader list) {
  std::uint64_t sum = list.size();
  for (auto element : list) sum = sum * 31 + read_value(element);
  return sum;
}

std::uint64_t read_value(capnp::DynamicValue::Reader value) {
  switch (value.getType()) {
    case capnp::DynamicValue::TEXT: {
      auto text = value.as<capnp::Text>();
      return std::accumulate(text.begin(), text.end(), std::uint64_t(text.size()));
    }
    case capnp::DynamicValue::DATA: {
      auto data = value.as<capnp::Data>();
      return std::accumulate(data.begin(), data.end(), std::uint64_t(data.size()));
    }
    case capnp::DynamicValue::BOOL:
      return value.as<bool>();
    case capnp::DynamicValue::INT:
      return static_cast<std::uint64_t>(value.as<std::int64_t>());
    case capnp::DynamicValue::UINT:
      return value.as<std::uint64_t>();
    case capnp::DynamicValue::FLOAT:
      return value.as<double>() > 0;
    case capnp::DynamicValue::ENUM:
      return value.as<capnp::DynamicEnum>().getRaw();
    case capnp::DynamicValue::LIST:
      return read_list(value.as<capnp::DynamicList>());
    case capnp::DynamicValue::STRUCT:
      return read_struct(value.as<capnp::DynamicStruct>());
    case capnp::DynamicValue::ANY_POINTER:
      return value.as<capnp::AnyPointer>().targetSize().wordCount;
    default:
      return 0;
  }
}

void fill_bom(shop::Part::Builder part) {
  auto bom = part.initBom(3);
  refer(bom[0].initPart(), shop::PartKey(RecordId{7}, Revision{0}));
  bom[0].setCount(4);
  bom[0].setPosition("R1, R2, R3, R4");
  auto alternatives = bom[0].initAlternatives(2);
  refer(alternatives[0].initPart(), shop::PartKey(RecordId{8}, Revision{2}));
  alternatives[1].initAlternatives(1)[0].setPosition("inner");
  bom[2].setCount(0);
}

void fill_lists(shop::Part::Builder part) {
  auto keywords = part.initKeywords(3);
  keywords.set(0, "resistor");
  keywords.set(2, "0603");
  auto replacements = part.initReplacements(2);
  refer(replacements[1], shop::PartKey(RecordId{9}, Revision{1}));
  auto table = part.initPriceTable(2);
  table.set(0, {1, 100});
  table.set(1, {1000, 40, 3});
  part.setMeasured({0.5, -1e300, 0});
  part.setInspected({true, false, true, true, false, false, true, false, true});
}

void fill_process(shop::Process::Builder process) {
  process.setMachine("lathe");
  process.setMinutes(12);
  auto steps = process.initInstructions(2);
  steps[0].setText("turn");
  steps[1].setTool("cutter");
}

}  // namespace

Words body_of(const TreeInfo& tree,
              const std::function<void(capnp::DynamicStruct::Builder)>& fill) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<capnp::DynamicStruct>(tree.dynamic());
  fill(root);
  return canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
}

void fill_part(shop::Part::Builder part) {
  part.setNumber("R-0603-10K");
  part.setTitle("Resistor 10 k\u03a9");
  refer(part.initMaker(), shop::CompanyKey(RecordId{3}, Revision{0}));
  part.setPrice(-17);
  part.setUnit(shop::Unit::KILOGRAM);
  part.getSize().setLength(1600);
  part.getSize().setHeight(450);
  fill_process(part.getSource().initMade());
  const kj::byte picture[] = {1, 2, 3, 0, 5};
  part.setThumbnail(capnp::Data::Reader(picture, sizeof picture));
  part.setWeight(0.25f);
  part.setObsolete(true);
  fill_bom(part);
  fill_lists(part);
}

Words full_part() { return body_of<shop::Part>(fill_part); }

std::vector<Words> parts_of_all_kinds() {
  using Part = shop::Part::Builder;
  std::vector<Words> bodies = {full_part()};
  auto add = [&](const std::function<void(Part)>& fill) {
    bodies.push_back(body_of<shop::Part>(fill));
  };
  add([](Part) {});
  add([](Part part) { part.setTitle(""); });
  add([](Part part) { part.setObsolete(true); });
  add([](Part part) { part.initBom(0); });
  add([](Part part) { part.initBom(40); });
  add([](Part part) { part.initBom(2)[1].initAlternatives(30); });
  add([](Part part) { part.initKeywords(5); });
  add([](Part part) { part.setThumbnail(capnp::Data::Reader()); });
  add([](Part part) { part.initPriceTable(3).init(1, 0); });
  add([](Part part) { part.initMaker(); });
  add([](Part part) { part.getSource().setBought("4711-B"); });
  add([](Part part) { part.getSource().initDrawings(2).set(1, "A3"); });
  add([](Part part) { part.getSource().initMade(); });
  add([](Part part) { part.getSource().initMade().setManual(); });
  add([](Part part) { part.getSource().initMade().initProgram(9); });
  add([](Part part) {
    part.getSource().setBought("left behind");
    part.getSource().setUnknown();
  });
  return bodies;
}

Words raw_words(capnp::MallocMessageBuilder& message) {
  auto segments = message.getSegmentsForOutput();
  REQUIRE(segments.size() == 1);
  auto words = reinterpret_cast<const std::uint64_t*>(segments[0].begin());
  return Words(words, words + segments[0].size());
}

std::span<const std::byte> bytes_of(const Words& words) { return std::as_bytes(std::span(words)); }

std::string refusal(const TreeInfo& tree, const Words& words) {
  Words scratch;
  auto checked = tree.shape().check(bytes_of(words), scratch);
  if (checked) return "";
  CHECK(checked.error().code == Errc::invalid);
  std::string message = checked.error().message;
  const std::string start = "The body is not valid: ";
  REQUIRE(message.starts_with(start));
  return message.substr(start.size(), message.size() - start.size() - 1);
}

Words accepted(const TreeInfo& tree, const Words& words) {
  Words scratch;
  auto checked = tree.shape().check(bytes_of(words), scratch);
  if (!checked) FAIL(checked.error().message);
  return Words(checked->words().begin(), checked->words().end());
}

std::uint64_t read_everything(const TreeInfo& tree, std::span<const std::uint64_t> body) {
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  return read_struct(root.getAs<capnp::DynamicStruct>(tree.dynamic()));
}

bool capnp_calls_canonical(const Words& words) {
  kj::ArrayPtr<const capnp::word> segments[1] = {
      {reinterpret_cast<const capnp::word*>(words.data()), words.size()}};
  capnp::SegmentArrayMessageReader reader(segments, {.traversalLimitInWords = kj::maxValue});
  try {
    return reader.isCanonical();
  } catch (const kj::Exception&) {
    return false;
  }
}

Words canonical_again(std::span<const std::uint64_t> body) {
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  return canonical_words(root.getAs<capnp::AnyStruct>());
}

}  // namespace coppice::test
