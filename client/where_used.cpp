#include <algorithm>
#include <set>

#include "client/index_walk.h"

namespace coppice {
namespace {

using client::RevisionFilter;
using client::SnapshotState;

// Whether a body refers to a record.
class ReferenceSink final : public IndexSink {
 public:
  explicit ReferenceSink(AnyKey to) : to_(to) {}
  void reference(AnyKey key) override {
    const bool same_revision = to_.word.floats() || key.word.floats() || key.word == to_.word;
    found |= key.tree == to_.tree && key.id() == to_.id() && same_revision;
  }
  bool found = false;

 private:
  const AnyKey to_;
};

// One question.
class WhereUsed {
 public:
  WhereUsed(const SnapshotState& snapshot, AnyKey key) : snapshot_(snapshot), to_(key) {}

  std::vector<AnyKey> run(Revisions revisions) {
    for (const auto& [id, newest] : snapshot_.catalogue->trees()) {
      const TreeInfoPtr info = snapshot_.reading->given_by(id);
      if (const auto index = info->indexes().find(IndexPlan::Kind::references)) {
        if (!snapshot_.ready(*info, info->indexes().indexes()[*index])) look_through(*info);
      } else {
        // What the table has of it, if anything, is of an earlier generation.
        looked_through_.insert(id);
      }
    }
    if (tables().exist) ask_index();
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return admitted(revisions);
  }

 private:
  const store::IndexTables& tables() const { return snapshot_.replica.indexes().tables(); }

  // Its index is not built yet.
  void look_through(const TreeInfo& info) {
    looked_through_.insert(info.id());
    auto* records = snapshot_.tree(info.id());
    if (!records) return;
    std::vector<std::uint64_t> room;
    for (store::RecordCursor cursor(snapshot_.txn(), *records); cursor; cursor.next()) {
      ReferenceSink sink(to_);
      const AnyKey key(info.id(), cursor.key());
      info.indexes().extract(snapshot_.indexable(key, cursor.record(), room), sink);
      if (sink.found) found_.push_back(key);
    }
  }

  // Keys are (tree, key referred to): a record's floating references first, then those to each of
  // its revisions.
  void ask_index() {
    store::Cursor cursor(snapshot_.txn(), tables().references);
    const store::ReferenceKey first(to_.record());
    for (bool more = cursor.seek(first.bytes()); more; more = cursor.next_key()) {
      const AnyKey to = store::ReferenceKey::parse(cursor.key());
      if (to.record() != to_.record()) return;
      if (to_.word.floats() || to.word.floats() || to.word == to_.word) {
        take_values(cursor);
      }
    }
  }

  void take_values(store::Cursor& cursor) {
    for (bool more = true; more; more = cursor.next_value()) {
      const AnyKey from = store::ReferenceKey::parse(cursor.value());
      if (!looked_through_.contains(from.tree)) found_.push_back(from);
    }
  }

  std::vector<AnyKey> admitted(Revisions revisions) const {
    std::vector<AnyKey> users;
    std::optional<RevisionFilter> filter;
    TreeId tree;
    for (AnyKey key : found_) {
      if (!filter || tree != key.tree) filter.emplace(snapshot_, tree = key.tree, revisions);
      if (filter->admit(key.word)) users.push_back(key);
    }
    return users;
  }

  const SnapshotState& snapshot_;
  const AnyKey to_;
  std::set<TreeId> looked_through_;
  std::vector<AnyKey> found_;
};

}  // namespace

std::vector<AnyKey> Snapshot::where_used(AnyKey key, Revisions revisions) const {
  return WhereUsed(*state_, key).run(revisions);
}

}  // namespace coppice
