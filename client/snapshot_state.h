#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/replica.h"
#include "client/usable_index.h"
#include "coppice/snapshot.h"

namespace coppice::client {

// What is behind a Snapshot: a transaction, the catalogue of its moment, and what indexers had in
// memory then.
class SnapshotState {
 public:
  using Memory = std::vector<std::shared_ptr<const void>>;

  // Of what is committed. `memory`: by the indexers' order.
  SnapshotState(const Replica& replica, store::ReadTxn txn, Memory memory)
      : SnapshotState(replica, nullptr, std::move(memory)) {
    owned_.emplace(std::move(txn));
  }
  // Of what a transaction has written so far; valid until it writes again.
  SnapshotState(const Replica& replica, const store::WriteTxn& txn, Memory memory)
      : SnapshotState(replica, &txn, std::move(memory)) {}

  const store::Txn& txn() const { return written_ ? *written_ : *owned_; }

  // Cached: questions come in runs about one tree.
  const store::RecordTree* tree(TreeId id) const {
    if (!last_tree_ || id != last_id_) {
      last_tree_ = replica.tree(id);
      last_id_ = id;
      reads_from_ = reading->reads_from(id);
    }
    return last_tree_;
  }

  // What usable_index() found last: cached for the same reason. A snapshot is one thread's.
  struct LastIndex {
    TreeId tree;
    FieldId field;
    UsableIndex index;
  };
  mutable std::optional<LastIndex> last_index;

  // A record as the program knows it. REQUIRES: tree(key.tree) was asked for last.
  RecordView readable(AnyKey key, RecordView stored) const {
    if (stored.header().schema_version >= reads_from_) return stored;
    return converted(key, stored);
  }

  // A declared index that has all that the program can read; none: it has to look through the
  // tree's records, each as indexable() gives it.
  store::IndexNumber ready(const TreeInfo& info, const IndexPlan::Index& index) const;
  // The body of a record by reading->given_by(), for a look through records: itself or in `room`.
  // Empty: nobody here can read it so.
  std::span<const std::uint64_t> indexable(AnyKey key, RecordView stored,
                                           std::vector<std::uint64_t>& room) const;

  const Replica& replica;
  const std::shared_ptr<const Reading> reading;
  const std::shared_ptr<const Catalogue> catalogue;
  const Memory memory;

 private:
  SnapshotState(const Replica& replica, const store::Txn* written, Memory memory)
      : replica(replica),
        reading(replica.reading()),
        catalogue(reading->catalogue()),
        memory(std::move(memory)),
        written_(written) {}

  RecordView converted(AnyKey key, RecordView stored) const {
    auto& room = converted_[key];
    if (!room.empty()) return *RecordView::parse(std::as_bytes(std::span(room)));
    return reading->readable(key, stored, room).value();
  }

  const store::Txn* written_;
  std::optional<store::ReadTxn> owned_;
  mutable TreeId last_id_;
  mutable const store::RecordTree* last_tree_ = nullptr;
  mutable std::uint32_t reads_from_ = 0;
  mutable std::unordered_map<AnyKey, std::vector<std::uint64_t>> converted_;
};

Snapshot take_snapshot(Replica& replica, std::string_view name = {});

}  // namespace coppice::client
