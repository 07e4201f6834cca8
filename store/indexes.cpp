#include "store/indexes.h"

#include <algorithm>

#include "coppice/check.h"

namespace coppice::store {
namespace {

// Keys that one transaction removes of an index that nobody wants.
constexpr std::size_t kKeysRemoved = 100'000;

// Bodies that are alike have the same values, unless different migrations read them.
bool reads_alike(const TreeInfo& tree, const WrittenBody& a, const WrittenBody& b) {
  const bool same_reading = a.version == b.version || (!is_of_earlier_generation(tree, a.version) &&
                                                       !is_of_earlier_generation(tree, b.version));
  return same_reading && std::ranges::equal(a.words, b.words);
}

bool is_kept(const IndexPlan::Index& index, Indexes::Kept kept) {
  return kept == Indexes::Kept::all ||
         (kept == Indexes::Kept::unique && index.kind == IndexPlan::Kind::unique);
}

}  // namespace

Indexes::Indexes(Database& database, Kept kept, const OldBodies* old, const RunLimits& limits)
    : database_(database),
      tables_(database),
      kept_(kept),
      old_(old),
      values_(tables_.values, limits) {
  if (kept == Kept::none) return;
  has_runs_ = tables_.values.has_runs(database.read());
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
  Tree tree{info, *database_.tree(info->id()), {}, {}, 0};
  database_.write([&](WriteTxn& txn) {
    tree.rows.clear();
    tree.numbers.clear();
    if (kept_ == Kept::all && info->generation() != 0) forget_references(txn, *info);
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

// References share one table, in which those that were read otherwise cannot be told from others:
// they go before any is added.
void Indexes::forget_references(WriteTxn& txn, const TreeInfo& info) {
  std::vector<std::vector<std::byte>> rows;
  {
    Cursor cursor(txn, tables_.indexes);
    const std::uint64_t first = to_big_endian(info.id().value);
    for (bool more = cursor.seek(bytes_of(first));
         more && tree_of_index_row(cursor.key()) == info.id(); more = cursor.next()) {
      const bool is_of_references = kind_of_index_row(cursor.key()) == IndexPlan::Kind::references;
      if (is_of_references && !serves(parse_index_row(cursor.value()), info))
        rows.emplace_back(cursor.key().begin(), cursor.key().end());
    }
  }
  for (const auto& row : rows) txn.erase(tables_.indexes, row);
  if (!rows.empty()) tables_.erase_references(txn, info.id());
}

bool Indexes::serves(const IndexRow& row, const TreeInfo& info) const {
  if (row.generation != info.generation()) return false;
  return kept_ == Kept::unique || info.generation() == 0 || row.has_old == reads_old(info.id());
}

IndexRow Indexes::row_for(WriteTxn& txn, const Tree& tree, const IndexPlan::Index& index) {
  if (auto known = tables_.row(txn, tree.info->id(), index)) {
    if (serves(*known, *tree.info)) return *known;
    tables_.retire(txn, tree.info->id(), index, *known);
  }
  IndexRow row;
  row.number = tables_.next_number(txn, database_.meta());
  row.complete = tree.records.count(txn) == 0;
  row.generation = tree.info->generation();
  row.has_old = row.generation != 0 && reads_old(tree.info->id());
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
  if (unwanted_.empty()) return;
  // What lies in runs would come back with the next drain.
  if (has_runs_) return drain(kPieceEntries);
  remove_unwanted();
}

void Indexes::drain(std::size_t entries_max) {
  has_runs_ = database_.write([&](WriteTxn& txn) { return values_.drain(txn, entries_max); },
                              Durability::recent);
  if (!has_runs_) values_.drained();
}

void Indexes::write(WriteTxn& txn, IndexEntries& entries) const {
  const auto before = values_.changes();
  entries.write(txn, tables_, &values_);
  has_runs_ |= values_.changes() != before;
}

void Indexes::build_to_the_end() {
  for (auto& [id, tree] : trees_) {
    while (!tree.complete()) build(tree, kPieceRecords);
  }
}

void Indexes::build(Tree& tree, std::size_t records_max) {
  std::vector<IndexRow> rows;
  std::size_t count = 0;
  std::uint64_t unread = 0;
  database_.write([&](WriteTxn& txn) {
    rows = tree.rows;
    unread = 0;
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
      const AnyKey key(tree.info->id(), position);
      const auto body = indexable(*tree.info, key, WrittenBody::of(cursor.record()));
      unread += !body.is_readable();
      if (body.words().empty()) continue;
      entries.collect(tree.info->indexes(), numbers, key, body.words(), IndexEntries::Fate::comes);
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
  tree.unread += unread;
  built_ = tree.complete() ? 0 : built_ + count;
}

void Indexes::remove_unwanted() {
  const auto& key = unwanted_.back();
  const bool done = database_.write([&](WriteTxn& txn) {
    auto value = txn.find(tables_.indexes, key);
    if (!value) return true;
    const ValueKey prefix(parse_index_row(*value).number);
    if (tables_.values.below_runs(txn).erase_keys(prefix.bytes(), kKeysRemoved) == kKeysRemoved ||
        IndexCursor(txn, tables_.words).erase_keys(prefix.bytes(), kKeysRemoved) == kKeysRemoved)
      return false;
    txn.erase(tables_.indexes, key);
    return true;
  });
  if (done) unwanted_.pop_back();
}

void IndexUpdate::change(AnyKey key, const WrittenBody& before, const WrittenBody& after) {
  const Indexes::Tree* tree = indexes_.tree(key.tree);
  if (!tree || reads_alike(*tree->info, before, after)) return;
  const IndexPlan& plan = tree->info->indexes();
  const auto was = indexes_.indexable(*tree->info, key, before);
  const auto is = indexes_.indexable(*tree->info, key, after);
  using Fate = IndexEntries::Fate;
  if (!was.words().empty()) entries_.collect(plan, tree->numbers, key, was.words(), Fate::goes);
  if (!is.words().empty()) entries_.collect(plan, tree->numbers, key, is.words(), Fate::comes);
  if (entries_.size() > kEntriesMax) finish();
}

}  // namespace coppice::store
