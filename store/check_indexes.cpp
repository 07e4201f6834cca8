#include <algorithm>
#include <map>

#include "store/indexes.h"
#include "store/unique_check.h"

namespace coppice::store {
namespace {

class IndexCheck {
 public:
  IndexCheck(Database& database, const Txn& txn, const OldBodies* old)
      : database_(database),
        txn_(txn),
        old_(old),
        tables_(database),
        catalogue_(database.catalogue()),
        is_authority_(database.meta().text(txn, "role") == "authority"),
        cursors_{Cursor(txn, tables_.values), Cursor(txn, tables_.words),
                 Cursor(txn, tables_.references)} {}

  IndexFindings run() {
    for (const auto& [id, info] : catalogue_->trees()) check_tree(*info);
    check_counts(tables_.values, "values");
    check_counts(tables_.words, "words");
    check_references();
    IndexFindings findings{std::move(faults_), 0};
    for (const auto& [id, keys] : unread_) findings.unread += keys.size();
    return findings;
  }

 private:
  void check_tree(const TreeInfo& info) {
    std::vector<IndexNumber> numbers;
    bool has_old = false;
    for (const auto& index : info.indexes().indexes()) {
      numbers.push_back(tables_.ready(txn_, info, index, IndexTables::OldOnes::as_they_are));
      if (numbers.back()) {
        has_old |= tables_.row(txn_, info.id(), index)->has_old;
        expected_.emplace(numbers.back(), Expected{info.id(), 0});
      } else if (index.kind == IndexPlan::Kind::references) {
        references_complete_ = false;
      }
    }
    // What was left out has no entries that could be checked.
    const OldBodies* old = has_old ? old_ : nullptr;
    if (is_authority_) check_unique(info, numbers, old);
    for (RecordCursor cursor(txn_, *database_.tree(info.id())); cursor; cursor.next()) {
      const AnyKey key(info.id(), cursor.key());
      const IndexableBody body(info, old, key, WrittenBody::of(cursor.record()));
      if (!body.is_readable()) unread_[info.id()].push_back(key.word);
      check_record(info, numbers, key, body.words());
    }
  }

  void check_record(const TreeInfo& info, const std::vector<IndexNumber>& numbers, AnyKey key,
                    std::span<const std::uint64_t> body) {
    entries_.collect(info.indexes(), numbers, key, body, IndexEntries::Fate::comes);
    bool missing = false;
    entries_.settle([&](const IndexEntries::Settled& entry) {
      if (entry.where == IndexEntries::Where::references) {
        ++references_;
      } else {
        ++expected_[ValueKey::number_of(entry.key)].entries;
      }
      Cursor& cursor = cursors_[static_cast<std::size_t>(entry.where)];
      missing |= !cursor.seek_value(entry.key, entry.value) ||
                 !std::ranges::equal(cursor.value(), entry.value);
    });
    if (missing) faults_.push_back(catalogue_->format(key) + ": an index does not have it");
  }

  // In a replica, own work may share a value with what others made, until the authority answers.
  void check_unique(const TreeInfo& info, const std::vector<IndexNumber>& numbers,
                    const OldBodies* old) {
    for (unsigned i = 0; i < numbers.size(); ++i) {
      if (!numbers[i] || info.indexes().indexes()[i].kind != IndexPlan::Kind::unique) continue;
      const auto shared =
          find_shared_value(tables_, info, *database_.tree(info.id()), i, numbers[i], txn_, old);
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
    for (bool more = cursor.first(); more; more = cursor.next_key()) {
      const IndexNumber number = ValueKey::number_of(cursor.key());
      const auto expected = expected_.find(number);
      if (expected != expected_.end())
        found[number] += count_readable(cursor, expected->second.tree);
    }
    for (const auto& [number, count] : found) {
      const auto expected = expected_.find(number);
      if (expected->second.entries == count) continue;
      faults_.push_back("index " + std::to_string(number.value) + " has " + std::to_string(count) +
                        " " + name + ", and the records of its tree make " +
                        std::to_string(expected->second.entries));
    }
  }

  // Values of the key it stands on. Those of records that nobody here can read are left out.
  std::uint64_t count_readable(Cursor& cursor, TreeId tree) const {
    if (!unread_.contains(tree)) return cursor.count_values();
    std::uint64_t count = 0;
    for (bool more = true; more; more = cursor.next_value())
      count += !is_unread(AnyKey(tree, KeyWord(cursor.value_number())));
    return count;
  }

  bool is_unread(AnyKey key) const {
    const auto keys = unread_.find(key.tree);
    return keys != unread_.end() &&
           std::binary_search(keys->second.begin(), keys->second.end(), key.word);
  }

  std::uint64_t count_references() const {
    if (!tables_.exist) return 0;
    if (unread_.empty()) return txn_.count(tables_.references);
    std::uint64_t count = 0;
    Cursor cursor(txn_, tables_.references);
    for (bool more = cursor.first(); more; more = cursor.next())
      count += !is_unread(ReferenceKey::parse(cursor.value()));
    return count;
  }

  void check_references() {
    if (!references_complete_) return;
    const auto found = count_references();
    if (found == references_) return;
    faults_.push_back("there are " + std::to_string(found) + " references, and the records make " +
                      std::to_string(references_));
  }

  // Entries that the records of a tree make in one index.
  struct Expected {
    TreeId tree;
    std::uint64_t entries = 0;
  };

  Database& database_;
  const Txn& txn_;
  const OldBodies* const old_;
  const IndexTables tables_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const bool is_authority_;
  std::array<Cursor, 3> cursors_;  // by IndexEntries::Where
  IndexEntries entries_;
  std::map<IndexNumber, Expected> expected_;
  // Records whose values nobody here can say, ascending.
  std::map<TreeId, std::vector<KeyWord>> unread_;
  std::uint64_t references_ = 0;
  bool references_complete_ = true;
  std::vector<std::string> faults_;
};

}  // namespace

IndexFindings check_indexes(Database& database, const Txn& txn, const OldBodies* old) {
  return IndexCheck(database, txn, old).run();
}

}  // namespace coppice::store
