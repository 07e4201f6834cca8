#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <coppice/client.h>

#include "catalogue.capnp.h"
#include "catalogue.coppice.h"

namespace ldraw {

// Answers "what is placed in this submodel?" Filed under a submodel's id: the keys of its
// SetPlacements.
class SubmodelContents : public coppice::Indexer {
 public:
  static constexpr const char* kName = "submodel-contents";

  std::string name() const override { return kName; }
  std::uint32_t version() const override { return 1; }
  std::vector<coppice::TreeId> trees() const override {
    return {coppice::TreeOf<SetPlacement>::id};
  }
  void change(const coppice::IndexedChange& change, coppice::IndexWriter& index) override;
};

// Everything that has to be on the table to build a set.
struct Explosion {
  struct Item {
    coppice::RecordId part;
    std::uint32_t colour = 0;
    auto operator<=>(const Item&) const = default;
  };
  std::map<Item, std::uint64_t> quantities;
  std::uint64_t pieces = 0;     // the sum of the quantities
  std::uint64_t submodels = 0;  // built on the way, the set itself included
  unsigned levels = 0;          // of submodels inside each other
};

// Walks the set's submodels as deep as they are nested. REQUIRES: the replica has the
// SubmodelContents indexer. Throws std::runtime_error if a submodel contains itself.
Explosion explode(const coppice::Snapshot& snapshot, SetKey set);

}  // namespace ldraw
