#include <map>

#include "store/indexes.h"
#include "store/unique_check.h"

namespace coppice::store {
namespace {

class IndexCheck {
 public:
  IndexCheck(Database& database, const Txn& txn)
      : database_(database),
        txn_(txn),
        tables_(database),
        catalogue_(database.catalogue()),
        is_authority_(database.meta().text(txn, "role") == "authority"),
        cursors_{Cursor(txn, tables_.values), Cursor(txn, tables_.words),
                 Cursor(txn, tables_.references)} {}

  std::vector<std::string> run() {
    for (const auto& [id, info] : catalogue_->trees()) check_tree(*info);
    check_counts(tables_.values, "values");
    check_counts(tables_.words, "words");
    check_references();
    return std::move(faults_);
  }

 private:
  void check_tree(const TreeInfo& info) {
    std::vector<IndexNumber> numbers;
    for (const auto& index : info.indexes().indexes()) {
      const auto row = tables_.row(txn_, info.id(), index);
      const bool complete = row && row->complete;
      numbers.push_back(complete ? row->number : IndexNumber{});
      if (complete) {
        expected_.emplace(row->number, 0);
      } else if (index.kind == IndexPlan::Kind::references) {
        references_complete_ = false;
      }
    }
    if (is_authority_) check_unique(info, numbers);
    for (RecordCursor cursor(txn_, *database_.tree(info.id())); cursor; cursor.next()) {
      check_record(info, numbers, AnyKey(info.id(), cursor.key()), cursor.record());
    }
  }

  void check_record(const TreeInfo& info, const std::vector<IndexNumber>& numbers, AnyKey key,
                    RecordView record) {
    entries_.collect(info.indexes(), numbers, key, record.body(), IndexEntries::Fate::comes);
    bool missing = false;
    entries_.settle([&](const IndexEntries::Settled& entry) {
      if (entry.where == IndexEntries::Where::references) {
        ++references_;
      } else {
        ++expected_[ValueKey::number_of(entry.key)];
      }
      Cursor& cursor = cursors_[static_cast<std::size_t>(entry.where)];
      missing |= !cursor.seek_value(entry.key, entry.value) ||
                 !std::ranges::equal(cursor.value(), entry.value);
    });
    if (missing) faults_.push_back(catalogue_->format(key) + ": an index does not have it");
  }

  // In a replica, own work may share a value with what others made, until the authority answers.
  void check_unique(const TreeInfo& info, const std::vector<IndexNumber>& numbers) {
    for (unsigned i = 0; i < numbers.size(); ++i) {
      if (!numbers[i] || info.indexes().indexes()[i].kind != IndexPlan::Kind::unique) continue;
      const auto shared =
          find_shared_value(tables_, info, *database_.tree(info.id()), i, numbers[i], txn_);
      if (!shared) continue;
      faults_.push_back(catalogue_->format(AnyKey(info.id(), shared->first)) + " and " +
                        catalogue_->format(AnyKey(info.id(), shared->second)) + ": both have " +
                        shared->field + " " + shared->value + ", which is unique");
    }
  }

  // Every entry that should be there has been found, so equal numbers mean that there is no other.
  void check_counts(Table table, const std::string& name) {
    if (!tables_.exist) return;
    std::map<IndexNumber, std::uint64_t> found;
    Cursor cursor(txn_, table);
    for (bool more = cursor.first(); more; more = cursor.next_key())
      found[ValueKey::number_of(cursor.key())] += cursor.count_values();
    for (const auto& [number, count] : found) {
      const auto expected = expected_.find(number);
      if (expected == expected_.end() || expected->second == count) continue;
      faults_.push_back("index " + std::to_string(number.value) + " has " + std::to_string(count) +
                        " " + name + ", and the records of its tree make " +
                        std::to_string(expected->second));
    }
  }

  void check_references() {
    const auto found = tables_.exist ? txn_.count(tables_.references) : 0;
    if (!references_complete_ || found == references_) return;
    faults_.push_back("there are " + std::to_string(found) + " references, and the records make " +
                      std::to_string(references_));
  }

  Database& database_;
  const Txn& txn_;
  const IndexTables tables_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const bool is_authority_;
  std::array<Cursor, 3> cursors_;  // by IndexEntries::Where
  IndexEntries entries_;
  // By index: entries that its records make.
  std::map<IndexNumber, std::uint64_t> expected_;
  std::uint64_t references_ = 0;
  bool references_complete_ = true;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_indexes(Database& database, const Txn& txn) {
  return IndexCheck(database, txn).run();
}

}  // namespace coppice::store
