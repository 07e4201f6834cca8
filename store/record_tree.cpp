#include "store/record_tree.h"

#include <cstring>
#include <span>

#include "coppice/check.h"

namespace coppice::store {
namespace {

std::size_t value_size(const RecordHeader& header, std::size_t body_words) {
  return sizeof(RecordHeader) + 8 * body_words + (header.released() ? kContentHashBytes : 0);
}

void fill(std::span<std::byte> room, RecordHeader header, std::span<const std::uint64_t> body) {
  header.body_words = static_cast<std::uint32_t>(body.size());
  std::memcpy(room.data(), &header, sizeof header);
  if (!body.empty()) std::memcpy(room.data() + sizeof header, body.data(), body.size_bytes());
  if (header.released()) {
    auto hash = content_hash(body);
    std::memcpy(room.data() + sizeof header + body.size_bytes(), hash.data(), hash.size());
  }
}

// Apart, so that what is called for every record stays small.
[[noreturn]] void refuse_damaged(Bytes value) {
  throw CorruptionError("A stored record of " + std::to_string(value.size()) +
                        " bytes contradicts its header. Run `coppice check` on this folder.");
}

// Moves to the newest revision of the record. False: there is none.
bool move_to_head(Cursor& cursor, RecordId id) {
  const KeyWord highest(id, Revision{kRevisionMax});
  bool found = cursor.seek(highest.value);
  // Not that one itself: step back from what comes after the record.
  if (!found) {
    found = cursor.last();
  } else if (cursor.key_number() != highest.value) {
    found = cursor.previous();
  }
  return found && KeyWord(cursor.key_number()).id() == id;
}

}  // namespace

RecordView stored_record(Bytes value) {
  const auto record = RecordView::parse(value);
  if (!record || reinterpret_cast<std::uintptr_t>(value.data()) % 8 != 0) refuse_damaged(value);
  return *record;
}

std::optional<RecordView> RecordTree::find(const Txn& txn, KeyWord key) const {
  auto value = txn.find(table_, key.value);
  if (!value) return std::nullopt;
  return stored_record(*value);
}

std::optional<Entry> RecordTree::head(const Txn& txn, RecordId id) const {
  Cursor cursor(txn, table_);
  if (!move_to_head(cursor, id)) return std::nullopt;
  return Entry{KeyWord(cursor.key_number()), stored_record(cursor.value())};
}

std::optional<Entry> RecordTree::resolve(const Txn& txn, KeyWord key) const {
  if (!key.floats()) {
    auto record = find(txn, key);
    if (!record || record->header().removed()) return std::nullopt;
    return Entry{key, *record};
  }
  std::optional<Entry> newest;
  Cursor cursor(txn, table_);
  for (bool more = move_to_head(cursor, key.id());
       more && KeyWord(cursor.key_number()).id() == key.id(); more = cursor.previous()) {
    Entry entry{KeyWord(cursor.key_number()), stored_record(cursor.value())};
    if (entry.record.header().released()) return entry;
    if (!newest && !entry.record.header().removed()) newest = entry;
  }
  return newest;
}

void RecordTree::put(WriteTxn& txn, KeyWord key, RecordHeader header,
                     std::span<const std::uint64_t> body) const {
  COPPICE_CHECK(header.removed() == body.empty());
  fill(txn.reserve(table_, key.value, value_size(header, body.size())), header, body);
}

void RecordTree::append(WriteTxn& txn, KeyWord key, RecordHeader header,
                        std::span<const std::uint64_t> body) const {
  COPPICE_CHECK(header.removed() == body.empty());
  fill(txn.reserve_append(table_, key.value, value_size(header, body.size())), header, body);
}

void RecordTree::put_value(WriteTxn& txn, KeyWord key, RecordView value) const {
  txn.put(table_, key.value, value.value());
}

void RecordTree::append_value(WriteTxn& txn, KeyWord key, RecordView value) const {
  txn.append(table_, key.value, value.value());
}

std::optional<RecordHeader> HeaderWriter::find(KeyWord key) {
  if (!cursor_.step_to(key.value)) return std::nullopt;
  return stored_record(cursor_.value()).header();
}

void HeaderWriter::replace(RecordHeader header) {
  const auto old = cursor_.value();
  room_.assign(old.begin(), old.end());
  RecordHeader before;
  std::memcpy(&before, room_.data(), sizeof before);
  COPPICE_CHECK(before.released() == header.released() && before.removed() == header.removed());
  header.body_words = before.body_words;
  std::memcpy(room_.data(), &header, sizeof header);
  cursor_.overwrite(room_);
}

RecordView RecordCursor::record() const { return stored_record(cursor_.value()); }

void RecordCursor::read_ahead(std::size_t count, std::vector<Entry>& into) {
  into.clear();
  rows_.resize(count);
  while (valid_ && into.size() < count) {
    // First only where the values lie; then the checks, when their bytes are on their way.
    const auto rows = std::span(rows_).first(count - into.size());
    for (const Cursor::Row& row : rows.first(cursor_.read_ahead(rows, valid_))) {
      const RecordView record = stored_record(row.value);
      if (!record.header().removed()) into.push_back({KeyWord(row.key), record});
    }
  }
}

}  // namespace coppice::store
