#include <algorithm>
#include <map>

#include "store/indexes.h"
#include "store/unique_check.h"
#include "store/value_cursor.h"

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
        values_(txn, tables_.values),
        words_(txn, tables_.words),
        references_cursor_(txn, tables_.references) {}

  IndexFindings run() {
    for (const auto& [id, info] : catalogue_->trees()) check_tree(*info);
    check_runs();
    count_values();
    count_words();
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
      missing |= !has(entry);
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

  bool has(const IndexEntries::Settled& entry) {
    if (entry.where == IndexEntries::Where::values)
      return values_.has(entry.key, key_in_entry(entry.value).value);
    Cursor& cursor = entry.where == IndexEntries::Where::words ? words_ : references_cursor_;
    return cursor.seek_value(entry.key, entry.value) &&
           std::ranges::equal(cursor.value(), entry.value);
  }

  // Whoever looks through runs trusts their order.
  void check_runs() {
    for (const StoredRun& stored : tables_.values.runs(txn_)) {
      for (std::size_t i = 1; i < stored.run.size(); ++i) {
        if (compare_values(stored.run.at(i - 1), stored.run.at(i)) < 0) continue;
        faults_.push_back("run " + std::to_string(stored.number) +
                          " of index entries is not in order");
        break;
      }
    }
  }

  void count_values() {
    if (!tables_.exist) return;
    std::map<IndexNumber, std::uint64_t> found;
    std::vector<KeyWord> keys;
    for (bool more = values_.seek(ValueKey(IndexNumber{}).bytes()); more;
         more = values_.next_key()) {
      const IndexNumber number = ValueKey::number_of(values_.key());
      const auto expected = expected_.find(number);
      if (expected == expected_.end()) continue;
      values_.read_values(keys);
      found[number] += static_cast<std::uint64_t>(std::ranges::count_if(
          keys, [&](KeyWord key) { return !is_unread(AnyKey(expected->second.tree, key)); }));
    }
    compare_counts(found, "values");
  }

  void count_words() {
    if (!tables_.exist) return;
    std::map<IndexNumber, std::uint64_t> found;
    for (bool more = words_.first(); more; more = words_.next_key()) {
      const IndexNumber number = ValueKey::number_of(words_.key());
      const auto expected = expected_.find(number);
      if (expected != expected_.end())
        found[number] += count_readable(words_, expected->second.tree);
    }
    compare_counts(found, "words");
  }

  // Every entry that should be there has been found, so equal numbers mean that there is no other.
  void compare_counts(const std::map<IndexNumber, std::uint64_t>& found, const std::string& name) {
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
  ValueCursor values_;
  Cursor words_;
  Cursor references_cursor_;
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
