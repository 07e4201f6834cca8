#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// An offer to hand a borrow over to a user, who may accept it while this very grant is in force.
//
// Stored under (tree, id), all little-endian: token (8), time_us (8), who offers it (4), the user
// and the reason, each with its length (4) before it.
struct HandOver {
  AnyKey record;
  std::uint64_t token = 0;
  std::int64_t time_us = 0;
  ClientNumber by;
  std::string user;
  std::string reason;
};

// The last time that somebody asked the holder of a borrow to return it.
//
// Stored under (tree, id), all little-endian: token (8), time_us (8), who asks (4), then the text
// with its length (4) before it.
struct Nudge {
  AnyKey record;
  std::uint64_t token = 0;
  std::int64_t time_us = 0;
  ClientNumber by;
  std::string text;
};

// What is noted beside a borrow while it lasts. `record` is a key whose revision is 0.
class BorrowNotes {
 public:
  explicit BorrowNotes(const Tables& tables)
      : hand_overs_(tables.hand_overs), nudges_(tables.nudges) {}

  std::optional<HandOver> hand_over(const store::Txn& txn, AnyKey record) const;
  std::vector<HandOver> hand_overs(const store::Txn& txn) const;
  std::vector<HandOver> hand_overs_to(const store::Txn& txn, const std::string& user) const;
  void put(store::WriteTxn& txn, const HandOver& offer) const;
  // Whether there was one.
  bool erase_hand_over(store::WriteTxn& txn, AnyKey record) const;

  std::optional<Nudge> nudge(const store::Txn& txn, AnyKey record) const;
  std::vector<Nudge> nudges(const store::Txn& txn) const;
  void put(store::WriteTxn& txn, const Nudge& nudge) const;
  void erase_nudge(store::WriteTxn& txn, AnyKey record) const;

 private:
  store::Table hand_overs_;
  store::Table nudges_;
};

}  // namespace coppice::server
