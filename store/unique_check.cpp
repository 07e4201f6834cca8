#include "store/unique_check.h"

#include <algorithm>
#include <map>

#include "store/index_range.h"

namespace coppice::store {
// Gets the unique values of one body that are set.
class UniqueCheck::Collector final : public IndexSink {
 public:
  Collector(UniqueCheck& check, const Indexes::Tree& tree) : check_(check), tree_(tree) {}

  void number(unsigned index, std::uint64_t value) override {
    if (value != tree_.info->indexes().indexes()[index].unset)
      add(index, FieldValue::of_ordered(value));
  }
  void bytes(unsigned index, std::string_view value) override { add(index, value); }

 private:
  void add(unsigned index, FieldValue value) {
    const bool is_unique = tree_.info->indexes().indexes()[index].kind == IndexPlan::Kind::unique;
    if (!is_unique || !tree_.rows[index].complete) return;
    const IndexNumber number = tree_.numbers[index];
    const bool is_cut = value.bytes().size() > IndexTables::kValueBytesMax;
    const auto cut = value.bytes().substr(0, IndexTables::kValueBytesMax);
    const ValueEntry entry =
        value.is_number() ? ValueEntry::of_number(number.value, value.number())
                          : ValueEntry::of_bytes(number.value, std::as_bytes(std::span(cut)));
    check_.places_.push_back({entry.high, entry.low, check_.values_.size()});
    check_.values_.push_back({&tree_, index, is_cut, value, entry, check_.bodies_.size() - 1});
  }

  UniqueCheck& check_;
  const Indexes::Tree& tree_;
};

void UniqueCheck::add(AnyKey key, const WrittenBody& body) {
  const Indexes::Tree* tree = indexes_.tree(key.tree);
  if (!tree || !tree->info->indexes().find(IndexPlan::Kind::unique)) return;
  bodies_.push_back({key, indexes_.indexable(*tree->info, key, body)});
  Collector collector(*this, *tree);
  tree->info->indexes().extract(bodies_.back().body.words(), collector);
}

bool UniqueCheck::is_before(const Place& a, const Place& b) const {
  if (a.high != b.high) return a.high < b.high;
  if (a.low >> 8 != b.low >> 8) return a.low < b.low;
  const Value &first = values_[a.value], &second = values_[b.value];
  const int keys = compare_value_keys(first.entry, second.entry);
  if (keys != 0) return keys < 0;
  const int values = first.value.bytes().compare(second.value.bytes());
  return values != 0 ? values < 0 : a.value < b.value;
}

bool UniqueCheck::are_equal(const Place& a, const Place& b) const {
  const Value &first = values_[a.value], &second = values_[b.value];
  return compare_value_keys(first.entry, second.entry) == 0 &&
         first.value.bytes() == second.value.bytes();
}

std::vector<UniqueCheck::Clash> UniqueCheck::run() {
  std::vector<Clash> clashes;
  if (places_.empty()) return clashes;
  const auto is_before = [this](const Place& a, const Place& b) { return this->is_before(a, b); };
  // Values that grow come in their order.
  if (!std::is_sorted(places_.begin(), places_.end(), is_before))
    std::sort(places_.begin(), places_.end(), is_before);
  std::vector<std::pair<std::size_t, Clash>> found;
  ValueFinder stored(txn_, indexes_.tables().values, indexes_.values_.filter(txn_));
  for (std::size_t i = 0; i < places_.size();) {
    const std::size_t first = i;
    while (++i < places_.size() && are_equal(places_[first], places_[i])) continue;
    judge({&places_[first], i - first}, stored, found);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [body, clash] : found) clashes.push_back(std::move(clash));
  return clashes;
}

void UniqueCheck::judge(std::span<const Place> wanted, ValueFinder& stored,
                        std::vector<std::pair<std::size_t, Clash>>& found) {
  const Value& front = values_[wanted.front().value];
  const auto& keys = stored.find(front.entry);
  if (keys.empty() && wanted.size() == 1) return;
  const Owners owners = this->owners(front, keys);
  // Whoever has it now and keeps it comes first, then who has it and is not written, then the first
  // who wants it.
  std::optional<AnyKey> owner;
  for (const Place& place : wanted) {
    const AnyKey key = bodies_[values_[place.value].body].key;
    if (!owner && owners.has(key.id())) owner = key;
  }
  if (!owner) owner = owners.remaining;
  for (const Place& place : wanted) {
    const Value& value = values_[place.value];
    const AnyKey key = bodies_[value.body].key;
    if (!owner) owner = key;
    if (key.id() == owner->id() || owners.has(key.id())) continue;
    const auto& index = value.tree->info->indexes().indexes()[value.index];
    found.emplace_back(value.body,
                       Clash{key, *owner, index.name, describe(index.type, value.value)});
  }
}

bool UniqueCheck::Owners::has(RecordId id) const {
  return std::find(had.begin(), had.end(), id) != had.end();
}

UniqueCheck::Owners UniqueCheck::owners(const Value& value, const std::vector<KeyWord>& stored) {
  Owners owners;
  for (const KeyWord word : stored) {
    const AnyKey key(value.tree->info->id(), word);
    if (value.is_cut && !is_in(value, key)) continue;
    if (!owners.has(key.id())) owners.had.push_back(key.id());
    if (!owners.remaining && !is_rewritten(key)) owners.remaining = key;
  }
  return owners;
}

bool UniqueCheck::is_rewritten(AnyKey key) {
  if (rewritten_.size() != bodies_.size()) {
    rewritten_.clear();
    for (const Body& body : bodies_) rewritten_.push_back(body.key);
    std::sort(rewritten_.begin(), rewritten_.end());
  }
  return std::binary_search(rewritten_.begin(), rewritten_.end(), key);
}

bool UniqueCheck::is_in(const Value& value, AnyKey key) const {
  const auto record = value.tree->records.find(txn_, key.word);
  if (!record) return false;
  const auto body = indexes_.indexable(*value.tree->info, key, WrittenBody::of(*record));
  return !body.is_readable() || has_value_in(value.tree->info->indexes(), value.index, body.words(),
                                             ValueRange::of(value.value));
}

namespace {

// Tells values apart that the key of an index cuts off.
class CutValues final : public IndexSink {
 public:
  explicit CutValues(unsigned index) : index_(index) {}
  void bytes(unsigned index, std::string_view value) override {
    if (index == index_ && value.size() >= IndexTables::kValueBytesMax) values.emplace_back(value);
  }
  std::vector<std::string> values;

