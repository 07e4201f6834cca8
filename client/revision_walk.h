#pragma once

#include <optional>

#include "client/index_walk.h"
#include "client/snapshot_state.h"
#include "schema/condition_program.h"
#include "schema/query_trees.h"

namespace coppice::client {

// What a snapshot's trees are to the program that asks.
QueryTrees trees_of(const SnapshotState& snapshot);

// Whether the bodies of a tree's records are by the schema by which the program is given them. Not
// so for who knows no migration that leads from an older one: such records are left out of answers.
class Described {
 public:
  Described(const SnapshotState& snapshot, TreeId tree);
  bool operator()(const RecordHeader& header) const;

 private:
  TreeInfoPtr migrated_;  // null: all are
};

// The records of a snapshot, for conditions that follow references.
class SnapshotRecords final : public RecordSource {
 public:
  explicit SnapshotRecords(const SnapshotState& snapshot) : snapshot_(snapshot) {}
  std::optional<std::span<const std::uint64_t>> body(AnyKey key) override;

 private:
  const SnapshotState& snapshot_;
  // Of the tree that was asked last.
  TreeId tree_;
  std::optional<Described> described_;
};

// Single revisions of one tree, where they are what a question is about.
class RevisionLookUp {
 public:
  RevisionLookUp(const SnapshotState& snapshot, TreeId tree, Revisions revisions)
      : snapshot_(snapshot),
        tree_(tree),
        filter_(snapshot, tree, revisions),
        described_(snapshot, tree) {}
  // The record, if there is one and it is meant.
  std::optional<AnyRecord> find(KeyWord key);

 private:
  const SnapshotState& snapshot_;
  const TreeId tree_;
  RevisionFilter filter_;
  const Described described_;
};

// All records of one tree in key order, in the revisions that a question is about.
class RevisionWalk {
 public:
  RevisionWalk(const SnapshotState& snapshot, TreeId tree, Revisions revisions);
  std::optional<AnyRecord> next();

 private:
  std::optional<AnyRecord> next_meant();

  const TreeId tree_;
  const Revisions revisions_;
  const Described described_;
  AnyIterator walk_;
};

}  // namespace coppice::client
