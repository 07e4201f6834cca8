#include "coppice/snapshot.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "client/convert.h"
#include "client/index_walk.h"
#include "client/known_lines.h"
#include "client/snapshot_state.h"

namespace coppice {
namespace client {

class TreeWalk {
 public:
  TreeWalk(const SnapshotState& snapshot, TreeId id, const store::RecordTree& tree, KeyWord from)
      : snapshot_(snapshot), id_(id), cursor_(snapshot.txn(), tree, from) {}

  // The next records; fewer each time at the end of the tree, and at last none.
  std::span<const Entry> read_ahead() {
    cursor_.read_ahead(count_, entries_);
    count_ = std::min(2 * count_, kCountMax);
    if (snapshot_.reading->reads_from(id_) != 0) convert();
    return entries_;
  }

 private:
  // Entries of 24 bytes whose records' headers were read a moment ago: both stay in the processor's
  // first cache.
  static constexpr std::size_t kCountMax = 64;

  void convert() {
    snapshot_.tree(id_);
    for (Entry& entry : entries_)
      entry.record = snapshot_.readable(AnyKey(id_, entry.key), entry.record);
  }

  const SnapshotState& snapshot_;
  const TreeId id_;
  store::RecordCursor cursor_;
  std::size_t count_ = 1;
  std::vector<Entry> entries_;
};

store::IndexNumber SnapshotState::ready(const TreeInfo& info, const IndexPlan::Index& index) const {
  using OldOnes = store::IndexTables::OldOnes;
  if (reading->is_ahead(info.id())) return {};
  const auto old_ones =
      reading->reads_into_newest(info.id()) ? OldOnes::wanted : OldOnes::as_they_are;
  return replica.indexes().tables().ready(txn(), info, index, old_ones);
}

std::span<const std::uint64_t> SnapshotState::indexable(AnyKey key, RecordView stored,
                                                        std::vector<std::uint64_t>& room) const {
  const std::uint32_t version = stored.header().schema_version;
  if (stored.header().removed()) return {};
  if (reading->is_old(key.tree, version)) {
    const auto record = reading->readable(key, stored, room);
    return record ? record->body() : std::span<const std::uint64_t>{};
  }
  if (store::is_of_earlier_generation(*catalogue->find(key.tree), version)) return {};
  return stored.body();
}

Snapshot take_snapshot(Replica& replica, std::string_view name) {
  auto [txn, memory] = replica.indexers().read(name);
  return Snapshot(std::make_unique<SnapshotState>(replica, std::move(txn), std::move(memory)));
}

namespace {

Holder stored_holder(store::Bytes value) {
  return to_holder(capnp::readMessageUnchecked<protocol::Holder>(
      reinterpret_cast<const capnp::word*>(value.data())));
}

}  // namespace
}  // namespace client

AnyIterator::AnyIterator(const client::SnapshotState& snapshot, TreeId tree, KeyWord from)
    : tree_(tree) {
  if (auto* records = snapshot.tree(tree)) {
    walk_ = std::make_unique<client::TreeWalk>(snapshot, tree, *records, from);
    read_ahead();
  }
}
AnyIterator::AnyIterator(AnyIterator&&) noexcept = default;
AnyIterator::~AnyIterator() = default;

void AnyIterator::read_ahead() {
  const auto entries = walk_->read_ahead();
  at_ = entries.data();
  end_ = at_ + entries.size();
}

Snapshot::Snapshot(std::unique_ptr<client::SnapshotState> state) : state_(std::move(state)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

std::optional<AnyRecord> Snapshot::get(AnyKey key) const {
  auto* tree = state_->tree(key.tree);
  if (!tree) return std::nullopt;
  auto entry = tree->resolve(state_->txn(), key.word);
  if (!entry) return std::nullopt;
  const AnyKey found(key.tree, entry->key);
  return AnyRecord{found, state_->readable(found, entry->record)};
}

std::optional<AnyRecord> Snapshot::head(AnyKey key) const {
  auto* tree = state_->tree(key.tree);
  if (!tree) return std::nullopt;
  auto entry = tree->head(state_->txn(), key.id());
  if (!entry) return std::nullopt;
  const AnyKey found(key.tree, entry->key);
  return AnyRecord{found, state_->readable(found, entry->record)};
}

std::uint64_t Snapshot::count(TreeId id) const {
  auto* tree = state_->tree(id);
  return tree ? tree->count(state_->txn()) : 0;
}

std::optional<AnyRecord> Snapshot::find(const IndexQuestion& question) const {
  return client::find_first(*state_, question);
}

namespace {

// The indexer, if its table can be believed in this snapshot.
Result<const client::Follower*> ask(const client::SnapshotState& state, std::string_view name) {
  const auto& indexers = state.replica.indexers();
  const client::Follower* follower = indexers.find(name);
  if (!follower) {
    return error(Errc::bad_request, "This client has no indexer '" + std::string(name) +
                                        "'. Give it to Client::open in Options::indexers.");
  }
  if (!indexers.is_current(state.txn(), *follower)) {
    return error(Errc::index_set_aside,
                 "Indexer '" + std::string(name) +
                     "' failed, or was never built here, and cannot be asked until it is built "
                     "anew. Status and the event that told of it say why.");
  }
  return follower;
}

}  // namespace

Result<std::vector<std::uint64_t>> Snapshot::index(std::string_view indexer,
                                                   std::uint64_t key) const {
  auto follower = ask(*state_, indexer);
  if (!follower) return follower.error();
  std::vector<std::uint64_t> values;
  store::Cursor cursor(state_->txn(), *(*follower)->table);
  for (bool more = cursor.first_value(key); more; more = cursor.next_value())
    values.push_back(cursor.value_number());
  return values;
}

Result<std::uint64_t> Snapshot::index_count(std::string_view indexer) const {
  auto follower = ask(*state_, indexer);
  if (!follower) return follower.error();
  return state_->txn().count(*(*follower)->table);
}

std::shared_ptr<const void> Snapshot::memory_of(const Indexer& indexer) const {
  const auto& followers = state_->replica.indexers().followers();
  for (std::size_t i = 0; i < state_->memory.size(); ++i) {
    if (followers[i]->indexer.get() == &indexer) return state_->memory[i];
  }
  return nullptr;
}

std::optional<Holder> Snapshot::holder(AnyKey key) const {
  auto value =
      state_->txn().find(state_->replica.tables().borrows, client::PairKey(key.record()).bytes());
  if (!value) return std::nullopt;
  return client::stored_holder(*value);
}

std::vector<std::pair<AnyKey, Holder>> Snapshot::borrows() const {
  std::vector<std::pair<AnyKey, Holder>> borrows;
  store::Cursor cursor(state_->txn(), state_->replica.tables().borrows);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    borrows.emplace_back(client::PairKey::parse(cursor.key()),
                         client::stored_holder(cursor.value()));
  }
  return borrows;
}

Waiters Snapshot::waiters(AnyKey record) const {
  return client::waiters_of(state_->replica, state_->txn(), record);
}

std::string Snapshot::client_name(std::uint32_t number) const {
  auto value = state_->txn().find(state_->replica.tables().names, number);
  if (!value) return "client " + std::to_string(number);
  return {reinterpret_cast<const char*>(value->data()), value->size()};
}

std::uint64_t Snapshot::sequence() const {
  return state_->replica.database().meta().number(state_->txn(), client::fact::kCursor);
}

bool Snapshot::catching_up() const {
  const auto& meta = state_->replica.database().meta();
  return meta.number(state_->txn(), client::fact::kCatchingUp) != 0 ||
         meta.number(state_->txn(), client::fact::kFirstSync) != 0;
}

const Catalogue& Snapshot::catalogue() const { return *state_->catalogue; }

}  // namespace coppice
