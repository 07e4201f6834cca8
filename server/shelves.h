#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/borrows.h"
#include "server/ledger.h"
#include "server/tables.h"
#include "server/types.h"

namespace coppice::server {

// A copy of work that is done under a borrow and not handed in yet (C8): what is left of it should
// its device be lost.
//
// Stored under (tree, id, token), key numbers big-endian and the rest little-endian: key (8),
// time_us (8), the holder (4), the heir (4), the base iteration (4), the schema's version (4), then
// the body.
struct Shelf {
  AnyKey key;
  std::uint64_t token = 0;
  std::int64_t time_us = 0;
  ClientNumber holder;
  // Who has got the borrow by a hand-over, and may see it; 0: nobody.
  ClientNumber heir;
  std::uint32_t base_iteration = 0;
  std::uint32_t schema_version = 0;
  // Empty: there is nothing to be kept any more.
  std::vector<std::uint64_t> body;
};

// The table of shelves. One that belongs to a grant in force is replaced by what its holder sends,
// and goes when the holder ends the grant. One whose grant was ended by another stays, until the
// holder's device has heard of that and so has its work in its own drawer.
class Shelves {
 public:
  explicit Shelves(store::Table table) : table_(table) {}

  // All of one record.
  std::vector<Shelf> of(const store::Txn& txn, AnyKey record) const;
  void put(store::WriteTxn& txn, const Shelf& shelf) const;
  void drop(store::WriteTxn& txn, AnyKey record, std::uint64_t token) const;
  // The one under this token may be seen by `heir`.
  void bequeath(store::WriteTxn& txn, AnyKey record, std::uint64_t token, ClientNumber heir) const;

 private:
  store::Table table_;
};

// What a client wants to have kept, as it was said. Throws kj's exceptions.
std::vector<Shelf> read_shelves(capnp::List<protocol::ShelfItem>::Reader items, ClientNumber holder,
                                std::int64_t now_us, const Options& options);

// Stores what may be: under a borrow in force of its holder, with a body that the tree's schema
// describes. The rest was overtaken by something else, and is left out.
void store_shelves(store::Database& database, const Tables& tables,
                   const std::vector<Shelf>& shelves);

// Whether this client may see it: the same user, the heir, an administrator.
bool may_see(const Shelf& shelf, const Clients& clients, ClientNumber client, const Permit& permit);

// As many as a message takes.
wire::Frame shelves_message(const std::vector<Shelf>& shelves, const Clients& clients,
                            std::size_t size_bytes_max);

}  // namespace coppice::server
