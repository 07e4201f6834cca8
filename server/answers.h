#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/clients.h"
#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// The answers that clients have not acknowledged yet, written in the transaction that did what they
// tell of: the whole of "exactly once".
class Answers {
 public:
  explicit Answers(store::Table table) : table_(table) {}

  struct Stored {
    std::uint64_t request_hash = 0;
    std::vector<std::uint64_t> answer;
  };

  std::optional<Stored> find(const store::Txn& txn, ClientNumber client,
                             std::uint64_t operation) const;
  void put(store::WriteTxn& txn, ClientNumber client, std::uint64_t operation,
           std::uint64_t request_hash, std::span<const std::uint64_t> answer) const;
  // Forgets what the client has dealt with, and moves its mark. A mark above what was executed
  // counts up to there only.
  void forget_up_to(store::WriteTxn& txn, Client& client, std::uint64_t mark) const;

 private:
  store::Table table_;
};

}  // namespace coppice::server
