#pragma once

#include <optional>

#include "client/index_walk.h"
#include "client/snapshot_state.h"
#include "schema/condition_program.h"

namespace coppice::client {

// The records of a snapshot, for conditions that follow references.
class SnapshotRecords final : public RecordSource {
 public:
  explicit SnapshotRecords(const SnapshotState& snapshot) : snapshot_(snapshot) {}
  std::optional<std::span<const std::uint64_t>> body(AnyKey key) override;

 private:
  const SnapshotState& snapshot_;
};

// Single revisions of one tree, where they are what a question is about.
class RevisionLookUp {
 public:
  RevisionLookUp(const SnapshotState& snapshot, TreeId tree, Revisions revisions)
      : filter_(snapshot, tree, revisions) {}
  // The record, if there is one and it is meant.
  std::optional<AnyRecord> find(KeyWord key) { return filter_.admit(key); }

 private:
  RevisionFilter filter_;
};

// All records of one tree in key order, in the revisions that a question is about.
class RevisionWalk {
 public:
  RevisionWalk(const SnapshotState& snapshot, TreeId tree, Revisions revisions);
  std::optional<AnyRecord> next();

 private:
  const TreeId tree_;
  const Revisions revisions_;
  AnyIterator walk_;
};

}  // namespace coppice::client
