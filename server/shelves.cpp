#include "server/shelves.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "server/messages.h"
#include "server/outgoing.h"

namespace coppice::server {
namespace {

// The key of a row: tree, id, token, so that those of one record are neighbours.
class ShelfKey {
 public:
  ShelfKey(AnyKey record, std::uint64_t token) {
    std::memcpy(bytes_.data(), PairKey(record.tree.value, record.id().value).bytes().data(), 16);
    token = __builtin_bswap64(token);
    std::memcpy(bytes_.data() + 16, &token, sizeof token);
  }
  store::Bytes bytes() const { return bytes_; }
  store::Bytes record() const { return store::Bytes(bytes_).first(16); }

 private:
  std::array<std::byte, 24> bytes_;
};

Shelf shelf_from(TreeId tree, store::Bytes key, store::Bytes row) {
  RowReader reader(row);
  Shelf shelf;
  std::memcpy(&shelf.token, key.data() + 16, sizeof shelf.token);
  shelf.token = __builtin_bswap64(shelf.token);
  shelf.key = AnyKey(tree, KeyWord(reader.number<std::uint64_t>()));
  shelf.time_us = reader.number<std::int64_t>();
  shelf.holder = {reader.number<std::uint32_t>()};
  shelf.heir = {reader.number<std::uint32_t>()};
  shelf.base_iteration = reader.number<std::uint32_t>();
  shelf.schema_version = reader.number<std::uint32_t>();
  const auto body = reader.rest();
  shelf.body.resize(body.size() / 8);
  if (!shelf.body.empty()) std::memcpy(shelf.body.data(), body.data(), shelf.body.size() * 8);
  return shelf;
}

bool fits_schema(const store::Database& database, const Shelf& shelf) {
  const TreeInfoPtr tree = database.catalogue()->find(shelf.key.tree);
  if (!tree || shelf.schema_version == 0) return false;
  if (shelf.schema_version > tree->version() || shelf.schema_version < tree->generation())
    return false;
  std::vector<std::uint64_t> scratch;
  const auto body = tree->shape().check(std::as_bytes(std::span(shelf.body)), scratch);
  return body && scratch.empty();
}

}  // namespace

std::vector<Shelf> Shelves::of(const store::Txn& txn, AnyKey record) const {
  std::vector<Shelf> shelves;
  if (txn.count(table_) == 0) return shelves;
  const ShelfKey first(record, 0);
  store::Cursor cursor(txn, table_);
  for (bool more = cursor.seek(first.bytes()); more; more = cursor.next()) {
    if (!std::ranges::equal(cursor.key().first(16), first.record())) break;
    shelves.push_back(shelf_from(record.tree, cursor.key(), cursor.value()));
  }
  return shelves;
}

void Shelves::put(store::WriteTxn& txn, const Shelf& shelf) const {
  RowWriter row;
  row.number(shelf.key.word.value)
      .number(shelf.time_us)
      .number(shelf.holder.value)
      .number(shelf.heir.value)
      .number(shelf.base_iteration)
      .number(shelf.schema_version)
      .raw(std::as_bytes(std::span(shelf.body)));
  txn.put(table_, ShelfKey(shelf.key, shelf.token).bytes(), row.row());
}

void Shelves::drop(store::WriteTxn& txn, AnyKey record, std::uint64_t token) const {
  if (txn.count(table_) > 0) txn.erase(table_, ShelfKey(record, token).bytes());
}

void Shelves::bequeath(store::WriteTxn& txn, AnyKey record, std::uint64_t token,
                       ClientNumber heir) const {
  for (Shelf& shelf : of(txn, record)) {
    if (shelf.token != token) continue;
    shelf.heir = heir;
    put(txn, shelf);
  }
}

std::vector<Shelf> read_shelves(capnp::List<protocol::ShelfItem>::Reader items, ClientNumber holder,
                                std::int64_t now_us, const Options& options) {
  std::vector<Shelf> shelves;
  for (const auto item : items) {
    const auto body = item.getBody();
    if (body.size() > options.body_bytes || body.size() % 8 != 0) continue;
    Shelf shelf;
    shelf.key = AnyKey(TreeId{item.getTree()}, KeyWord(item.getKey()));
    shelf.token = item.getToken();
    shelf.time_us = now_us;
    shelf.holder = holder;
    shelf.base_iteration = item.getBaseIteration();
    shelf.schema_version = item.getSchemaVersion();
    shelf.body.resize(body.size() / 8);
    if (body.size() > 0) std::memcpy(shelf.body.data(), body.begin(), body.size());
    shelves.push_back(std::move(shelf));
  }
  return shelves;
}

void store_shelves(store::Database& database, const Tables& tables,
                   const std::vector<Shelf>& shelves) {
  database.write([&](store::WriteTxn& txn) {
    const Shelves table(tables.shelves);
    for (const Shelf& shelf : shelves) {
      const AnyKey record = shelf.key.record();
      const auto borrow = Borrows(tables.borrows).find(txn, record);
      const bool in_force =
          borrow && borrow->token == shelf.token && borrow->client == shelf.holder;
      if (!in_force) continue;
      if (shelf.body.empty()) {
        table.drop(txn, record, shelf.token);
      } else if (fits_schema(database, shelf)) {
        table.put(txn, shelf);
      }
    }
  });
}

bool may_see(const Shelf& shelf, const Clients& clients, ClientNumber client,
             const Permit& permit) {
  if (shelf.holder == client || shelf.heir == client) return true;
  if (permit.allows(Right::admin)) return true;
  return clients.person(shelf.holder).user == permit.user && permit.allows(Right::read);
}

wire::Frame shelves_message(const std::vector<Shelf>& shelves, const Clients& clients,
                            std::size_t size_bytes_max) {
  std::size_t size_bytes = 256, count = 0;
  for (; count < shelves.size(); ++count) {
    const std::size_t more = 512 + 8 * shelves[count].body.size();
    if (count > 0 && size_bytes + more > size_bytes_max) break;
    size_bytes += more;
  }
  Outgoing out(size_bytes);
  auto list = out.message().initShelves(static_cast<unsigned>(count));
  for (unsigned i = 0; i < list.size(); ++i) {
    const Shelf& shelf = shelves[i];
    auto item = list[i].initItem();
    item.setTree(shelf.key.tree.value);
    item.setKey(shelf.key.word.value);
    item.setToken(shelf.token);
    item.setBaseIteration(shelf.base_iteration);
    item.setSchemaVersion(shelf.schema_version);
    item.setBody({reinterpret_cast<const kj::byte*>(shelf.body.data()), 8 * shelf.body.size()});
    Holder holder = clients.person(shelf.holder);
    holder.token = shelf.token;
    fill(list[i].initHolder(), holder);
    list[i].setTime(shelf.time_us);
  }
  return out.finish();
}

}  // namespace coppice::server
