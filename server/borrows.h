#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// The exclusive right to change one record (tree, id), as it is in force. It lives until it is
// given back; it does not expire, and survives every restart.
//
// Stored, all little-endian: token (8 bytes), operation (8), since_us (8), expected_return_us (8),
// client (4), purpose with its length (4) before it; then overdue_us (8) and overdue_uptime_us (8),
// or nothing: it is not overdue.
struct Borrow {
  // epoch << 48 | n, never used again.
  std::uint64_t token = 0;
  // The operation of the client that granted it.
  std::uint64_t operation = 0;
  std::int64_t since_us = 0;
  // What the holder said; 0: nothing.
  std::int64_t expected_return_us = 0;
  ClientNumber client;
  std::string purpose;
  // Since when it is overdue; 0: it is not.
  std::int64_t overdue_us = 0;
  // The same by the server's uptime, by which waiting is measured.
  std::int64_t overdue_uptime_us = 0;

  bool operator==(const Borrow&) const = default;

  // Whether `token`, said by `client`, names this borrow: as a token, or as "the grant that my
  // operation n made" (highest bit set). A client that asked again before it knew of the grant
  // names the later operation: that is this grant too.
  bool named_by(std::uint64_t token, ClientNumber client) const;
};

inline constexpr std::uint64_t kTokenOfOperation = std::uint64_t{1} << 63;

// The table of borrows in force. `record` is a key whose revision is 0.
class Borrows {
 public:
  explicit Borrows(store::Table table) : table_(table) {}

  std::optional<Borrow> find(const store::Txn& txn, AnyKey record) const;
  void put(store::WriteTxn& txn, AnyKey record, const Borrow& borrow) const;
  void erase(store::WriteTxn& txn, AnyKey record) const;

  static Borrow parse(store::Bytes row);

 private:
  store::Table table_;
};

}  // namespace coppice::server
