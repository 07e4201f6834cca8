#pragma once

#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "client/replica.h"
#include "coppice/protocol.capnp.h"

namespace coppice::client {

// Changes to a replica inside one write transaction: keeps trees, indexes, bases and the list of
// borrows in step, and collects the events to tell afterwards.
//
// What a tree shows is the authority's state with the client's own unanswered work on top. Where
// the two differ, the record carries a LocalMark, and the authority's value, if it has one, lies in
// `bases`.
class ReplicaWriter {
 public:
  // More events than this in one transaction become a single `missed`.
  static constexpr std::size_t kEventsMax = 20'000;

  // By write_replica() below.
  ReplicaWriter(Replica& replica, store::WriteTxn& txn, IndexerTransaction& indexers,
                Event::Origin origin)
      : replica_(replica),
        txn_(txn),
        indexers_(indexers),
        origin_(origin),
        reading_(replica.reading()),
        indexes_(replica.indexes(), txn) {}

  store::WriteTxn& txn() { return txn_; }
  Replica& replica() { return replica_; }
  const store::Meta& meta() const { return replica_.database().meta(); }

  // What the tree shows; valid until the next write.
  std::optional<RecordView> visible(AnyKey key) const;
  std::optional<Entry> head(AnyKey key) const;
  // Whether the program's migration can read a record, if it needs it for that.
  bool can_read(AnyKey key, RecordView record) const;
  // What the authority has of a record that differs here.
  std::optional<RecordView> base(AnyKey key) const;

  // Makes the tree show this. The body may be a view of the store.
  void show(AnyKey key, const RecordHeader& header, std::span<const std::uint64_t> body);
  void show(AnyKey key, RecordView value);
  // As show, for a key the tree does not have.
  void show_new(AnyKey key, const RecordHeader& header, std::span<const std::uint64_t> body);
  void show_new(AnyKey key, RecordView value);
  // Changes the header alone.
  void show_header(AnyKey key, const RecordHeader& header);
  // The same for a caller that has looked already. REQUIRES: `current` is what is visible.
  void show_header(AnyKey key, RecordView current, const RecordHeader& header);
  // The authority accepted what `operation` created, and gave it these headers. What was changed
  // since stays as it is; where the authority has moved on already, its state is shown.
  void confirm_creates(std::uint64_t operation,
                       std::span<const std::pair<AnyKey, RecordHeader>> created);
  // Makes the tree not have it.
  void forget(AnyKey key);

  // Keeps what is visible as the authority's, unless it is a local state already.
  void keep_base(AnyKey key);
  void set_base(AnyKey key, RecordView value);
  void drop_base(AnyKey key) { txn_.erase(replica_.tables().bases, PairKey(key).bytes()); }
  // Makes the tree show the authority's state, or nothing if the authority has none, and drops the
  // base.
  void show_base(AnyKey key);

  // Who holds a record now; nothing: nobody.
  void set_holder(AnyKey record, const std::optional<Holder>& holder);
  std::optional<Holder> holder(AnyKey record) const;

  // Whether the tree has no key as high as this, so that it can only be new.
  bool is_beyond(AnyKey key);

  // Whether differences between what was shown and what is shown become events. A first sync tells
  // nobody of each record.
  enum class Telling { on, off };
  void set_telling(Telling telling) { telling_ = telling; }
  void tell(Event event);
  // More was changed than went through this.
  void touch_everything() { touched_everything_ = true; }
  std::vector<Event> take_events() { return std::move(events_); }
  // The commit is done: live queries may look at what was changed.
  void hand_over_touched() {
    replica_.touched().add(std::move(touched_), touched_everything_, origin_);
  }
  // Writes what was collected for declared indexes: before the transaction ends (write_replica()
  // does it), and before anybody asks them within it.
  void finish_indexes() { indexes_.finish(); }
  // Everything as written so far, indexes included; valid until the next write. The last thing to
  // be asked for in a transaction.
  Snapshot outcome();

 private:
  // A value built or copied outside of the store, so that it stays while the store is written.
  RecordView compose(std::vector<std::uint64_t>& room, RecordHeader header,
                     std::span<const std::uint64_t> body);
  RecordView copy(std::vector<std::uint64_t>& room, RecordView value);
  void write(AnyKey key, std::optional<RecordView> before, RecordView after, bool append);
  void index(AnyKey key, std::optional<RecordView> before, std::optional<RecordView> after);
  // How far confirm_creates() gets in one tree by changing headers where they lie.
  std::size_t confirm_in_place(std::uint64_t operation,
                               std::span<const std::pair<AnyKey, RecordHeader>> created);
  // A record as the program knows it. Nothing where its migration refuses it: then it is in no
  // index.
  std::optional<RecordView> readable(AnyKey key, RecordView stored,
                                     std::vector<std::uint64_t>& room) const;
  enum class Body { same, differs };
  void touch(AnyKey key, Body body);
  void tell_difference(AnyKey key, const RecordHeader* before, const RecordHeader* after,
                       Body body);
  const store::RecordTree& tree(TreeId id) const;

  Replica& replica_;
  store::WriteTxn& txn_;
  IndexerTransaction& indexers_;
  Event::Origin origin_;
  const std::shared_ptr<const Reading> reading_;
  store::IndexUpdate indexes_;
  std::vector<Event> events_;
  std::vector<std::uint64_t> before_room_;
  std::vector<std::uint64_t> after_room_;
  std::vector<std::uint64_t> readable_before_;
  std::vector<std::uint64_t> readable_after_;
  std::vector<Touched::One> touched_;
  bool touched_everything_ = false;
  Telling telling_ = Telling::on;
  TreeId highest_of_;
  KeyWord highest_;  // no key of the tree is above it
  mutable TreeId last_id_;
  mutable const store::RecordTree* last_tree_ = nullptr;
};

// Runs fn(ReplicaWriter&) as one write transaction, with which indexers go. Returns what fn
// returns; fn may be run again from the start, as Environment::write says. Throws IndexerFailed if
// an indexer cannot follow a local change; then nothing was written.
template <typename F>
auto write_replica(Replica& replica, Event::Origin origin, F&& fn) {
  IndexerTransaction indexers(replica.indexers());
  std::optional<ReplicaWriter> writer;
  using R = std::invoke_result_t<F&, ReplicaWriter&>;
  auto attempt = [&](store::WriteTxn& txn) -> R {
    indexers.begin();
    writer.emplace(replica, txn, indexers, origin);
    if constexpr (std::is_void_v<R>) {
      fn(*writer);
      writer->finish_indexes();
      indexers.prepare(txn);
    } else {
      R result = fn(*writer);
      writer->finish_indexes();
      indexers.prepare(txn);
      return result;
    }
  };
  if constexpr (std::is_void_v<R>) {
    replica.database().write(attempt);
    indexers.commit();
    writer->hand_over_touched();
  } else {
    R result = replica.database().write(attempt);
    indexers.commit();
    writer->hand_over_touched();
    return result;
  }
}

}  // namespace coppice::client
