#pragma once

#include "coppice/key.h"
#include "store/environment.h"

namespace coppice::store {

// sequence -> record, one entry per record: its last change. Catching up from a cursor costs what
// changed, not what happened.
//
// Stored: integer keys (sequence); values of 16 bytes: tree, key.
class Feed {
 public:
  explicit Feed(Table table) : table_(table) {}

  // Moves the record's entry to `sequence`. `previous` is the record's last sequence, 0 if it is
  // new. REQUIRES: sequence is above all others.
  void advance(WriteTxn& txn, std::uint64_t previous, std::uint64_t sequence, AnyKey key) const;
  // The record whose last change has this sequence.
  std::optional<AnyKey> at(const Txn& txn, std::uint64_t sequence) const;
  std::uint64_t count(const Txn& txn) const { return txn.count(table_); }

  // Walks the feed upwards: `for (Feed::Walk w(txn, feed, cursor); w; w.next())` visits what came
  // after `cursor`.
  class Walk {
   public:
    Walk(const Txn& txn, const Feed& feed, std::uint64_t after) : cursor_(txn, feed.table_) {
      valid_ = cursor_.seek(after + 1);
    }
    explicit operator bool() const { return valid_; }
    void next() { valid_ = cursor_.next(); }
    std::uint64_t sequence() const { return cursor_.key_number(); }
    AnyKey key() const;

   private:
    Cursor cursor_;
    bool valid_;
  };

 private:
  Table table_;
};

}  // namespace coppice::store
