#include "store/indexes.h"

#include <algorithm>

#include "coppice/check.h"

namespace coppice::store {
namespace {

// The last number given to an index, in the table of facts.
constexpr std::string_view kLastNumber = "indexes.last";
// Keys that one transaction removes of an index that nobody wants.
constexpr std::size_t kKeysRemoved = 100'000;

bool is_kept(const IndexPlan::Index& index, Indexes::Kept kept) {
  return kept == Indexes::Kept::all ||
         (kept == Indexes::Kept::unique && index.kind == IndexPlan::Kind::unique);
}

}  // namespace

Indexes::Indexes(Database& database, Kept kept)
    : database_(database), tables_(database), kept_(kept) {
  if (kept == Kept::none) return;
  for (const auto& [id, info] : database.catalogue()->trees()) follow(info);
}

bool Indexes::Tree::complete() const {
  return std::all_of(rows.begin(), rows.end(),
                     [](const IndexRow& row) { return !row.number || row.complete; });
}

const Indexes::Tree* Indexes::tree(TreeId id) const {
  auto found = trees_.find(id);
  return found == trees_.end() ? nullptr : &found->second;
}

void Indexes::follow(const TreeInfoPtr& info) {
  Tree tree{info, *database_.tree(info->id()), {}, {}};
  database_.write([&](WriteTxn& txn) {
    tree.rows.clear();
    tree.numbers.clear();
    for (const auto& index : info->indexes().indexes()) {
      tree.rows.push_back(is_kept(index, kept_) ? row_for(txn, tree, index) : IndexRow{});
      tree.numbers.push_back(tree.rows.back().number);
    }
  });
  forget_unwanted(database_.read(), tree);
  const bool keeps_any = std::any_of(tree.numbers.begin(), tree.numbers.end(),
                                     [](IndexNumber number) { return bool(number); });
  trees_.erase(info->id());
  if (keeps_any) trees_.emplace(info->id(), std::move(tree));
}

IndexRow Indexes::row_for(WriteTxn& txn, const Tree& tree, const IndexPlan::Index& index) {
  if (auto known = tables_.row(txn, tree.info->id(), index)) return *known;
  const auto number = database_.meta().number(txn, kLastNumber) + 1;
  database_.meta().set_number(txn, kLastNumber, number);
  IndexRow row;
  row.number = IndexNumber{static_cast<std::uint32_t>(number)};
  row.complete = tree.records.count(txn) == 0;
  tables_.put_row(txn, tree.info->id(), index, row);
  return row;
}

void Indexes::forget_unwanted(const Txn& txn, const Tree& tree) {
  const TreeId id = tree.info->id();
  std::erase_if(unwanted_, [&](const auto& key) { return tree_of_index_row(key) == id; });
  std::vector<IndexRowKey> wanted;
  for (const auto& index : tree.info->indexes().indexes()) {
    if (is_kept(index, kept_)) wanted.emplace_back(id, index.kind, index.field);
  }
  const std::uint64_t first = to_big_endian(id.value);
  Cursor cursor(txn, tables_.indexes);
  for (bool more = cursor.seek(bytes_of(first)); more && tree_of_index_row(cursor.key()) == id;
       more = cursor.next()) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(), [&](const auto& key) {
      return std::ranges::equal(key.bytes(), cursor.key());
    });
    if (!is_wanted) unwanted_.emplace_back(cursor.key().begin(), cursor.key().end());
  }
}

bool Indexes::has_work() const {
  return !unwanted_.empty() || std::any_of(trees_.begin(), trees_.end(), [](const auto& entry) {
    return !entry.second.complete();
  });
}

Indexes::Progress Indexes::progress() const {
  Progress progress;
  const auto txn = database_.read();
  for (const auto& [id, tree] : trees_) {
    if (!tree.complete()) progress.total += tree.records.count(txn);
  }
  progress.done = std::min(built_, progress.total);
  return progress;
}

void Indexes::work(std::size_t records_max) {
  for (auto& [id, tree] : trees_) {
    if (!tree.complete()) return build(tree, records_max);
  }
  if (!unwanted_.empty()) remove_unwanted();
}

void Indexes::build_to_the_end() {
  for (auto& [id, tree] : trees_) {
    while (!tree.complete()) build(tree, kPieceRecords);
  }
}

void Indexes::build(Tree& tree, std::size_t records_max) {
  std::vector<IndexRow> rows;
  std::size_t count = 0;
  database_.write([&](WriteTxn& txn) {
    rows = tree.rows;
    std::vector<IndexNumber> numbers;
    KeyWord position(~std::uint64_t{0});
    for (const IndexRow& row : rows) {
      numbers.push_back(row.complete ? IndexNumber{} : row.number);
      if (numbers.back()) position = std::min(position, row.position);
    }
    IndexEntries entries;
    RecordCursor cursor(txn, tree.records, KeyWord(position.value + 1));
    for (count = 0; cursor && count < records_max && entries.size() < kPieceEntries;
         cursor.next(), ++count) {
      position = cursor.key();
      entries.collect(tree.info->indexes(), numbers, AnyKey(tree.info->id(), position),
                      cursor.record().body(), IndexEntries::Fate::comes);
    }
    entries.write(txn, tables_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!numbers[i]) continue;
      rows[i].position = position;
      rows[i].complete = !cursor;
      tables_.put_row(txn, tree.info->id(), tree.info->indexes().indexes()[i], rows[i]);
    }
  });
  tree.rows = std::move(rows);
  built_ = tree.complete() ? 0 : built_ + count;
}

void Indexes::remove_unwanted() {
  const auto& key = unwanted_.back();
  const bool done = database_.write([&](WriteTxn& txn) {
    auto value = txn.find(tables_.indexes, key);
    if (!value) return true;
    const ValueKey prefix(parse_index_row(*value).number);
    for (Table table : {tables_.values, tables_.words}) {
      if (IndexCursor(txn, table).erase_keys(prefix.bytes(), kKeysRemoved) == kKeysRemoved)
        return false;
    }
    txn.erase(tables_.indexes, key);
    return true;
  });
  if (done) unwanted_.pop_back();
}

void IndexUpdate::change(AnyKey key, std::span<const std::uint64_t> before,
                         std::span<const std::uint64_t> after) {
  const Indexes::Tree* tree = indexes_.tree(key.tree);
  if (!tree || std::ranges::equal(before, after)) return;
  const IndexPlan& plan = tree->info->indexes();
  using Fate = IndexEntries::Fate;
  if (!before.empty()) entries_.collect(plan, tree->numbers, key, before, Fate::goes);
  if (!after.empty()) entries_.collect(plan, tree->numbers, key, after, Fate::comes);
  if (entries_.size() > kEntriesMax) finish();
}

}  // namespace coppice::store
