#pragma once

#include "coppice/index_view.h"
#include "store/index_tables.h"

namespace coppice::client {

class SnapshotState;

// A declared index, as one snapshot can use it.
struct UsableIndex {
  TreeInfoPtr info;
  unsigned place = 0;  // in the plan
  // None: it is not complete in this snapshot, so all records are to be looked through.
  store::IndexNumber number;
};

// The index that a question is about, valid until the next call; null: neither the catalogue nor
// the question's own schema has one.
const UsableIndex* usable_index(const SnapshotState& snapshot, const IndexQuestion& question);

}  // namespace coppice::client
