#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coppice/key.h"
#include "coppice/record.h"

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
// Kept in the IndexWriter's table, the index is as durable as the records, part of every snapshot
// (Snapshot::index) and undone with a transaction that is. It is built anew when the version
// changes, or one of its trees was migrated: records are given as the program knows them. Calls
// come from one thread at a time, the writer's. An exception from change() fails a local
// transaction.
class Indexer {
 public:
  virtual ~Indexer() = default;
  virtual std::string name() const = 0;  // names its table: for ever
  virtual std::uint32_t version()
      const = 0;  // another number: throw the table away and build it anew
  virtual std::vector<TreeId> trees() const = 0;
  virtual void change(const IndexedChange& change, IndexWriter& index) = 0;
};

}  // namespace coppice
