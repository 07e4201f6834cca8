#include "client/index_walk.h"

#include <algorithm>

namespace coppice::client {
namespace {

// The values of one body that lie in a range, as bytes of their order.
class Values final : public IndexSink {
 public:
  Values(unsigned index, const store::ValueRange& range) : index_(index), range_(range) {}
  void number(unsigned index, std::uint64_t value) override {
    if (index != index_ || (range_.from && value < range_.from->number()) ||
        (range_.to && value > range_.to->number()))
      return;
    const std::uint64_t big_endian = store::to_big_endian(value);
    found.emplace_back(reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
  }
  void bytes(unsigned index, std::string_view value) override {
    if (index != index_ || (range_.from && value < range_.from->bytes()) ||
        (range_.to && value > range_.to->bytes()))
      return;
    found.emplace_back(value);
  }
  std::vector<std::string> found;

 private:
  const unsigned index_;
  const store::ValueRange& range_;
};

}  // namespace

RevisionFilter::RevisionFilter(const SnapshotState& snapshot, TreeId tree, Revisions revisions)
    : revisions_(Revisions::all) {
  const auto info = snapshot.catalogue->find(tree);
  if (info && info->versioned()) revisions_ = revisions;
  if (auto* records = snapshot.tree(tree)) records_.emplace(snapshot.txn(), records->table());
}

RevisionFilter::RevisionFilter(const SnapshotState& snapshot, const TreeInfo& info,
                               Revisions revisions)
    : revisions_(info.versioned() ? revisions : Revisions::all) {
  if (auto* records = snapshot.tree(info.id())) records_.emplace(snapshot.txn(), records->table());
}

std::optional<RecordView> RevisionFilter::admit(KeyWord key) {
  if (!records_ || !records_->first_value(key.value)) return std::nullopt;
  const RecordView record = store::stored_record(records_->value());
  if (record.header().removed()) return std::nullopt;
  if (revisions_ == Revisions::released && !record.header().released()) return std::nullopt;
  if (revisions_ != Revisions::all && superseded(key)) return std::nullopt;
  return record;
}

bool RevisionFilter::superseded(KeyWord key) {
  while (records_->next() && KeyWord(records_->key_number()).id() == key.id()) {
    const RecordHeader& later = store::stored_record(records_->value()).header();
    // A removed draft is only a spent number.
    if (revisions_ == Revisions::released ? later.released() : !later.removed()) return true;
  }
  return false;
}

IndexWalk::IndexWalk(const SnapshotState& snapshot, const IndexQuestion& question)
    : snapshot_(snapshot),
      question_(question),
      range_{question.from, question.to},
      filter_(snapshot, question.tree, question.revisions) {
  if (auto* index = usable_index(snapshot, question)) index_ = *index;
  if (!index_) return;
  if (index_->number) {
    entries_.emplace(snapshot.txn(), snapshot.replica.indexes().tables(), index_->number, range_);
  } else {
    look_through();
  }
}

void IndexWalk::look_through() {
  auto* records = snapshot_.tree(question_.tree);
  if (!records) return;
  std::vector<std::pair<std::string, KeyWord>> found;
  std::vector<std::uint64_t> room;
  for (store::RecordCursor cursor(snapshot_.txn(), *records); cursor; cursor.next()) {
    Values values(index_->place, range_);
    const AnyKey key(question_.tree, cursor.key());
    index_->info->indexes().extract(snapshot_.indexable(key, cursor.record(), room), values);
    for (auto& value : values.found) found.emplace_back(std::move(value), cursor.key());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  found_.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

std::optional<AnyRecord> IndexWalk::next() {
  while (entries_ && *entries_) {
    auto record = admit(entries_->key(), entries_->is_cut());
    entries_->next();
    if (record) return record;
  }
  while (!found_.empty()) {
    auto record = admit(found_.front().second, false);
    found_.pop_front();
    if (record) return record;
  }
  return std::nullopt;
}

std::optional<AnyRecord> IndexWalk::admit(KeyWord key, bool is_cut) {
  const auto stored = filter_.admit(key);
  if (!stored) return std::nullopt;
  const AnyKey found(question_.tree, key);
  if (is_cut) {
    std::vector<std::uint64_t> room;
    const auto body = snapshot_.indexable(found, *stored, room);
    if (!store::has_value_in(index_->info->indexes(), index_->place, body, range_))
      return std::nullopt;
  }
  snapshot_.tree(question_.tree);
  return AnyRecord{found, snapshot_.readable(found, *stored)};
}

namespace {

// The first entry of one value, without a walk: what most questions to a unique index come to.
// Nothing: there is none, or a walk has to tell.
struct FirstEntry {
  bool known = false;
  std::optional<AnyRecord> record;
};

FirstEntry first_entry(const SnapshotState& snapshot, const IndexQuestion& question) {
  const UsableIndex* index = usable_index(snapshot, question);
  if (!index || !index->number) return {};
  const store::ValueKey key(index->number, *question.from);
  if (key.is_cut()) return {};
  const auto word = store::ValueCursor::find(
      snapshot.txn(), snapshot.replica.indexes().tables().values, key.bytes());
  if (!word) return {true, std::nullopt};
  RevisionFilter filter(snapshot, *index->info, question.revisions);
  const KeyWord found = *word;
  const auto stored = filter.admit(found);
  if (!stored) return {};
  const AnyKey any(question.tree, found);
  return {true, AnyRecord{any, snapshot.readable(any, *stored)}};
}

bool is_one_value(const IndexQuestion& question) {
  const auto &from = question.from, &to = question.to;
  return from && to && from->is_number() == to->is_number() && from->number() == to->number() &&
         from->bytes() == to->bytes();
}

}  // namespace

std::optional<AnyRecord> find_first(const SnapshotState& snapshot, const IndexQuestion& question) {
  if (is_one_value(question)) {
    auto first = first_entry(snapshot, question);
    if (first.known) return std::move(first.record);
  }
  return IndexWalk(snapshot, question).next();
}

}  // namespace coppice::client

namespace coppice {

AnyIndexIterator::AnyIndexIterator(const client::SnapshotState& snapshot,
                                   const IndexQuestion& question)
    : walk_(std::make_unique<client::IndexWalk>(snapshot, question)) {}
AnyIndexIterator::AnyIndexIterator(AnyIndexIterator&&) noexcept = default;
AnyIndexIterator::~AnyIndexIterator() = default;

std::optional<AnyRecord> AnyIndexIterator::next() { return walk_->next(); }

}  // namespace coppice
