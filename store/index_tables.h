#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "schema/tree_info.h"
#include "store/database.h"
#include "store/value_tables.h"

namespace coppice::store {

// Names one declared index in its database for ever. Counted from 1; 0 is none.
struct IndexNumber {
  std::uint32_t value = 0;
  auto operator<=>(const IndexNumber&) const = default;
  explicit operator bool() const { return value != 0; }
};

// What is stored of a declared index beside its entries.
struct IndexRow {
  IndexNumber number;
  // Everything of its tree is in it.
  bool complete = false;
  // If it is not: the last key that the build has dealt with.
  KeyWord position;
  // The generation of the tree's schema by which values were taken out of bodies.
  std::uint32_t generation = 0;
  // Bodies of earlier generations are in it too, as the migration reads them; false: they are left
  // out.
  bool has_old = false;
};

// The tables that declared indexes share (docs/storage.md). Numbers in keys are big-endian, so that
// they sort; key words in values are little-endian. Stored: names and layouts never change.
//
//   table       key                              values
//   indexes     tree (8), kind (1), field (8)    number (4), complete (4), position (8); and of a
//                                                tree that was migrated generation (4), has_old (4)
//   values      number (4), value                key words (8)
//   index_runs  1, 2, 3 ... (8)                  a run of entries above `values`: value_run.h
//   words       number (4), word, 0, class (1)   key words (8)
//   references  tree, key referred to (8 + 8)    tree, key that refers (8 + 8)
//
// All live revisions of a record are indexed. An index that nobody wants any more has no row of a
// tree's plan, and is removed with its row. One that has to be made anew gets a new number; its row
// is kept as one of a kind that no plan has, until its entries are removed.
struct IndexTables {
  // Texts and data longer than this are cut off in keys, so what is found is compared with the
  // record. A larger bound puts fewer keys on a page; part numbers and names are shorter.
  static constexpr std::size_t kValueBytesMax = 120;
  // So many words of a record are searched; a longer text is no title.
  static constexpr std::size_t kWordsMax = 2'000;

  // Makes what is missing; leaves it missing in a database that is read only.
  explicit IndexTables(Database& database);

  std::optional<IndexRow> row(const Txn& txn, TreeId tree, const IndexPlan::Index& index) const;
  void put_row(WriteTxn& txn, TreeId tree, const IndexPlan::Index& index,
               const IndexRow& row) const;
  // The index, if it can be asked by this schema of the tree: complete, and of its generation. None
  // otherwise. `wanted`: also one that lacks bodies of earlier generations is none.
  enum class OldOnes { as_they_are, wanted };
  IndexNumber ready(const Txn& txn, const TreeInfo& tree, const IndexPlan::Index& index,
                    OldOnes old_ones) const;
  // Makes the index one that is to be removed. REQUIRES: it is not of references.
  void retire(WriteTxn& txn, TreeId tree, const IndexPlan::Index& index, const IndexRow& row) const;
  // Removes what this tree's records refer to.
  void erase_references(WriteTxn& txn, TreeId from) const;
  // One that no index of the database had yet.
  IndexNumber next_number(WriteTxn& txn, const Meta& meta) const;

  // false: a read-only database of a time before indexes. The others are then no tables.
  bool exist = false;
  Table indexes;
  ValueTables values;
  Table words;
  Table references;
};

// The key of a row in `indexes`.
class IndexRowKey {
 public:
  IndexRowKey(TreeId tree, IndexPlan::Kind kind, FieldId field);
  Bytes bytes() const { return bytes_; }

 private:
  std::array<std::byte, 17> bytes_;
};

IndexRow parse_index_row(Bytes value);
IndexPlan::Kind kind_of_index_row(Bytes key);
// The tree of a row's key.
TreeId tree_of_index_row(Bytes key);

// A key of `values`, or the beginning of all keys of an index there and in `words`.
class ValueKey {
 public:
  explicit ValueKey(IndexNumber number);
  ValueKey(IndexNumber number, const FieldValue& value);
  Bytes bytes() const { return {bytes_.data(), size_}; }
  // The value was cut off.
  bool is_cut() const { return is_cut_; }

  // The value in a key of the table.
  static Bytes value_of(Bytes key) { return key.subspan(4); }
  static IndexNumber number_of(Bytes key);

 private:
  template <typename T>
  void append_number(T number);
  void append(Bytes bytes);

  std::array<std::byte, 4 + IndexTables::kValueBytesMax> bytes_;
  std::size_t size_ = 0;
  bool is_cut_ = false;
};

static_assert(kValueKeyBytesMax == 4 + IndexTables::kValueBytesMax);

inline std::uint64_t to_big_endian(std::uint64_t number) { return __builtin_bswap64(number); }
inline std::uint64_t load_big_endian(Bytes bytes) {
  std::uint64_t number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return to_big_endian(number);
}

// A value of `values` and of `words`.
inline KeyWord key_in_entry(Bytes value) {
  std::uint64_t word;
  if (value.size() != sizeof word) throw CorruptionError("An entry of an index is damaged.");
  std::memcpy(&word, value.data(), sizeof word);
  return KeyWord(word);
}

// A key or a value of `references`.
class ReferenceKey {
 public:
  explicit ReferenceKey(AnyKey key)
      : words_{to_big_endian(key.tree.value), to_big_endian(key.word.value)} {}
  Bytes bytes() const { return std::as_bytes(std::span(words_)); }
  static AnyKey parse(Bytes bytes);

 private:
  std::array<std::uint64_t, 2> words_;
};

}  // namespace coppice::store
