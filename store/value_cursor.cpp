#include "store/value_cursor.h"

#include <algorithm>
#include <limits>

#include "store/index_tables.h"

namespace coppice::store {
namespace {

std::vector<RunView> views_of(const std::vector<StoredRun>& stored) {
  std::vector<RunView> views;
  for (const StoredRun& one : stored) views.push_back(one.run);
  return views;
}

constexpr std::uint64_t kLastWord = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::vector<StoredRun> ValueTables::runs(const Txn& txn) const {
  std::vector<StoredRun> found;
  if (!has_runs(txn)) return found;
  Cursor cursor(txn, *runs_);
  for (bool more = cursor.first(); more; more = cursor.next())
    found.push_back({cursor.key_number(), RunView::of(cursor.value())});
  return found;
}

// What stands beside the table's cursor while there are runs.
struct ValueCursor::Merged {
  Merged(const Txn& txn, const ValueTables& tables)
      : txn(txn), tables(tables), views(views_of(tables.runs(txn))), runs(views) {}

  const Txn& txn;
  const ValueTables& tables;
  const std::vector<RunView> views;  // the oldest first
  RunsCursor runs;
  bool in_table = false;  // the table's cursor stands on an entry: table_entry
  ValueEntry table_entry;
  // What it stands on, from the table or from a run.
  bool valid = false;
  ValueEntry current;
  std::array<std::byte, kValueKeyBytesMax> room;
  Bytes key;
  // Looks at other entries of its key.
  std::unique_ptr<ValueCursor> probe;

  ValueCursor& look_beside() {
    if (!probe) probe = std::make_unique<ValueCursor>(txn, tables);
    return *probe;
  }

  void in_table_at(const Cursor& cursor, bool found) {
    in_table = found;
    if (found) table_entry = ValueEntry::of(cursor.key(), cursor.value_number());
  }

  // Goes on to the first entry from here on that is there, if it does not stand on one.
  bool settle(Cursor& cursor) {
    for (;;) {
      valid = runs || in_table;
      if (!valid) return false;
      const int order = !runs ? 1 : !in_table ? -1 : compare_values(runs.entry(), table_entry);
      if (order > 0) return stand_on(table_entry);
      if (runs.fate() == Fate::comes) return stand_on(runs.entry());
      // Gone, also from the table.
      if (order == 0) in_table_at(cursor, cursor.next());
      runs.next();
    }
  }

  bool stand_on(const ValueEntry& entry) {
    current = entry;
    key = key_of(entry, room);
    return true;
  }

  bool step(Cursor& cursor) {
    const bool of_runs = runs && compare_values(runs.entry(), current) == 0;
    if (in_table && compare_values(table_entry, current) == 0) in_table_at(cursor, cursor.next());
    if (of_runs) runs.next();
    return settle(cursor);
  }

  // Behind all entries of the key it stands on.
  bool leave_key(Cursor& cursor) {
    ValueEntry last = current;
    last.word = kLastWord;
    if (in_table && compare_value_keys(table_entry, current) == 0)
      in_table_at(cursor, cursor.next_key());
    runs.seek(last);
    while (runs && compare_value_keys(runs.entry(), current) == 0) runs.next();
    return settle(cursor);
  }

