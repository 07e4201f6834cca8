#include "store/index_tables.h"

#include <algorithm>

namespace coppice::store {
namespace {

// The last number given to an index, in the table of facts.
constexpr std::string_view kLastNumber = "indexes.last";
// Of rows whose index is to be removed; the number stands for the field. Stored: never renumber.
constexpr auto kRetired = static_cast<IndexPlan::Kind>(255);

Bytes row_bytes(const std::uint64_t (&stored)[3], const IndexRow& row) {
  const Bytes all = bytes_of(stored);
  return row.generation == 0 ? all.first(16) : all;
}

template <typename T>
T big_endian(T number) {
  if constexpr (sizeof number == 4) return __builtin_bswap32(number);
  return static_cast<T>(__builtin_bswap64(number));
}

}  // namespace

IndexTables::IndexTables(Database& database) {
  auto open = [&](const char* name, Layout layout, Table& table) {
    auto opened = database.environment().open_table(name, layout);
    if (opened) table = *opened;
    return opened.has_value();
  };
  Table straight;
  exist = open("indexes", Layout::byte_keys, indexes) &&
          open("values", Layout::word_sets, straight) && open("words", Layout::word_sets, words) &&
          open("references", Layout::pair_sets, references);
  if (!exist) return;
  const auto runs = database.environment().open_table("index_runs", Layout::integer_keys);
  values = ValueTables(straight, runs, database.meta());
}

std::optional<IndexRow> IndexTables::row(const Txn& txn, TreeId tree,
                                         const IndexPlan::Index& index) const {
  if (!exist) return std::nullopt;
  auto value = txn.find(indexes, IndexRowKey(tree, index.kind, index.field).bytes());
  if (!value) return std::nullopt;
  return parse_index_row(*value);
}

void IndexTables::put_row(WriteTxn& txn, TreeId tree, const IndexPlan::Index& index,
                          const IndexRow& row) const {
  const std::uint64_t stored[3] = {row.number.value | std::uint64_t{row.complete} << 32,
                                   row.position.value,
                                   row.generation | std::uint64_t{row.has_old} << 32};
  txn.put(indexes, IndexRowKey(tree, index.kind, index.field).bytes(), row_bytes(stored, row));
}

IndexNumber IndexTables::ready(const Txn& txn, const TreeInfo& tree, const IndexPlan::Index& index,
                               OldOnes old_ones) const {
  const auto found = row(txn, tree.id(), index);
  if (!found || !found->complete || found->generation != tree.generation()) return {};
  const bool lacks_old = found->generation != 0 && !found->has_old;
  return lacks_old && old_ones == OldOnes::wanted ? IndexNumber{} : found->number;
}

void IndexTables::retire(WriteTxn& txn, TreeId tree, const IndexPlan::Index& index,
                         const IndexRow& row) const {
  txn.erase(indexes, IndexRowKey(tree, index.kind, index.field).bytes());
  IndexPlan::Index retired = index;
  retired.kind = kRetired;
  retired.field = FieldId{row.number.value};
  put_row(txn, tree, retired, row);
}

void IndexTables::erase_references(WriteTxn& txn, TreeId from) const {
  std::vector<std::pair<AnyKey, AnyKey>> found;
  {
    Cursor cursor(txn, references);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const AnyKey user = ReferenceKey::parse(cursor.value());
      if (user.tree == from) found.emplace_back(ReferenceKey::parse(cursor.key()), user);
    }
  }
  IndexCursor cursor(txn, references);
  for (const auto& [to, user] : found)
    cursor.erase(ReferenceKey(to).bytes(), ReferenceKey(user).bytes());
}

IndexNumber IndexTables::next_number(WriteTxn& txn, const Meta& meta) const {
  const auto number = meta.number(txn, kLastNumber) + 1;
  meta.set_number(txn, kLastNumber, number);
  return IndexNumber{static_cast<std::uint32_t>(number)};
}

IndexRowKey::IndexRowKey(TreeId tree, IndexPlan::Kind kind, FieldId field) {
  const std::uint64_t words[2] = {to_big_endian(tree.value), to_big_endian(field.value)};
  std::memcpy(bytes_.data(), &words[0], 8);
  bytes_[8] = static_cast<std::byte>(kind);
  std::memcpy(bytes_.data() + 9, &words[1], 8);
}

IndexRow parse_index_row(Bytes value) {
  std::uint64_t stored[3] = {};
  if (value.size() != 16 && value.size() != 24)
    throw CorruptionError("The row of an index is damaged.");
  std::memcpy(stored, value.data(), value.size());
  return {IndexNumber{static_cast<std::uint32_t>(stored[0])}, stored[0] >> 32 != 0,
          KeyWord(stored[1]), static_cast<std::uint32_t>(stored[2]), stored[2] >> 32 != 0};
}

IndexPlan::Kind kind_of_index_row(Bytes key) {
  if (key.size() != 17) throw CorruptionError("The row of an index has a damaged key.");
  return static_cast<IndexPlan::Kind>(key[8]);
}

TreeId tree_of_index_row(Bytes key) {
  if (key.size() != 17) throw CorruptionError("The row of an index has a damaged key.");
  return TreeId{load_big_endian(key)};
}

template <typename T>
void ValueKey::append_number(T number) {
  number = big_endian(number);
  append(std::as_bytes(std::span(&number, 1)));
}

ValueKey::ValueKey(IndexNumber number) { append_number(number.value); }

ValueKey::ValueKey(IndexNumber number, const FieldValue& value) : ValueKey(number) {
  if (value.is_number()) {
    append_number(value.number());
  } else {
    append(std::as_bytes(std::span(value.bytes())));
  }
}

IndexNumber ValueKey::number_of(Bytes key) {
  std::uint32_t number;
  if (key.size() < sizeof number) throw CorruptionError("An entry of an index is damaged.");
  std::memcpy(&number, key.data(), sizeof number);
  return IndexNumber{big_endian(number)};
}

void ValueKey::append(Bytes bytes) {
  const std::size_t taken = std::min(bytes.size(), bytes_.size() - size_);
  std::memcpy(bytes_.data() + size_, bytes.data(), taken);
  size_ += taken;
  is_cut_ = taken < bytes.size();
}

AnyKey ReferenceKey::parse(Bytes bytes) {
  if (bytes.size() != 16) throw CorruptionError("An entry of the references is damaged.");
  return AnyKey(TreeId{load_big_endian(bytes)}, KeyWord(load_big_endian(bytes.subspan(8))));
}

}  // namespace coppice::store
