#pragma once

#include "client/replica.h"
#include "coppice/snapshot.h"

namespace coppice::client {

// What is behind a Snapshot: a read transaction and the catalogue of its moment.
class SnapshotState {
 public:
  explicit SnapshotState(const Replica& replica, store::ReadTxn txn)
      : replica(replica), txn(std::move(txn)), catalogue(replica.database().catalogue()) {}

  // Cached: questions come in runs about one tree.
  const store::RecordTree* tree(TreeId id) const {
    if (!last_tree_ || id != last_id_) {
      last_tree_ = replica.tree(id);
      last_id_ = id;
    }
    return last_tree_;
  }

  const Replica& replica;
  const store::ReadTxn txn;
  const std::shared_ptr<const Catalogue> catalogue;

 private:
  mutable TreeId last_id_;
  mutable const store::RecordTree* last_tree_ = nullptr;
};

Snapshot take_snapshot(Replica& replica);

}  // namespace coppice::client
