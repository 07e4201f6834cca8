#include "store/unique_rebuild.h"

#include <algorithm>

namespace coppice::store {
namespace {

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

KeyWord record_of(const IndexEntries::Settled& entry) {
  std::uint64_t word;
  std::memcpy(&word, entry.value.data(), sizeof word);
  return KeyWord(word);
}

}  // namespace

// Judges the values of one body that their keys in the table do not tell.
class UniqueRebuild::LongValues final : public IndexSink {
 public:
  LongValues(UniqueRebuild& rebuild, KeyWord key) : rebuild_(rebuild), key_(key) {}

  void bytes(unsigned index, std::string_view value) override {
    if (!rebuild_.numbers_[index] || value.size() < IndexTables::kValueBytesMax) return;
    const auto [found, is_new] =
        rebuild_.long_values_.try_emplace({index, std::string(value)}, key_);
    if (!is_new && found->second.id() != key_.id())
      rebuild_.share(index, found->second, key_, FieldValue(value));
  }

 private:
  UniqueRebuild& rebuild_;
  const KeyWord key_;
};

UniqueRebuild::UniqueRebuild(const TreeInfo& before, const TreeInfo& after, const Target* target)
    : after_(after), target_(target) {
  const auto& indexes = after.indexes().indexes();
  for (unsigned i = 0; i < indexes.size(); ++i) {
    IndexNumber number;
    if (is_made(before, i))
      number = target ? target->tables.next_number(target->txn, target->meta) : IndexNumber{i + 1};
    numbers_.push_back(number);
  }
}

bool UniqueRebuild::is_made(const TreeInfo& before, unsigned index) const {
  const auto& made = after_.indexes().indexes()[index];
  if (made.kind != IndexPlan::Kind::unique) return false;
  if (before.generation() != after_.generation()) return true;
  const auto known = before.indexes().find(made.field);
  return !known || before.indexes().indexes()[*known].kind != IndexPlan::Kind::unique;
}

bool UniqueRebuild::has_work() const {
  return std::any_of(numbers_.begin(), numbers_.end(),
                     [](IndexNumber number) { return bool(number); });
}

void UniqueRebuild::add(KeyWord key, std::span<const std::uint64_t> body) {
  entries_.collect(after_.indexes(), numbers_, AnyKey(after_.id(), key), body,
                   IndexEntries::Fate::comes);
  LongValues long_values(*this, key);
  after_.indexes().extract(body, long_values);
}

std::vector<SharedValue> UniqueRebuild::finish() {
  if (!has_work()) return {};
  if (target_) {
    // Their numbers are new, so no run has anything of them.
    IndexCursor cursor = target_->tables.values.below_runs(target_->txn);
    entries_.settle([&](const IndexEntries::Settled& entry) {
      judge(entry);
      cursor.add(entry.key, entry.value);
    });
  } else {
    entries_.settle([&](const IndexEntries::Settled& entry) { judge(entry); });
  }
  if (target_) put_rows();
  return std::move(shared_);
}

// Entries come in the order of values, and for one value in the order of records.
void UniqueRebuild::judge(const IndexEntries::Settled& entry) {
  const Bytes bytes = ValueKey::value_of(entry.key);
  if (bytes.size() >= IndexTables::kValueBytesMax) return;
  const KeyWord record = record_of(entry);
  if (!std::ranges::equal(entry.key, judged_)) {
    judged_.assign(entry.key.begin(), entry.key.end());
    owner_ = record;
    return;
  }
  if (record.id() == owner_.id()) return;
  const auto number = ValueKey::number_of(entry.key);
  const auto index =
      static_cast<unsigned>(std::find(numbers_.begin(), numbers_.end(), number) - numbers_.begin());
  const auto& field = after_.indexes().indexes()[index];
  if (is_bytes(field.type)) return share(index, owner_, record, FieldValue(text_of(bytes)));
  const auto ordered = load_big_endian(bytes);
  if (ordered != field.unset) share(index, owner_, record, FieldValue::of_ordered(ordered));
}

void UniqueRebuild::share(unsigned index, KeyWord first, KeyWord second, const FieldValue& value) {
  const auto& field = after_.indexes().indexes()[index];
  shared_.push_back({first, second, field.name, describe(field.type, value)});
}

void UniqueRebuild::put_rows() const {
  const auto& indexes = after_.indexes().indexes();
  for (unsigned i = 0; i < indexes.size(); ++i) {
    if (!numbers_[i]) continue;
    const auto known = target_->tables.row(target_->txn, after_.id(), indexes[i]);
    if (known) target_->tables.retire(target_->txn, after_.id(), indexes[i], *known);
    const IndexRow row{.number = numbers_[i],
                       .complete = true,
                       .position = {},
                       .generation = after_.generation(),
                       .has_old = after_.generation() != 0};
    target_->tables.put_row(target_->txn, after_.id(), indexes[i], row);
  }
}

}  // namespace coppice::store
