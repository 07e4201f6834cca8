#pragma once

#include <memory>
#include <optional>
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

  const Replica& replica;
  const std::shared_ptr<const Catalogue> catalogue;
  const Memory memory;

 private:
  SnapshotState(const Replica& replica, const store::Txn* written, Memory memory)
      : replica(replica),
        catalogue(replica.database().catalogue()),
        memory(std::move(memory)),
        written_(written) {}

  const store::Txn* written_;
  std::optional<store::ReadTxn> owned_;
  mutable TreeId last_id_;
  mutable const store::RecordTree* last_tree_ = nullptr;
};

Snapshot take_snapshot(Replica& replica, std::string_view name = {});

}  // namespace coppice::client
