#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coppice/error.h"
#include "coppice/key.h"
#include "coppice/record.h"
#include "coppice/snapshot.h"

namespace coppice {

// One record before and after a change; empty: it was not there, or is not there any more. In
// place: valid during the call.
struct IndexedChange {
  AnyKey key;
  std::optional<RecordView> before;
  std::optional<RecordView> after;

  template <typename T>
  std::optional<Record<T>> before_as() const {
    if (!before) return std::nullopt;
    return Record<T>(Key<T>(key.word), *before);
  }
  template <typename T>
  std::optional<Record<T>> after_as() const {
    if (!after) return std::nullopt;
    return Record<T>(Key<T>(key.word), *after);
  }
};

// An indexer's own table in the replica: a sorted set of 64-bit values for each 64-bit key.
class IndexWriter {
 public:
  virtual ~IndexWriter() = default;
  virtual void add(std::uint64_t key, std::uint64_t value) = 0;
  virtual void remove(std::uint64_t key, std::uint64_t value) = 0;
};

// User code that follows every insert, update and removal of the trees it names, local or synced,
// inside the same write transaction: an index never disagrees with its tree.
//
// What it files lies in a table of the replica: as durable as the records, part of every snapshot
// and undone with a transaction that is; ask it through an IndexHandle. An indexer that would
// rather keep its state in memory derives from MemoryIndexer.
//
// Built anew when its version changes, before Client::open returns (Options::on_progress tells).
// Calls come from one thread at a time, the writer's, and must not call the client.
//
// An exception from change() refuses a local transaction with `invalid`, and nothing is written. It
// never stops the sync: an indexer that fails on what others did is *set aside*. Its table is
// emptied, questions to it are refused with `index_set_aside`, Status names it, an event of kind
// `indexer` tells why, and it is built anew after a pause (a minute, doubling to an hour) and when
// the replica is opened.
class Indexer {
 public:
  virtual ~Indexer() = default;
  // Names its table: for ever, and unlike any other indexer's of the replica.
  virtual std::string name() const = 0;
  // Another number: throw the table away and build it anew.
  virtual std::uint32_t version() const = 0;
  virtual std::vector<TreeId> trees() const = 0;
  virtual void change(const IndexedChange& change, IndexWriter& index) = 0;

  // For MemoryIndexer. A transaction begins with the last committed state (null: with none), maybe
  // again where the last attempt failed; it ends with what it made of that.
  virtual bool lives_in_memory() const { return false; }
  virtual void begin(std::shared_ptr<const void> /*committed*/) {}
  virtual std::shared_ptr<const void> end() { return nullptr; }
};

// A cheap handle on what an indexer files: copy it, keep it, ask it with any snapshot of its
// client. The answer is of the snapshot's moment.
class IndexHandle {
 public:
  explicit IndexHandle(std::string indexer) : indexer_(std::move(indexer)) {}

  // The values filed under this key, ascending. Errors: index_set_aside; bad_request if the client
  // has no such indexer.
  Result<std::vector<std::uint64_t>> find(const Snapshot& now, std::uint64_t key) const {
    return now.index(indexer_, key);
  }
  // Where the values are keys of the tree of T.
  template <typename T>
  Result<std::vector<Key<T>>> find_keys(const Snapshot& now, std::uint64_t key) const {
    auto words = find(now, key);
    if (!words) return words.error();
    std::vector<Key<T>> keys;
    for (std::uint64_t word : *words) keys.emplace_back(KeyWord(word));
    return keys;
  }

 private:
  std::string indexer_;
};

// An indexer whose state is a value in memory: any type that can be copied. Each transaction that
// changes something works on a copy, so that every snapshot keeps seeing its own: share inside
// State what is large and rarely changes. Built anew whenever the replica is opened.
//
//   class Totals : public coppice::MemoryIndexer<std::map<std::string, int>> {
//     void follow(const coppice::IndexedChange& change, std::map<std::string, int>& totals)
//     override;
//   };
//   auto totals = std::make_shared<Totals>();  // into Options::indexers
//   totals->at(client.snapshot())->at("bolts");
template <typename State>
class MemoryIndexer : public Indexer {
 public:
  // As Indexer::change, with the state to be changed.
  virtual void follow(const IndexedChange& change, State& state) = 0;

  // The state as the snapshot sees its records. Null: set aside, or the snapshot's client was
  // opened without this indexer, or to read only. Any thread.
  std::shared_ptr<const State> at(const Snapshot& now) const {
    return std::static_pointer_cast<const State>(now.memory_of(*this));
  }

  std::uint32_t version() const override { return 1; }
  void change(const IndexedChange& change, IndexWriter&) final {
    if (!draft_) draft_ = std::make_shared<State>(*base_);
    follow(change, *draft_);
  }
  bool lives_in_memory() const final { return true; }
  void begin(std::shared_ptr<const void> committed) final {
    base_ = committed ? std::static_pointer_cast<const State>(std::move(committed))
                      : std::make_shared<const State>();
    draft_.reset();
  }
  std::shared_ptr<const void> end() final {
    if (draft_) return std::exchange(draft_, nullptr);
    return base_;
  }

 private:
  // Writer's thread only.
  std::shared_ptr<const State> base_;
  std::shared_ptr<State> draft_;
};

}  // namespace coppice
