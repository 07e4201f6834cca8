#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/value_entry.h"

namespace coppice::store {

// Whether an entry is one from now on, or is none any more.
enum class Fate : std::uint8_t { comes, goes };

// What is stored of an entry in a run. Stored: never changes.
struct StoredValue {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint64_t word = 0;
  std::uint32_t more = 0;  // where in the run's tail the bytes from the 12th on are
  std::uint32_t goes = 0;  // 0 or 1
};
static_assert(sizeof(StoredValue) == 32);

// An immutable sorted list of entries that come and go, each once. Stored as one value of
// `index_runs`: their number (8), the bytes of the tail (8), the entries, the tail, zeros to a
// multiple of 8 bytes.
//
// A view: of a store's value, valid as its transaction says, or of a RunBuilder.
class RunView {
 public:
  RunView(std::span<const StoredValue> entries, Bytes tail) : entries_(entries), tail_(tail) {}
  // Throws CorruptionError if it is none. That it is sorted is not looked at.
  static RunView of(Bytes stored);

  std::size_t size() const { return entries_.size(); }
  // Without zeros at the end.
  std::size_t stored_bytes() const;
  ValueEntry at(std::size_t index) const;
  Fate fate(std::size_t index) const {
    return entries_[index].goes != 0 ? Fate::goes : Fate::comes;
  }
  // The first that is not below `entry`.
  std::size_t lower_bound(const ValueEntry& entry) const;

  void copy_to(std::span<std::byte> room) const;

 private:
  std::span<const StoredValue> entries_;
  Bytes tail_;
};

// Makes a run of entries that are added in their order. Its memory is used again.
class RunBuilder {
 public:
  void add(const ValueEntry& entry, Fate fate);
  void clear();
  std::size_t size() const { return entries_.size(); }
  // Valid until it changes.
  RunView view() const { return {entries_, tail_}; }

 private:
  std::vector<StoredValue> entries_;
  std::vector<std::byte> tail_;
};

// Walks several runs as one: in the order of entries, each once, as the newest run says.
class RunsCursor {
 public:
  // REQUIRES: the oldest first.
  explicit RunsCursor(std::span<const RunView> runs);

  explicit operator bool() const { return !heads_.empty() && !is_end(heads_[least_]); }
  const ValueEntry& entry() const { return heads_[least_].entry; }
  Fate fate() const { return heads_[least_].run.fate(heads_[least_].at); }
  void next();
  // To the first one that is not below `entry`.
  void seek(const ValueEntry& entry);

 private:
  struct Head {
    ValueEntry entry;
    std::size_t at;
    RunView run;
  };
  // At the end of a run stands an entry above all others, so that it needs no look of its own.
  static bool is_end(const Head& head) { return head.at == head.run.size(); }
  static void place(Head& head, std::size_t at);
  void find_least();

  std::vector<Head> heads_;  // the newest first
  std::size_t least_ = 0;
};

}  // namespace coppice::store
