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
    const ValueKey key(tree_.numbers[index], value);
    const auto bytes = key.bytes();
    check_.values_.push_back({&tree_,
                              index,
                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                              key.is_cut(),
                              value,
                              check_.bodies_.size() - 1});
  }

  UniqueCheck& check_;
  const Indexes::Tree& tree_;
};

void UniqueCheck::add(AnyKey key, const WrittenBody& body) {
  const Indexes::Tree* tree = indexes_.tree(key.tree);
  if (!tree || !tree->info->indexes().find(IndexPlan::Kind::unique)) return;
  bodies_.push_back({key, indexes_.indexable(*tree->info, key, body)});
  rewritten_.insert(key);
  Collector collector(*this, *tree);
  tree->info->indexes().extract(bodies_.back().body.words(), collector);
}

std::vector<UniqueCheck::Clash> UniqueCheck::run() {
  std::vector<std::pair<std::size_t, Clash>> found;
  std::sort(values_.begin(), values_.end(), [](const Value& a, const Value& b) {
    const int keys = a.key.compare(b.key);
    if (keys != 0) return keys < 0;
    const int values = a.value.bytes().compare(b.value.bytes());
    return values != 0 ? values < 0 : a.body < b.body;
  });
  Cursor cursor(txn_, indexes_.tables().values);
  for (std::size_t i = 0; i < values_.size();) {
    const std::size_t first = i;
    while (++i < values_.size() && values_[i].key == values_[first].key &&
           values_[i].value.bytes() == values_[first].value.bytes())
      continue;
    judge({&values_[first], i - first}, cursor, found);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Clash> clashes;
  for (auto& [body, clash] : found) clashes.push_back(std::move(clash));
  return clashes;
}

void UniqueCheck::judge(std::span<const Value> wanted, Cursor& cursor,
                        std::vector<std::pair<std::size_t, Clash>>& found) const {
  const Owners stored = owners(wanted.front(), cursor);
  // Whoever has it now and keeps it comes first, then who has it and is not written, then the first
  // who wants it.
  std::optional<AnyKey> owner;
  for (const Value& value : wanted) {
    const AnyKey key = bodies_[value.body].key;
    if (!owner && stored.had.contains(key.id())) owner = key;
  }
  if (!owner) owner = stored.remaining;
  for (const Value& value : wanted) {
    const AnyKey key = bodies_[value.body].key;
    if (!owner) owner = key;
    if (key.id() == owner->id() || stored.had.contains(key.id())) continue;
    const auto& index = value.tree->info->indexes().indexes()[value.index];
    found.emplace_back(value.body,
                       Clash{key, *owner, index.name, describe(index.type, value.value)});
  }
}

UniqueCheck::Owners UniqueCheck::owners(const Value& value, Cursor& cursor) const {
  Owners owners;
  const Bytes key = std::as_bytes(std::span(value.key));
  for (bool more = cursor.first_value(key); more; more = cursor.next_value()) {
    const AnyKey stored(value.tree->info->id(), KeyWord(cursor.value_number()));
    if (value.is_cut && !is_in(value, stored)) continue;
    owners.had.insert(stored.id());
    if (!owners.remaining && !rewritten_.contains(stored)) owners.remaining = stored;
  }
  return owners;
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
