#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "coppice/key.h"

namespace coppice::client {

// A range [next, end) of ids this client may still give to new records; `begin` is where the lease
// began.
struct IdRange {
  std::uint64_t begin = 0;
  std::uint64_t next = 0;
  std::uint64_t end = 0;
};

// The ids this client may still give to new records, of every tree.
//
// The authority leases ranges [begin, end) that no other client ever gets, so records made off line
// never collide. The pool is memory; what was taken is written by the transaction that uses it
// (changed()), and comes back if that is not committed, so that an id is never used twice, even
// after a crash.
//
// Threads: any. Failure: an empty pool is an ordinary outcome (off line for too long), not an
// error.
class IdPool {
 public:
  // REQUIRES: range.next <= range.end, and no earlier range of the tree overlaps it.
  void add(TreeId tree, IdRange range);
  // The next unused id, or nothing.
  std::optional<RecordId> take(TreeId tree);
  // Forgets all takes since the last keep(): their transaction was not committed.
  void give_back();
  // The ranges that were taken from since the last keep() or give_back().
  std::vector<std::pair<TreeId, IdRange>> changed() const;
  void keep();

  std::uint64_t left(TreeId tree) const;
  // Of the ids this client ever had that are not used up: the size of the ranges still in the pool.
  std::uint64_t capacity(TreeId tree) const;
  // Whether an id lies in a range that is, or was, leased to us and still known.
  std::vector<TreeId> trees() const;

 private:
  struct Tree {
    std::vector<IdRange> ranges;  // used up ones are dropped when their transaction is kept
    std::vector<IdRange> before;  // as at the last keep(); only where `taken`
    bool taken = false;
  };
  mutable std::mutex mutex_;
  std::map<TreeId, Tree> trees_;
};

}  // namespace coppice::client
