#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/audit.capnp.h"
#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

struct AuditItem {
  AnyKey key;
  std::uint64_t token = 0;
  std::uint16_t action = 0;
  std::uint16_t state = 0;
  std::uint16_t effects = 0;

  // Of `effects`. Stored: never renumber.
  static constexpr std::uint16_t kRecorded = 1;
  static constexpr std::uint16_t kBorrowed = 2;
  static constexpr std::uint16_t kOverride = 4;
  static constexpr std::uint16_t kFollows = 8;
};

// What one request did, for the log. See audit.capnp.
struct AuditEntry {
  audit::Entry::Kind kind = audit::Entry::Kind::CREATES;
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::int64_t claimed_time_us = 0;
  std::string text{};
  std::vector<AuditItem> items{};
};

// Appends the entry. REQUIRES: `number` is above all before it.
void write_audit(store::WriteTxn& txn, store::Table table, std::uint64_t number, const Asker& asker,
                 std::int64_t now_us, const AuditEntry& entry);

}  // namespace coppice::server
