#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/index_tables.h"
#include "store/value_cursor.h"

namespace coppice::store {

// The values from `from` to `to`, both included; without one of them, from the first or to the
// last. REQUIRES: both are of the field's type.
struct ValueRange {
  std::optional<FieldValue> from;
  std::optional<FieldValue> to;
  static ValueRange of(const FieldValue& value) { return {value, value}; }
};

// Whether a body has a value in the range, among those of plan.indexes()[index]. For where there is
// no index to ask, and for values that its keys cut off.
bool has_value_in(const IndexPlan& plan, unsigned index, std::span<const std::uint64_t> body,
                  const ValueRange& range);

// Walks the entries of one index whose values lie in a range, in the order of values, and for one
// value in the order of keys: `for (IndexRange r(txn, tables, number, range); r; r.next())`.
//
// Valid as long as its transaction and the range's values.
class IndexRange {
 public:
  IndexRange(const Txn& txn, const IndexTables& tables, IndexNumber number,
             const ValueRange& range);

  explicit operator bool() const { return valid_; }
  void next();
  // To the first entry of the next value.
  void next_value();
  KeyWord key() const { return KeyWord(cursor_.value_number()); }
  // How many entries this value has.
  std::uint64_t count() const { return cursor_.count_values(); }
  // The value, as in the key of its table.
  Bytes value() const { return ValueKey::value_of(cursor_.key()); }
  // The value may have been cut off, so that only the record knows whether it lies in the range.
  bool is_cut() const { return value().size() == IndexTables::kValueBytesMax; }

 private:
  void look();

  ValueCursor cursor_;
  const ValueKey first_;  // the index's prefix, and `from` if there is one
  const ValueKey last_;
  const bool ends_;  // there is a `to`
  bool valid_ = false;
};

// Walks the values of one index from the lowest to the highest, or back: `for (IndexValues v(txn,
// tables, number, direction); v; v.next())`.
//
// Valid as long as its transaction.
class IndexValues {
 public:
  enum class Direction { ascending, descending };

  IndexValues(const Txn& txn, const IndexTables& tables, IndexNumber number, Direction direction);

  explicit operator bool() const { return valid_; }
  void next();
  // How many keys the value has, and these, ascending.
  std::uint64_t count() const { return cursor_.count_values(); }
  void read_keys(std::vector<KeyWord>& into) { cursor_.read_values(into); }
  // As IndexRange::is_cut().
  bool is_cut() const {
    return ValueKey::value_of(cursor_.key()).size() == IndexTables::kValueBytesMax;
  }

 private:
  void look();

  ValueCursor cursor_;
  const IndexNumber number_;
  const Direction direction_;
  bool valid_ = false;
};

}  // namespace coppice::store
