#include "client/index_keys.h"

#include <algorithm>

#include "store/index_range.h"

namespace coppice::client {

using store::IndexNumber;
using store::IndexRange;

AskableIndex index_of(const SnapshotState& snapshot, TreeId tree, const FieldMap::Field& field) {
  const auto info = snapshot.reading->given_by(tree);
  const auto index = info ? info->indexes().find(field.id) : std::nullopt;
  if (!index) return {{}, "field '" + field.name + "' has no index"};
  const auto number = snapshot.ready(*info, info->indexes().indexes()[*index]);
  if (!number) return {{}, "the index on '" + field.name + "' is still being built"};
  return {number, {}};
}

void sort_keys(std::vector<KeyWord>& keys) {
  if (!std::is_sorted(keys.begin(), keys.end())) std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

IndexNumber joint_index(const SnapshotState& snapshot, TreeId tree, IndexPlan::Kind kind) {
  const auto info = snapshot.reading->given_by(tree);
  const auto index = info ? info->indexes().find(kind) : std::nullopt;
  return index ? snapshot.ready(*info, info->indexes().indexes()[*index]) : IndexNumber{};
}

bool add_keys_in(const SnapshotState& snapshot, IndexNumber number, const ValueSpan& span,
                 std::uint64_t keys_max, std::vector<KeyWord>& keys, bool& has_cut) {
  store::ValueRange range;
  if (span.from) range.from = span.from->view();
  if (span.to) range.to = span.to->view();
  for (IndexRange walk(snapshot.txn(), snapshot.replica.indexes().tables(), number, range); walk;) {
    const std::uint64_t count = walk.count();
    if (keys.size() + count > keys_max) return false;
    has_cut |= !(span.from && span.from->is_number()) && walk.is_cut();
    for (std::uint64_t i = 0; i < count; ++i, walk.next()) keys.push_back(walk.key());
  }
  return true;
}

bool add_users(const SnapshotState& snapshot, AnyKey used, TreeId users_in, std::uint64_t keys_max,
               std::vector<KeyWord>& keys) {
  store::Cursor cursor(snapshot.txn(), snapshot.replica.indexes().tables().references);
  const store::ReferenceKey key(used);
  const store::ReferenceKey first_user(AnyKey(users_in, KeyWord{}));
  for (bool more = cursor.seek_value(key.bytes(), first_user.bytes()); more;
       more = cursor.next_value()) {
    const AnyKey user = store::ReferenceKey::parse(cursor.value());
    if (user.tree != users_in) return true;
    if (keys.size() == keys_max) return false;
    keys.push_back(user.word);
  }
  return true;
}

bool add_users_of_record(const SnapshotState& snapshot, AnyKey record, TreeId users_in,
                         std::uint64_t keys_max, std::vector<KeyWord>& keys) {
  store::Cursor cursor(snapshot.txn(), snapshot.replica.indexes().tables().references);
  const store::ReferenceKey first(record.record());
  for (bool more = cursor.seek(first.bytes()); more; more = cursor.next_key()) {
    const AnyKey used = store::ReferenceKey::parse(cursor.key());
    if (used.record() != record.record()) return true;
    if (!add_users(snapshot, used, users_in, keys_max, keys)) return false;
  }
  return true;
}

}  // namespace coppice::client
