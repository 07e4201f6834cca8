#include "examples/ldraw/explode.h"

#include <algorithm>
#include <stdexcept>

namespace ldraw {
namespace {

// The sets of the library are at most a handful of levels deep.
constexpr unsigned kLevelsMax = 100;
// What a piece has that takes the colour of the submodel it is in.
constexpr std::uint32_t kColourOfParent = 16;

std::uint64_t submodel_of(const coppice::Record<SetPlacement>& placement) {
  return coppice::key_of(placement->getSubmodel()).id().value;
}

class Walk {
 public:
  explicit Walk(const coppice::Snapshot& snapshot) : snapshot_(snapshot) {}

  void add_submodel(SubmodelKey submodel, std::uint32_t colour, unsigned level) {
    if (level > kLevelsMax) {
      throw std::runtime_error("A submodel of the set contains itself.");
    }
    found_.levels = std::max(found_.levels, level);
    ++found_.submodels;
    const auto keys = contents_.find_keys<SetPlacement>(snapshot_, submodel.id().value).value();
    for (const SetPlacementKey key : keys) {
      const auto placement = snapshot_.get(key);
      if (placement) add(*placement, colour, level);
    }
  }

  Explosion take() { return std::move(found_); }

 private:
  void add(const coppice::Record<SetPlacement>& placement, std::uint32_t colour, unsigned level) {
    const auto own_colour = placement->getColour();
    const auto seen_colour = own_colour == kColourOfParent ? colour : own_colour;
    const auto child = placement->getChild();
    switch (child.which()) {
      case SetPlacement::Child::PART:
        ++found_.quantities[{coppice::key_of(child.getPart()).id(), seen_colour}];
        ++found_.pieces;
        return;
      case SetPlacement::Child::SUBMODEL:
        return add_submodel(coppice::key_of(child.getSubmodel()), seen_colour, level + 1);
    }
  }

  const coppice::Snapshot& snapshot_;
  const coppice::IndexHandle contents_{SubmodelContents::kName};
  Explosion found_;
};

}  // namespace

void SubmodelContents::change(const coppice::IndexedChange& change, coppice::IndexWriter& index) {
  const std::uint64_t key = change.key.word.value;
  if (const auto before = change.before_as<SetPlacement>()) index.remove(submodel_of(*before), key);
  if (const auto after = change.after_as<SetPlacement>()) index.add(submodel_of(*after), key);
}

Explosion explode(const coppice::Snapshot& snapshot, SetKey set) {
  Walk walk(snapshot);
  if (const auto found = snapshot.get(set)) {
    const auto submodels = found->body().getSubmodels();
    if (submodels.size() > 0) {
      walk.add_submodel(coppice::key_of(submodels[0]), kColourOfParent, 1);
    }
  }
  return walk.take();
}

}  // namespace ldraw
