#include "server/feed_pump.h"

#include <cstring>

#include "server/messages.h"
#include "server/outgoing.h"

namespace coppice::server {
namespace {

// A Change in a list, and the pointers and the padding of its value.
constexpr std::size_t kChangeBytes = 48;
// A Holder with texts of usual length.
constexpr std::size_t kHolderBytes = 160;
// What a Changes message needs around its list.
constexpr std::size_t kMessageBytes = 128;

std::size_t value_bytes(const ChangeView& change) {
  if (!change.header_only) return change.record.value().size();
  return sizeof(RecordHeader) + (change.record.header().released() ? kContentHashBytes : 0);
}

// Sequences that the client is known to have made itself; visited in rising order.
class OwnRanges {
 public:
  explicit OwnRanges(std::span<const SequenceRange> ranges) : rest_(ranges) {}

  // The last sequence of the range that this one lies in; nothing if it lies in none.
  std::optional<std::uint64_t> end_of_range(std::uint64_t sequence) {
    while (!rest_.empty() && rest_.front().last < sequence) rest_ = rest_.subspan(1);
    if (rest_.empty() || sequence < rest_.front().first) return std::nullopt;
    return rest_.front().last;
  }

 private:
  std::span<const SequenceRange> rest_;
};

}  // namespace

void fill(protocol::Change::Builder to, const ChangeView& change, const store::Txn& txn,
          const Tables& tables, const Clients& clients) {
  to.setTree(change.key.tree.value);
  to.setKey(change.key.word.value);
  to.setHeaderOnly(change.header_only);
  auto value = to.initValue(static_cast<unsigned>(value_bytes(change)));
  const auto stored = change.record.value();
  if (change.header_only) {
    std::memcpy(value.begin(), stored.data(), sizeof(RecordHeader));
    const std::size_t rest = value.size() - sizeof(RecordHeader);
    std::memcpy(value.begin() + sizeof(RecordHeader), stored.data() + stored.size() - rest, rest);
  } else {
    std::memcpy(value.begin(), stored.data(), stored.size());
  }
  if (change.record.header().token == 0) return;
  const auto borrow = Borrows(tables.borrows).find(txn, change.key.record());
  if (borrow) fill(to.initBorrow(), clients.holder(*borrow));
}

std::size_t size_in_message(const ChangeView& change) {
  return kChangeBytes + value_bytes(change) +
         (change.record.header().token != 0 ? kHolderBytes : 0);
}

FeedPump::Pass::Pass(FeedPump& pump)
    : pump_(pump), txn_(pump.database_.read()), head_(pump.database_.meta().number(txn_, "head")) {}

std::shared_ptr<const Unit> FeedPump::Pass::unit(std::uint64_t cursor, std::uint64_t whole,
                                                 ClientNumber client,
                                                 std::span<const SequenceRange> own_fresh) {
  if (cursor >= head_) return nullptr;
  const auto shared = shared_.find({cursor, whole});
  if (shared != shared_.end() && !shared->second->fresh_authors.contains(client)) {
    return shared->second;
  }
  const Draft draft = collect(cursor, whole, client, own_fresh);
  auto unit = std::make_shared<const Unit>(encode(draft));
  if (!draft.skipped_own) shared_.emplace(std::pair(cursor, whole), unit);
  return unit;
}

std::shared_ptr<const Unit> FeedPump::Pass::nothing_new(std::uint64_t cursor) const {
  Draft draft;
  draft.parts.emplace_back().up_to = cursor;
  draft.up_to = cursor;
  return std::make_shared<const Unit>(encode(draft));
}

FeedPump::Pass::Draft FeedPump::Pass::collect(std::uint64_t cursor, std::uint64_t whole,
                                              ClientNumber client,
                                              std::span<const SequenceRange> own_fresh) {
  Draft draft;
  draft.up_to = head_;
  draft.parts.emplace_back();
  OwnRanges own(own_fresh);
  std::size_t unit_bytes = 0;
  std::optional<store::Feed::Walk> walk(std::in_place, txn_, pump_.tables_.feed, cursor);
  while (*walk) {
    const std::uint64_t sequence = walk->sequence();
    if (const auto last = own.end_of_range(sequence)) {
      draft.skipped_own = true;
      walk.emplace(txn_, pump_.tables_.feed, *last);
      continue;
    }
    const AnyKey key = walk->key();
    const RecordView record = find(key, sequence);
    const RecordHeader& header = record.header();
    walk->next();
    if (header.fresh() && header.author == client.value) {
      draft.skipped_own = true;
      continue;
    }
    if (header.fresh()) draft.fresh_authors.insert(ClientNumber{header.author});
    const ChangeView change{key, record, header.body_sequence <= whole};
    const std::size_t size_bytes = size_in_message(change);
    if (draft.parts.back().size_bytes + size_bytes > pump_.options_.part_bytes &&
        !draft.parts.back().changes.empty()) {
      draft.parts.emplace_back();
    }
    Part& part = draft.parts.back();
    part.changes.push_back(change);
    part.size_bytes += size_bytes;
    part.up_to = sequence;
    unit_bytes += size_bytes;
    if (unit_bytes >= pump_.options_.unit_bytes_max && *walk) {
      draft.up_to = sequence;
      break;
    }
  }
  draft.parts.back().up_to = draft.up_to;
  return draft;
}

RecordView FeedPump::Pass::find(AnyKey key, std::uint64_t sequence) {
  auto cursor = cursors_.find(key.tree);
  if (cursor == cursors_.end()) {
    const auto tree = pump_.database_.tree(key.tree);
    if (!tree) throw CorruptionError("The feed names a tree that is not in the catalogue.");
    cursor = cursors_.emplace(key.tree, store::Cursor(txn_, tree->table())).first;
  }
  // A cursor that stays in its page is several times cheaper than a look-up from the root.
  const bool found =
      cursor->second.seek(key.word.value) && cursor->second.key_number() == key.word.value;
  if (!found) throw CorruptionError("The feed names a record that is not there.");
  const RecordView record = store::stored_record(cursor->second.value());
  if (record.header().sequence != sequence) {
    throw CorruptionError("The feed and a record disagree about its sequence.");
  }
  return record;
}

Unit FeedPump::Pass::encode(const Draft& draft) const {
  Unit unit;
  unit.up_to = draft.up_to;
  unit.reaches_head = draft.up_to >= head_;
  unit.fresh_authors = draft.fresh_authors;
  for (const Part& part : draft.parts) {
    unit.parts.push_back(encode(part, &part == &draft.parts.back()));
  }
  return unit;
}

wire::Frame FeedPump::Pass::encode(const Part& part, bool is_last) const {
  Outgoing out(part.size_bytes + kMessageBytes);
  auto changes = out.message().initChanges();
  changes.setUpTo(part.up_to);
  changes.setComplete(is_last);
  changes.setHead(head_);
  auto list = changes.initRecords(static_cast<unsigned>(part.changes.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    fill(list[i], part.changes[i], txn_, pump_.tables_, pump_.clients_);
  }
  return out.finish();
}

}  // namespace coppice::server
