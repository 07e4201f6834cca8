#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// A borrow that ended by another's will (rules K1, K5, K6, K7). Kept for the one who had it until
// its replica has passed that point, so that it learns who, when and why however late it comes.
//
// Stored under (client, token), all little-endian: sequence (8), tree (8), id (8), time_us (8), who
// (4), how (4), then the reason with its length (4) before it.
struct Ending {
  // Stored and sent: never renumber.
  enum class How : std::uint32_t { broken = 0, taken_over = 1, handed_over = 2, revoked = 3 };

  AnyKey record;
  ClientNumber holder;
  std::uint64_t token = 0;
  How how = How::broken;
  ClientNumber by;
  std::int64_t time_us = 0;
  std::string reason;
  // The change that carries it.
  std::uint64_t sequence = 0;
};

// "Ann on bench 3 has broken this borrow of it: REASON", without a full stop.
std::string sentence_of(const Ending& ending, const Holder& by);

class Endings {
 public:
  explicit Endings(store::Table table) : table_(table) {}

  void put(store::WriteTxn& txn, const Ending& ending) const;
  // Of one client, by token.
  std::vector<Ending> of(const store::Txn& txn, ClientNumber client) const;
  // How the grant ended that `token` names, as the client says it: by an operation of its own, the
  // last one of the record is meant.
  std::optional<Ending> find(const store::Txn& txn, ClientNumber client, AnyKey record,
                             std::uint64_t token) const;
  // The client knows everything up to this sequence, and waits for no answer.
  void forget_up_to(store::WriteTxn& txn, ClientNumber client, std::uint64_t sequence) const;

 private:
  store::Table table_;
};

}  // namespace coppice::server
