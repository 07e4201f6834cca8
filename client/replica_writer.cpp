#include "client/replica_writer.h"

#include <algorithm>
#include <cstring>

#include <capnp/message.h>

#include "client/convert.h"
#include "client/snapshot_state.h"
#include "coppice/check.h"
#include "schema/body_shape.h"

namespace coppice::client {

const store::RecordTree& ReplicaWriter::tree(TreeId id) const {
  if (id != last_id_ || !last_tree_) {
    last_tree_ = replica_.tree(id);
    last_id_ = id;
  }
  COPPICE_CHECK(last_tree_ != nullptr);
  return *last_tree_;
}

std::optional<RecordView> ReplicaWriter::visible(AnyKey key) const {
  return tree(key.tree).find(txn_, key.word);
}

std::optional<Entry> ReplicaWriter::head(AnyKey key) const {
  return tree(key.tree).head(txn_, key.id());
}

std::optional<RecordView> ReplicaWriter::base(AnyKey key) const {
  auto value = txn_.find(replica_.tables().bases, PairKey(key).bytes());
  if (!value) return std::nullopt;
  return store::stored_record(*value);
}

RecordView ReplicaWriter::compose(std::vector<std::uint64_t>& room, RecordHeader header,
                                  std::span<const std::uint64_t> body) {
  constexpr std::size_t kHeaderWords = sizeof(RecordHeader) / 8;
  header.body_words = static_cast<std::uint32_t>(body.size());
  room.resize(kHeaderWords + body.size() + (header.released() ? kContentHashBytes / 8 : 0));
  std::memcpy(room.data(), &header, sizeof header);
  if (!body.empty()) std::memcpy(room.data() + kHeaderWords, body.data(), body.size_bytes());
  if (header.released()) {
    auto hash = content_hash(body);
    std::memcpy(room.data() + kHeaderWords + body.size(), hash.data(), hash.size());
  }
  return *RecordView::parse(std::as_bytes(std::span(room)));
}

RecordView ReplicaWriter::copy(std::vector<std::uint64_t>& room, RecordView value) {
  room.resize(value.value().size() / 8);
  std::memcpy(room.data(), value.value().data(), value.value().size());
  return *RecordView::parse(std::as_bytes(std::span(room)));
}

void ReplicaWriter::show(AnyKey key, const RecordHeader& header,
                         std::span<const std::uint64_t> body) {
  RecordView after = compose(after_room_, header, body);
  write(key, visible(key), after, false);
}

void ReplicaWriter::show(AnyKey key, RecordView value) {
  RecordView after = copy(after_room_, value);
  write(key, visible(key), after, false);
}

void ReplicaWriter::show_new(AnyKey key, const RecordHeader& header,
                             std::span<const std::uint64_t> body) {
  write(key, std::nullopt, compose(after_room_, header, body), true);
}

void ReplicaWriter::show_new(AnyKey key, RecordView value) {
  write(key, std::nullopt, value, true);
}

void ReplicaWriter::show_header(AnyKey key, const RecordHeader& header) {
  auto current = visible(key);
  COPPICE_CHECK(current.has_value());
  show_header(key, *current, header);
}

void ReplicaWriter::show_header(AnyKey key, RecordView current, const RecordHeader& header) {
  write(key, current, compose(after_room_, header, current.body()), false);
}

void ReplicaWriter::confirm_creates(std::uint64_t operation,
                                    std::span<const std::pair<AnyKey, RecordHeader>> created) {
  while (!created.empty()) {
    if (const auto done = confirm_in_place(operation, created)) {
      created = created.subspan(done);
      continue;
    }
    const auto& [key, header] = created.front();
    created = created.subspan(1);
    auto current = visible(key);
    if (!current || LocalMark::operation(current->header()) != operation) continue;
    if (base(key)) {
      show_base(key);
    } else {
      show_header(key, *current, header);
    }
  }
}

std::size_t ReplicaWriter::confirm_in_place(
    std::uint64_t operation, std::span<const std::pair<AnyKey, RecordHeader>> created) {
  const TreeId id = created.front().first.tree;
  // An indexer is shown both records whole, and a base is shown in their stead.
  if (replica_.indexers().follow(id) || txn_.count(replica_.tables().bases) != 0) return 0;
  store::HeaderWriter headers(txn_, tree(id));
  std::size_t done = 0;
  for (; done < created.size() && created[done].first.tree == id; ++done) {
    const auto current = headers.find(created[done].first.word);
    if (current && LocalMark::operation(*current) == operation)
      headers.replace(created[done].second);
  }
  return done;
}

void ReplicaWriter::forget(AnyKey key) {
  auto current = visible(key);
  if (!current) return;
  RecordHeader header = current->header();
  indexes_.change(key, store::WrittenBody::of(*current), {});
  index(key, copy(before_room_, *current), std::nullopt);
  tree(key.tree).erase(txn_, key.word);
  touch(key, Body::differs);
  tell_difference(key, &header, nullptr, Body::differs);
}

bool ReplicaWriter::is_beyond(AnyKey key) {
  if (highest_of_ != key.tree) {
    store::Cursor cursor(txn_, tree(key.tree).table());
    highest_ = cursor.last() ? KeyWord(cursor.key_number()) : KeyWord{};
    highest_of_ = key.tree;
  }
  return key.word > highest_;
}

void ReplicaWriter::write(AnyKey key, std::optional<RecordView> before, RecordView after,
                          bool append) {
  if (highest_of_ == key.tree && key.word > highest_) highest_ = key.word;
  RecordHeader old_header = before ? before->header() : RecordHeader{};
  const bool nobody_asks = telling_ == Telling::off && !replica_.touched().is_wanted();
  const bool same = nobody_asks || (before && std::ranges::equal(before->body(), after.body()));
  indexes_.change(key, before ? store::WrittenBody::of(*before) : store::WrittenBody{},
                  store::WrittenBody::of(after));
  if (replica_.indexers().follow(key.tree)) {
    index(key, before ? std::optional(copy(before_room_, *before)) : std::nullopt, after);
  }
  if (append) {
    tree(key.tree).append_value(txn_, key.word, after);
  } else {
    tree(key.tree).put_value(txn_, key.word, after);
  }
  touch(key, same ? Body::same : Body::differs);
  tell_difference(key, before ? &old_header : nullptr, &after.header(),
                  same ? Body::same : Body::differs);
}

void ReplicaWriter::index(AnyKey key, std::optional<RecordView> before,
                          std::optional<RecordView> after) {
  if (before && before->header().removed()) before.reset();
  if (after && after->header().removed()) after.reset();
  if (before) before = readable(key, *before, readable_before_);
  if (after) after = readable(key, *after, readable_after_);
  if (!before && !after) return;
  const auto catalogue = replica_.database().catalogue();
  for (Event& event : indexers_.change(txn_, origin_, {key, before, after}, *catalogue))
    tell(std::move(event));
}

std::optional<RecordView> ReplicaWriter::readable(AnyKey key, RecordView stored,
                                                  std::vector<std::uint64_t>& room) const {
  if (!reading_->converts()) return stored;
  auto record = reading_->readable(key, stored, room);
  if (!record) return std::nullopt;
  return *record;
}

bool ReplicaWriter::can_read(AnyKey key, RecordView record) const {
  std::vector<std::uint64_t> room;
  return readable(key, record, room).has_value();
}

void ReplicaWriter::keep_base(AnyKey key) {
  auto current = visible(key);
  if (!current || LocalMark::is_local(current->header())) return;
  RecordView kept = copy(before_room_, *current);
  txn_.put(replica_.tables().bases, PairKey(key).bytes(), kept.value());
}

void ReplicaWriter::set_base(AnyKey key, RecordView value) {
  RecordView kept = copy(before_room_, value);
  txn_.put(replica_.tables().bases, PairKey(key).bytes(), kept.value());
}

void ReplicaWriter::show_base(AnyKey key) {
  auto authority = base(key);
  if (!authority) {
    auto current = visible(key);
    if (current && LocalMark::is_local(current->header())) forget(key);
    return;
  }
  show(key, *authority);
  txn_.erase(replica_.tables().bases, PairKey(key).bytes());
}

void ReplicaWriter::set_holder(AnyKey record, const std::optional<Holder>& holder) {
  PairKey key(record.record());
  if (!holder) {
    txn_.erase(replica_.tables().borrows, key.bytes());
    return;
  }
  // The event that tells of the borrow can now say whose it is.
  if (!events_.empty() && events_.back().kind == Event::Kind::borrowed &&
      events_.back().key.record() == record.record()) {
    events_.back().holder = *holder;
  }
  capnp::MallocMessageBuilder message;
  client::set_holder(message.initRoot<protocol::Holder>(), *holder);
  auto words = canonical_words(message.getRoot<protocol::Holder>().asReader());
  txn_.put(replica_.tables().borrows, key.bytes(), store::bytes_of(words));
}

std::optional<Holder> ReplicaWriter::holder(AnyKey record) const {
  auto value = txn_.find(replica_.tables().borrows, PairKey(record.record()).bytes());
  if (!value) return std::nullopt;
  return to_holder(capnp::readMessageUnchecked<protocol::Holder>(
      reinterpret_cast<const capnp::word*>(value->data())));
}

Snapshot ReplicaWriter::outcome() {
  finish_indexes();
  return Snapshot(std::make_unique<SnapshotState>(replica_, txn_, indexers_.end()));
}

void ReplicaWriter::touch(AnyKey key, Body body) {
  if (!replica_.touched().is_wanted() || touched_everything_) return;
  touched_.push_back({key, body == Body::differs});
  touched_everything_ = touched_.size() > Touched::kOnesMax;
}

void ReplicaWriter::tell(Event event) {
  if (events_.size() < kEventsMax) {
    events_.push_back(std::move(event));
  } else if (events_.size() == kEventsMax) {
    Event missed;
    missed.kind = Event::Kind::missed;
    events_.push_back(std::move(missed));
  }
}

void ReplicaWriter::tell_difference(AnyKey key, const RecordHeader* before,
                                    const RecordHeader* after, Body body) {
  if (telling_ == Telling::off) return;
  auto say = [&](Event::Kind kind) {
    Event event;
    event.kind = kind;
    event.key = key;
    event.origin = origin_;
    if (after && !LocalMark::is_local(*after)) event.sequence = after->sequence;
    if (after) event.holder.client = after->borrower;
    tell(std::move(event));
  };
  const bool was = before && !before->removed();
  const bool is = after && !after->removed();
  if (!was && !is) return;
  if (!was) return say(Event::Kind::created);
  if (!is) return say(Event::Kind::removed);
  // By what is seen, not by sequences: our own work, told when it was written, becomes the
  // authority's without a change, and goes back to what it was with one.
  if (body == Body::differs) say(Event::Kind::changed);
  if (!before->released() && after->released()) say(Event::Kind::released);
  if (before->state != after->state) say(Event::Kind::state);
  if (before->borrower != after->borrower)
    say(after->borrower ? Event::Kind::borrowed : Event::Kind::returned);
}

}  // namespace coppice::client
