#pragma once

#include <cstdint>
#include <optional>

#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// The ranges of ids that were given to clients. Ranges of a tree never overlap and never go back to
// the pool.
class Leases {
 public:
  explicit Leases(store::Table table) : table_(table) {}

  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    ClientNumber client;
    bool contains(RecordId id) const { return id.value >= begin && id.value < end; }
  };

  // The range that this id lies in, whoever has it.
  std::optional<Range> find(const store::Txn& txn, TreeId tree, RecordId id) const;
  // The first id of a tree that is in no range.
  std::uint64_t next_id(const store::Txn& txn, TreeId tree) const;
  void put(store::WriteTxn& txn, TreeId tree, const Range& range) const;

 private:
  store::Table table_;
};

}  // namespace coppice::server
