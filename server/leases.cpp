#include "server/leases.h"

namespace coppice::server {
namespace {

// The last range of the tree that begins at or below `id`.
std::optional<Leases::Range> range_below(const store::Txn& txn, store::Table table, TreeId tree,
                                         std::uint64_t id) {
  store::Cursor cursor(txn, table);
  const PairKey above(tree.value, id + 1);
  const bool found = cursor.seek(above.bytes()) ? cursor.previous() : cursor.last();
  if (!found || PairKey::first(cursor.key()) != tree.value) return std::nullopt;
  RowReader row(cursor.value());
  Leases::Range range;
  range.begin = PairKey::second(cursor.key());
  range.end = row.number<std::uint64_t>();
  range.client = {static_cast<std::uint32_t>(row.number<std::uint64_t>())};
  return range;
}

}  // namespace

std::optional<Leases::Range> Leases::find(const store::Txn& txn, TreeId tree, RecordId id) const {
  auto range = range_below(txn, table_, tree, id.value);
  if (!range || !range->contains(id)) return std::nullopt;
  return range;
}

std::uint64_t Leases::next_id(const store::Txn& txn, TreeId tree) const {
  const auto last = range_below(txn, table_, tree, kRecordIdMax);
  return last ? last->end : 1;
}

void Leases::put(store::WriteTxn& txn, TreeId tree, const Range& range) const {
  RowWriter row;
  row.number(range.end).number(std::uint64_t{range.client.value});
  txn.put(table_, PairKey(tree.value, range.begin).bytes(), row.row());
}

}  // namespace coppice::server
