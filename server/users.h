#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coppice/error.h"
#include "schema/catalogue.h"
#include "server/clients.h"
#include "server/rights.h"
#include "server/tables.h"

namespace coppice::server {

// What a client shows to be let in as a user: 32 random bytes. Only its hash is stored.
using AccessToken = std::array<std::byte, 32>;
// 64 hexadecimal digits, as a person keeps it.
std::string to_text(const AccessToken& token);

// Somebody who may come in.
//
// Stored in the table "users" under its name: created_us (8 bytes), role with its length (4) before
// it, the number of trees (4) and their names; no tree: all of them.
struct User {
  std::string name;
  std::string role;
  // By name, since a tree may be made later.
  std::vector<std::string> trees;
  std::int64_t created_us = 0;
};

// The users of a database, their tokens and roles. While there is no user, the database is open:
// everybody may do everything, under whatever name he gives.
//
// "tokens": SHA-256 of a token (32 bytes) -> created_us (8), the user's name. "roles": name ->
// rights as bits (4); empty until the first user is made, when the default roles are written.
//
// A value without state of its own; every call reads or writes in the transaction it is given.
class Users {
 public:
  explicit Users(const Tables& tables) : tables_(tables) {}

  bool open(const store::Txn& txn) const { return txn.count(tables_.users) == 0; }
  std::optional<User> find(const store::Txn& txn, std::string_view name) const;
  std::vector<User> all(const store::Txn& txn) const;
  std::size_t count_tokens(const store::Txn& txn, std::string_view name) const;
  std::optional<Role> role(const store::Txn& txn, std::string_view name) const;
  std::vector<Role> roles(const store::Txn& txn) const;

  // Whose token it is.
  std::optional<User> user_of(const store::Txn& txn, store::Bytes token) const;
  // What a client may do: everything in an open database; nothing if it is revoked or of no user.
  Permit permit(const store::Txn& txn, const Catalogue& catalogue, const Client& client) const;

  // Errors: bad_request, with what is wrong; then nothing is changed.
  Result<void> add(store::WriteTxn& txn, const User& user) const;
  Result<void> set_role(store::WriteTxn& txn, const std::string& name,
                        const std::string& role) const;
  // With all its tokens. Errors: bad_request: there is no such user.
  Result<void> remove(store::WriteTxn& txn, const std::string& name) const;
  // Makes another token. Errors: as above.
  Result<AccessToken> give_token(store::WriteTxn& txn, const std::string& name, std::int64_t now_us,
                                 const std::function<std::uint64_t()>& random) const;
  void end_tokens(store::WriteTxn& txn, std::string_view name) const;
  // Makes a role, or gives it other rights. Errors: bad_request.
  Result<void> put_role(store::WriteTxn& txn, const Role& role) const;

 private:
  void put(store::WriteTxn& txn, const User& user) const;
  void write_default_roles(store::WriteTxn& txn) const;
  Result<void> require_role(const store::Txn& txn, const std::string& role) const;

  const Tables& tables_;
};

}  // namespace coppice::server
