#pragma once

#include <vector>

#include <coppice/client.h>

#include "catalogue.capnp.h"
#include "catalogue.coppice.h"

namespace ldraw {

// Answers "which revisions of which parts have this part in their bill of materials?"
//
// Filed under a part's id: the key of each revision that uses it, once, in however many lines.
class WhereUsed : public coppice::Indexer {
 public:
  static constexpr const char* kName = "where-used";

  std::string name() const override { return kName; }
  std::uint32_t version() const override { return 1; }
  std::vector<coppice::TreeId> trees() const override { return {coppice::TreeOf<Part>::id}; }
  void change(const coppice::IndexedChange& change, coppice::IndexWriter& index) override;
};

// Ascending by id, then revision. The revision of `part` does not matter: bills of materials refer
// to parts, not to revisions.
std::vector<PartKey> where_used(const coppice::Snapshot& snapshot, PartKey part);

}  // namespace ldraw
