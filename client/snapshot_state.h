#pragma once

#include <unordered_map>

#include "client/replica.h"
#include "coppice/snapshot.h"

namespace coppice::client {

// What is behind a Snapshot: a read transaction and the catalogue of its moment.
class SnapshotState {
 public:
  explicit SnapshotState(const Replica& replica, store::ReadTxn txn)
      : replica(replica),
        txn(std::move(txn)),
        reading(replica.reading()),
        catalogue(reading->catalogue()) {}

  // Cached: questions come in runs about one tree.
  const store::RecordTree* tree(TreeId id) const {
    if (!last_tree_ || id != last_id_) {
      last_tree_ = replica.tree(id);
      last_id_ = id;
      reads_from_ = reading->reads_from(id);
    }
    return last_tree_;
  }

  // A record as the program knows it. REQUIRES: tree(key.tree) was asked for last.
  RecordView readable(AnyKey key, RecordView stored) const {
    if (stored.header().schema_version >= reads_from_) return stored;
    return converted(key, stored);
  }

  const Replica& replica;
  const store::ReadTxn txn;
  const std::shared_ptr<const Reading> reading;
  const std::shared_ptr<const Catalogue> catalogue;

 private:
  RecordView converted(AnyKey key, RecordView stored) const {
    auto& room = converted_[key];
    if (!room.empty()) return *RecordView::parse(std::as_bytes(std::span(room)));
    return reading->readable(key, stored, room).value();
  }

  mutable TreeId last_id_;
  mutable const store::RecordTree* last_tree_ = nullptr;
  mutable std::uint32_t reads_from_ = 0;
  mutable std::unordered_map<AnyKey, std::vector<std::uint64_t>> converted_;
};

Snapshot take_snapshot(Replica& replica);

}  // namespace coppice::client
