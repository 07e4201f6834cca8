#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "coppice/key.h"
#include "store/run_filter.h"
#include "store/value_tables.h"

namespace coppice::store {

// Walks the values of declared indexes in the order of their keys, and for one key in that of key
// words, as a cursor walks a table: the table and the runs above it as one. Where there are no runs
// it is the table's cursor.
//
// Valid as long as its transaction, in one that writes until its next write, and the tables.
class ValueCursor {
 public:
  ValueCursor(const Txn& txn, const ValueTables& tables);
  ValueCursor(ValueCursor&&) noexcept;
  ~ValueCursor();

  // Each returns whether there is such an entry; key() and value_number() are it.
  // The first entry with a key not below `key`.
  bool seek(Bytes key);
  // The first entry of exactly `key`.
  bool first_value(Bytes key);
  // One of the last key below `key`.
  bool seek_before(Bytes key);
  bool next() { return merged_ ? next_merged() : table_.next(); }
  // The first entry of the next key.
  bool next_key() { return merged_ ? next_key_merged() : table_.next_key(); }

  // Of the entry it stands on.
  Bytes key() const { return merged_ ? merged_key() : table_.key(); }
  std::uint64_t value_number() const { return merged_ ? merged_value() : table_.value_number(); }
  // Of its key: how many entries, and their key words. Neither moves it, but for what is next of
  // the same key.
  std::uint64_t count_values() const;
  void read_values(std::vector<KeyWord>& into);

  // Whether there is exactly this entry. Moves it.
  bool has(Bytes key, std::uint64_t word);

  // The first entry of exactly `key`, without a walk.
  static std::optional<KeyWord> find(const Txn& txn, const ValueTables& tables, Bytes key);

 private:
  struct Merged;

  bool next_merged();
  bool next_key_merged();
  bool seek_before_merged(Bytes key);
  Bytes merged_key() const;
  std::uint64_t merged_value() const;

  Cursor table_;
  std::unique_ptr<Merged> merged_;  // null: there are no runs
};

// Finds all entries of keys that are asked for in ascending order, which costs little where they
// are many or lie behind all that there is. For whoever writes. Valid as a ValueCursor.
class ValueFinder {
 public:
  // `filter`: of the runs.
  ValueFinder(const Txn& txn, const ValueTables& tables, const RunFilter& filter);

  // Valid until the next one. REQUIRES: no key before it was above.
  const std::vector<KeyWord>& find(const ValueEntry& key);

 private:
  void find_in_table(const ValueEntry& key);

  const Txn& txn_;
  const ValueTables& tables_;
  const RunFilter& filter_;
  const bool has_runs_;
  std::optional<ValueCursor> merged_;
  Cursor table_;
  // Where the table's cursor stands: at the first key not below the last that was asked for.
  enum class Stands { nowhere, at_entry, at_end };
  Stands stands_ = Stands::nowhere;
  std::array<std::byte, kValueKeyBytesMax> room_;
  std::vector<KeyWord> found_;
};

}  // namespace coppice::store
