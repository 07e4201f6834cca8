#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "client/snapshot_state.h"
#include "client/usable_index.h"
#include "coppice/index_view.h"
#include "store/index_range.h"

namespace coppice::client {

// Whether a revision is one that a question is about. Looks at those after it, which are its
// neighbours in the tree.
class RevisionFilter {
 public:
  RevisionFilter(const SnapshotState& snapshot, TreeId tree, Revisions revisions);
  // The same for who knows the tree already.
  RevisionFilter(const SnapshotState& snapshot, const TreeInfo& info, Revisions revisions);
  // The record, if there is one and it is meant.
  std::optional<AnyRecord> admit(KeyWord key);

 private:
  bool superseded(KeyWord key);

  const TreeId tree_;
  Revisions revisions_;
  std::optional<store::Cursor> records_;  // nothing: there is no such tree
};

// What is behind an AnyIndexIterator: a walk along the index, or where there is none, over the
// sorted outcome of a look through all records.
class IndexWalk {
 public:
  IndexWalk(const SnapshotState& snapshot, const IndexQuestion& question);
  std::optional<AnyRecord> next();

 private:
  void look_through(const SnapshotState& snapshot);
  std::optional<AnyRecord> admit(KeyWord key, bool is_cut);

  const IndexQuestion question_;
  const store::ValueRange range_;
  std::optional<UsableIndex> index_;
  RevisionFilter filter_;
  std::optional<store::IndexRange> entries_;
  std::deque<std::pair<std::string, KeyWord>> found_;
};

// The first record that such a walk would find.
std::optional<AnyRecord> find_first(const SnapshotState& snapshot, const IndexQuestion& question);

}  // namespace coppice::client
