#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "server/borrows.h"
#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

using Uuid = std::array<std::byte, 16>;

// A replica that was here once, and what the authority remembers of it for ever.
//
// Stored, all little-endian: UUID (16 bytes), last_operation (8), acknowledged (8), last_seen_us
// (8), then device and user, each with its length (4) before it, then flags (4): 1 proven, 2
// revoked; a row without flags has none.
struct Client {
  ClientNumber number;
  Uuid uuid{};
  std::string device;
  std::string user;
  // The highest operation that was executed.
  std::uint64_t last_operation = 0;
  // The client has dealt with the answers up to this one; they are forgotten.
  std::uint64_t acknowledged = 0;
  // When it last said or was told something, as far as that is stored.
  std::int64_t last_seen_us = 0;
  // `user` was told by an access token. Else it is what the client says.
  bool proven = false;
  // An administrator wants it here no more.
  bool revoked = false;
};

// Whether headers may have this client's number: who has never asked for anything has written
// nothing and holds nothing, and nobody needs its name.
inline bool is_named_by_headers(const Client& client) { return client.last_operation > 0; }

// All clients of the database, in memory, as the last commit left them, and who of them is on line.
//
// Not stored: who is on line. Threads: one.
class Clients {
 public:
  Clients(const store::Txn& txn, const Tables& tables);

  // Nothing if there is none.
  const Client* find(const Uuid& uuid) const;
  const Client* find(ClientNumber number) const;
  const std::map<ClientNumber, Client>& all() const { return all_; }
  ClientNumber next_number() const;

  // Stores a row. What it says counts for find() only after remember(), when it is committed.
  static void store(store::WriteTxn& txn, const Tables& tables, const Client& client);
  void remember(Client client);
  // What was remembered was not stored after all. REQUIRES: there is such a client.
  void forget(ClientNumber number);

  void came(ClientNumber number) { online_.insert(number); }
  // Kept in memory until the client's row is written for another reason.
  void left(ClientNumber number, std::int64_t now_us);
  bool online(ClientNumber number) const { return online_.contains(number); }

  // A client for people, without a borrow.
  Holder person(ClientNumber number) const;
  // Who holds this borrow.
  Holder holder(const Borrow& borrow) const;

 private:
  std::map<ClientNumber, Client> all_;
  std::map<Uuid, ClientNumber> numbers_;
  std::set<ClientNumber> online_;
};

}  // namespace coppice::server
