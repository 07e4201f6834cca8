#include "tests/fuzz/shop_trees.h"

#include <capnp/message.h>

#include "coppice/ref.h"
#include "shop.capnp.h"

namespace coppice::fuzz {

const TreeInfo& parts() {
  static const TreeInfoPtr tree = TreeInfo::parse(TreeOf<shop::Part>::schema()).value();
  return *tree;
}

const TreeInfo& companies() {
  static const TreeInfoPtr tree = TreeInfo::parse(TreeOf<shop::Company>::schema()).value();
  return *tree;
}

const Catalogue& shop_catalogue() {
  static const Catalogue catalogue = [] {
    Catalogue made;
    for (const auto schema : {TreeOf<shop::Part>::schema(), TreeOf<shop::Company>::schema()})
      made.put(TreeInfo::parse(schema).value()->as_adopted({.version = 1}));
    return made;
  }();
  return catalogue;
}

std::vector<std::uint64_t> some_part() {
  capnp::MallocMessageBuilder message;
  auto part = message.initRoot<shop::Part>();
  part.setNumber("R-0603-10K");
  part.setTitle("Resistor 10 kOhm");
  refer(part.initMaker(), shop::CompanyKey(RecordId{3}, Revision{0}));
  part.setPrice(-17);
  part.setUnit(shop::Unit::KILOGRAM);
  part.getSize().setLength(1600);
  auto lines = part.initBom(2);
  refer(lines[0].initPart(), shop::PartKey(RecordId{4}, Revision{1}));
  lines[1].setPosition("R1, R2");
  lines[1].initAlternatives(1);
  part.getSource().setBought("4711-B");
  part.initKeywords(2).set(1, "smd");
  part.initPriceTable(2).init(1, 2).set(0, 100);
  part.initMeasured(1).set(0, 0.5);
  part.initInspected(9).set(8, true);
  const kj::byte picture[] = {1, 2, 3, 0, 5};
  part.setThumbnail(capnp::Data::Reader(picture, sizeof picture));
  return canonical_words(message.getRoot<shop::Part>().asReader());
}

}  // namespace coppice::fuzz
