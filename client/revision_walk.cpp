#include "client/revision_walk.h"

namespace coppice::client {
namespace {

bool has_revisions(const SnapshotState& snapshot, TreeId tree) {
  const auto info = snapshot.catalogue->find(tree);
  return info && info->versioned();
}

}  // namespace

std::optional<std::span<const std::uint64_t>> SnapshotRecords::body(AnyKey key) {
  const auto* tree = snapshot_.tree(key.tree);
  if (!tree) return std::nullopt;
  const auto entry = tree->resolve(snapshot_.txn(), key.word);
  if (!entry) return std::nullopt;
  return entry->record.body();
}

RevisionWalk::RevisionWalk(const SnapshotState& snapshot, TreeId tree, Revisions revisions)
    : tree_(tree),
      revisions_(has_revisions(snapshot, tree) ? revisions : Revisions::all),
      walk_(snapshot, tree, KeyWord{}) {}

std::optional<AnyRecord> RevisionWalk::next() {
  if (revisions_ == Revisions::all) return walk_.next();
  // The revisions of a record are neighbours, the newest is the last.
  while (const Entry* first = walk_.current()) {
    const RecordId id = first->key.id();
    std::optional<Entry> meant;
    for (const Entry* here = first; here && here->key.id() == id; here = walk_.current()) {
      if (revisions_ == Revisions::newest || here->record.header().released()) meant = *here;
      walk_.advance();
    }
    if (meant) return AnyRecord{AnyKey(tree_, meant->key), meant->record};
  }
  return std::nullopt;
}

}  // namespace coppice::client