 private:
  const unsigned index_;
};

// The value of an entry, as its index orders it.
FieldValue value_at(const IndexRange& entry, ValueType type) {
  const Bytes bytes = entry.value();
  if (is_bytes(type))
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return FieldValue::of_ordered(load_big_endian(bytes));
}

}  // namespace

std::optional<SharedValue> find_shared_value(const IndexTables& tables, const TreeInfo& info,
                                             const RecordTree& records, unsigned index,
                                             IndexNumber number, const Txn& txn,
                                             const OldBodies* old) {
  const auto& field = info.indexes().indexes()[index];
  // Of the value that is walked: who has it; by the whole value, where the key has cut it off.
  std::map<std::string, KeyWord> owners;
  std::vector<std::byte> current;
  for (IndexRange entry(txn, tables, number, {}); entry; entry.next()) {
    if (!std::ranges::equal(entry.value(), current)) {
      owners.clear();
      current.assign(entry.value().begin(), entry.value().end());
    }
    const FieldValue value = value_at(entry, field.type);
    if (!is_bytes(field.type) && value.number() == field.unset) continue;
    CutValues whole(index);
    if (entry.is_cut()) {
      if (auto record = records.find(txn, entry.key())) {
        const IndexableBody body(info, old, AnyKey(info.id(), entry.key()),
                                 WrittenBody::of(*record));
        info.indexes().extract(body.words(), whole);
      }
    } else {
      whole.values.emplace_back();
    }
    for (const auto& rest : whole.values) {
      const KeyWord owner = owners.try_emplace(rest, entry.key()).first->second;
      if (owner.id() != entry.key().id())
        return SharedValue{owner, entry.key(), field.name, describe(field.type, value)};
    }
  }
  return std::nullopt;
}

std::optional<SharedValue> find_shared_value(const Indexes& indexes, const TreeInfo& offered,
                                             const TreeInfo& stored, const Txn& txn) {
  const Indexes::Tree* tree = indexes.tree(offered.id());
  const auto& fields = offered.indexes().indexes();
  for (unsigned i = 0; tree && i < fields.size(); ++i) {
    if (fields[i].kind != IndexPlan::Kind::unique) continue;
    const auto known = stored.indexes().find(fields[i].field);
    if (known && stored.indexes().indexes()[*known].kind == IndexPlan::Kind::unique) continue;
    auto shared = find_shared_value(indexes.tables(), offered, tree->records, i, tree->numbers[i],
                                    txn, nullptr);
    if (shared) return shared;
  }
  return std::nullopt;
}

Error not_unique(const Catalogue& names, const UniqueCheck::Clash& clash) {
  Error refusal = error(Errc::not_unique,
                        names.format(clash.key) + ": " + clash.field + " " + clash.value +
                            " belongs to " + names.format(clash.owner) +
                            " already, and is unique. Choose another, or change that record.",
                        clash.key);
  refusal.actual = clash.owner.word.value;
  return refusal;
}

}  // namespace coppice::store
