#pragma once

#include <optional>
#include <vector>

#include "coppice/record.h"
#include "store/environment.h"

namespace coppice::store {

// The records of one tree: a table of integer keys (KeyWord) and values of RecordHeader, body and,
// if released, hash.
//
// Alignment: LMDB gives 8-byte aligned values as long as every key and value of a table is a
// multiple of 8 bytes long. Every value goes through put(), which checks that. Reading a value that
// does not parse throws CorruptionError.
//
// A value; valid as long as its environment. Views are valid as Txn says.
class RecordTree {
 public:
  explicit RecordTree(Table table) : table_(table) {}

  // Tombstones are found too: see header().removed().
  std::optional<RecordView> find(const Txn& txn, KeyWord key) const;
  // The newest revision of a record, tombstones included: what a borrow is about.
  std::optional<Entry> head(const Txn& txn, RecordId id) const;
  // What a reference means: the revision itself; for a floating one the newest released, else the
  // newest. No tombstones.
  std::optional<Entry> resolve(const Txn& txn, KeyWord key) const;

  // Sets header.body_words. A released header stores the hash of the body behind it.
  // REQUIRES: the header is removed exactly if the body is empty.
  void put(WriteTxn& txn, KeyWord key, RecordHeader header,
           std::span<const std::uint64_t> body) const;
  // As put, for a key that is above all others, which is cheaper; the same where it is not.
  void append(WriteTxn& txn, KeyWord key, RecordHeader header,
              std::span<const std::uint64_t> body) const;
  // A value in stored form. REQUIRES: RecordView::parse accepts it.
  void put_value(WriteTxn& txn, KeyWord key, RecordView value) const;
  void append_value(WriteTxn& txn, KeyWord key, RecordView value) const;
  bool erase(WriteTxn& txn, KeyWord key) const { return txn.erase(table_, key.value); }

  std::uint64_t count(const Txn& txn) const { return txn.count(table_); }
  Table table() const { return table_; }

 private:
  Table table_;
};

// Walks a tree in key order: `for (RecordCursor c(txn, tree); c; c.next())`. Tombstones included.
class RecordCursor {
 public:
  RecordCursor(const Txn& txn, RecordTree tree, KeyWord from = KeyWord{})
      : cursor_(txn, tree.table()) {
    valid_ = cursor_.seek(from.value);
  }
  explicit operator bool() const { return valid_; }
  void next() { valid_ = cursor_.next(); }
  KeyWord key() const { return KeyWord(cursor_.key_number()); }
  RecordView record() const;

  // Makes `into` the next `count` records from this one on, tombstones left out, and moves behind
  // them; fewer: the tree ends there.
  void read_ahead(std::size_t count, std::vector<Entry>& into);

 private:
  Cursor cursor_;
  bool valid_ = false;
  std::vector<Cursor::Row> rows_;
};

// Gives records new headers where they lie, one after another in key order: several times cheaper
// than put(), which looks for each key from the root. Must end before its transaction.
class HeaderWriter {
 public:
  HeaderWriter(WriteTxn& txn, RecordTree tree) : cursor_(txn, tree.table()) {}

  // The header of exactly this key, as a copy; nothing if there is no such record.
  std::optional<RecordHeader> find(KeyWord key);
  // Replaces the header that find() has just found. REQUIRES: the record is released or removed as
  // before.
  void replace(RecordHeader header);

 private:
  Cursor cursor_;
  std::vector<std::byte> room_;
};

// Parses a stored value, or throws CorruptionError.
RecordView stored_record(Bytes value);

}  // namespace coppice::store
