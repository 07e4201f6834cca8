#include "client/revision_walk.h"

namespace coppice::client {
namespace {

bool has_revisions(const SnapshotState& snapshot, TreeId tree) {
  const auto info = snapshot.catalogue->find(tree);
  return info && info->versioned();
}

}  // namespace

QueryTrees trees_of(const SnapshotState& snapshot) {
  return QueryTrees(*snapshot.catalogue,
                    [reading = snapshot.reading](TreeId tree) { return reading->given_by(tree); });
}

Described::Described(const SnapshotState& snapshot, TreeId tree) {
  if (snapshot.reading->reads_from(tree) != 0) return;
  auto info = snapshot.catalogue->find(tree);
  if (info && info->generation() != 0) migrated_ = std::move(info);
}

bool Described::operator()(const RecordHeader& header) const {
  return !migrated_ || !store::is_of_earlier_generation(*migrated_, header.schema_version);
}

std::optional<std::span<const std::uint64_t>> SnapshotRecords::body(AnyKey key) {
  const auto* tree = snapshot_.tree(key.tree);
  if (!tree) return std::nullopt;
  const auto entry = tree->resolve(snapshot_.txn(), key.word);
  if (!entry) return std::nullopt;
  if (!described_ || tree_ != key.tree) {
    described_.emplace(snapshot_, key.tree);
    tree_ = key.tree;
  }
  if (!(*described_)(entry->record.header())) return std::nullopt;
  return snapshot_.readable(AnyKey(key.tree, entry->key), entry->record).body();
}

std::optional<AnyRecord> RevisionLookUp::find(KeyWord key) {
  const auto stored = filter_.admit(key);
  if (!stored || !described_(stored->header())) return std::nullopt;
  // As readable() wants it.
  snapshot_.tree(tree_);
  const AnyKey found(tree_, key);
  return AnyRecord{found, snapshot_.readable(found, *stored)};
}

RevisionWalk::RevisionWalk(const SnapshotState& snapshot, TreeId tree, Revisions revisions)
    : tree_(tree),
      revisions_(has_revisions(snapshot, tree) ? revisions : Revisions::all),
      described_(snapshot, tree),
      walk_(snapshot, tree, KeyWord{}) {}

std::optional<AnyRecord> RevisionWalk::next() {
  auto record = next_meant();
  while (record && !described_(record->header())) record = next_meant();
  return record;
}

std::optional<AnyRecord> RevisionWalk::next_meant() {
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
