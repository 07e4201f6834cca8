#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/ledger.h"
#include "server/types.h"
#include "server/users.h"

namespace coppice::server {

// The facts of a database that are made once or seldom change.
struct Identity {
  Uuid uuid{};
  std::uint16_t epoch = 1;
  // Empty until the first hello names it.
  std::string application;
};

// Where a first sync stands; see protocol.capnp, FirstSync.
struct FirstSyncPosition {
  std::uint64_t since = 0;
  TreeId tree{};
  KeyWord key{};
  std::uint64_t done = 0;
};

// A hello, read and checked as far as that needs no database.
struct Hello {
  std::uint16_t protocol = 0;
  Uuid client{};
  std::string device;
  std::string user;
  std::string application;
  bool bound = false;  // the replica belongs to `database` already
  Uuid database{};
  std::uint16_t epoch = 0;
  std::uint64_t cursor = 0;
  bool partial = false;
  std::optional<FirstSyncPosition> first_sync;
  std::uint64_t acknowledged = 0;
  std::uint64_t last_operation = 0;
  std::vector<std::byte> token;
  // Whether `user` is what the token says; see Greeting::authenticate.
  bool proven = false;
  std::vector<TreeInfoPtr> schemas;
  // The versions of each tree that the replica has.
  std::map<TreeId, std::set<std::uint32_t>> known;
};

// Errors: protocol_version, if it is not ours.
Result<void> speaks(std::uint16_t protocol);

// Throws kj's exceptions. Errors: bad_request, protocol_version, incompatible_schema.
Result<Hello> read_hello(protocol::Hello::Reader hello);

// Decides whether a replica may come in, and brings its schemas in.
class Greeting {
 public:
  Greeting(const Premises& premises, const Identity& identity, std::uint64_t head)
      : premises_(premises), identity_(identity), head_(head) {}

  // Who it is: where the database has users, the token's user takes the place of the name that was
  // claimed. Errors: unknown_user, revoked, no_right.
  Result<void> authenticate(Hello& hello) const;
  // The same for who only looks at the catalogue.
  Result<void> may_look(store::Bytes token) const;

  // `database_asked` is the path of the URL. Writes nothing. Errors: why not.
  Result<void> admit(const Hello& hello, const std::string& database_asked) const;

  // Whether a client that asks for this path is right here. Errors: foreign_database.
  Result<void> has_database(const std::string& database_asked) const;

  // Adopts the schemas that are new or newer; returns those. In a transaction of its own. Errors:
  // incompatible_schema, no_right; then none is adopted.
  Result<std::vector<TreeInfoPtr>> adopt(const Hello& hello, std::int64_t now_us) const;

  // The client's row after this hello, as it is to be stored; a new number for a new client.
  Client client_for(const Hello& hello, std::int64_t now_us) const;

 private:
  Result<User> user_of(const store::Txn& txn, store::Bytes token) const;
  Result<void> may_bring_schemas(const Hello& hello) const;
  Result<void> same_database(const Hello& hello, const std::string& database_asked) const;
  Result<void> not_rolled_back(const Hello& hello) const;
  // The offered schema as the version that it becomes; null where the catalogue has it already, or
  // more: a version of long ago does not come back because an old program still runs.
  Result<TreeInfoPtr> to_adopt(const TreeInfo& offered, const Catalogue& catalogue,
                               Adoption adoption) const;

  // Before a newer schema counts: only then is it known whether its unique values are. Nothing else
  // is decided meanwhile. Errors: incompatible_schema, with two records that share a value; then
  // nothing is left of it.
  Result<void> build_unique_indexes(const TreeInfoPtr& offered) const;

  const Premises& premises_;
  const Identity& identity_;
  const std::uint64_t head_;
};

}  // namespace coppice::server