  bool seek(Cursor& cursor, Bytes wanted) {
    runs.seek(ValueEntry::of(wanted));
    in_table_at(cursor, cursor.seek(wanted));
    return settle(cursor);
  }
};

ValueCursor::ValueCursor(const Txn& txn, const ValueTables& tables) : table_(txn, tables.table_) {
  if (tables.has_runs(txn)) merged_ = std::make_unique<Merged>(txn, tables);
}
ValueCursor::ValueCursor(ValueCursor&&) noexcept = default;
ValueCursor::~ValueCursor() = default;

bool ValueCursor::seek(Bytes key) {
  return merged_ ? merged_->seek(table_, key) : table_.seek(key);
}

bool ValueCursor::first_value(Bytes key) {
  if (!merged_) return table_.first_value(key);
  return seek(key) && std::ranges::equal(merged_->key, key);
}

bool ValueCursor::seek_before(Bytes key) {
  if (merged_) return seek_before_merged(key);
  return table_.seek(key) ? table_.previous() : table_.last();
}

bool ValueCursor::next_merged() { return merged_->step(table_); }
bool ValueCursor::next_key_merged() { return merged_->leave_key(table_); }
Bytes ValueCursor::merged_key() const { return merged_->key; }
std::uint64_t ValueCursor::merged_value() const { return merged_->current.word; }

// The last key below `key` in the table or a run may have no entry any more: then the one before.
bool ValueCursor::seek_before_merged(Bytes key) {
  std::array<std::byte, kValueKeyBytesMax> limit_room, found_room;
  std::copy(key.begin(), key.end(), limit_room.begin());
  Bytes limit = Bytes(limit_room).first(key.size());
  for (;;) {
    const ValueEntry from = ValueEntry::of(limit);
    std::optional<ValueEntry> last;
    for (const RunView& run : merged_->views) {
      const std::size_t behind = run.lower_bound(from);
      if (behind == 0) continue;
      const ValueEntry before = run.at(behind - 1);
      if (!last || compare_value_keys(*last, before) < 0) last = before;
    }
    if (table_.seek(limit) ? table_.previous() : table_.last()) {
      const ValueEntry before = ValueEntry::of(table_.key());
      if (!last || compare_value_keys(*last, before) < 0) last = before;
    }
    if (!last) return merged_->valid = false;
    const Bytes candidate = key_of(*last, found_room);
    if (first_value(candidate)) return true;
    std::copy(candidate.begin(), candidate.end(), limit_room.begin());
    limit = Bytes(limit_room).first(candidate.size());
  }
}

std::uint64_t ValueCursor::count_values() const {
  if (!merged_) return table_.count_values();
  ValueCursor& probe = merged_->look_beside();
  std::uint64_t count = 0;
  for (bool more = probe.first_value(merged_->key);
       more && std::ranges::equal(probe.key(), merged_->key); more = probe.next())
    ++count;
  return count;
}

void ValueCursor::read_values(std::vector<KeyWord>& into) {
  into.clear();
  if (merged_) {
    ValueCursor& probe = merged_->look_beside();
    for (bool more = probe.first_value(merged_->key);
         more && std::ranges::equal(probe.key(), merged_->key); more = probe.next())
      into.emplace_back(probe.value_number());
    return;
  }
  // A key that the cursor gave must not be handed back to it while it moves.
  std::array<std::byte, kValueKeyBytesMax> room;
  std::ranges::copy(key(), room.begin());
  for (bool more = table_.first_value(Bytes(room).first(key().size())); more;
       more = table_.next_value())
    into.emplace_back(table_.value_number());
}

bool ValueCursor::has(Bytes key, std::uint64_t word) {
  if (merged_) {
    const ValueEntry wanted = ValueEntry::of(key, word);
    const auto& views = merged_->views;
    for (auto run = views.rbegin(); run != views.rend(); ++run) {
      const std::size_t at = run->lower_bound(wanted);
      if (at < run->size() && compare_values(run->at(at), wanted) == 0)
        return run->fate(at) == Fate::comes;
    }
  }
  return table_.seek_value(key, bytes_of(word)) && table_.value_number() == word;
}

std::optional<KeyWord> ValueCursor::find(const Txn& txn, const ValueTables& tables, Bytes key) {
  if (!tables.has_runs(txn)) {
    const auto value = txn.find(tables.table_, key);
    return value ? std::optional(key_in_entry(*value)) : std::nullopt;
  }
  ValueCursor cursor(txn, tables);
  if (!cursor.first_value(key)) return std::nullopt;
  return KeyWord(cursor.value_number());
}

ValueFinder::ValueFinder(const Txn& txn, const ValueTables& tables, const RunFilter& filter)
    : txn_(txn),
      tables_(tables),
      filter_(filter),
      has_runs_(tables.has_runs(txn)),
      table_(txn, tables.table_) {}

const std::vector<KeyWord>& ValueFinder::find(const ValueEntry& key) {
  found_.clear();
  if (!has_runs_ || !filter_.may_have(key.hash())) {
    find_in_table(key);
    return found_;
  }
  if (!merged_) merged_.emplace(txn_, tables_);
  if (merged_->first_value(key_of(key, room_))) merged_->read_values(found_);
  return found_;
}

void ValueFinder::find_in_table(const ValueEntry& key) {
  if (stands_ == Stands::at_end) return;
  const Bytes wanted = key_of(key, room_);
  const auto order_here = [&] { return compare_value_keys(ValueEntry::of(table_.key()), key); };
  int order = stands_ == Stands::nowhere ? -1 : order_here();
  // Also where it is the key of before: then it stands on that one's last entry.
  if (order <= 0) {
    stands_ = table_.seek(wanted) ? Stands::at_entry : Stands::at_end;
    if (stands_ == Stands::at_end) return;
    order = order_here();
  }
  if (order > 0) return;
  found_.emplace_back(table_.value_number());
  while (table_.next_value()) found_.emplace_back(table_.value_number());
}

}  // namespace coppice::store
