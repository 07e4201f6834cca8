#include "server/tables.h"

#include "coppice/check.h"

namespace coppice::server {
namespace {

void put_big_endian(std::byte* to, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
}

std::uint64_t get_big_endian(store::Bytes key, std::size_t at) {
  if (key.size() != 16) throw CorruptionError("A key of a table is damaged.");
  std::uint64_t value;
  std::memcpy(&value, key.data() + at, sizeof value);
  return __builtin_bswap64(value);
}

// A table that databases made before it was thought of lack. A server makes it when it starts;
// where such a database is only looked at, Table{} stands for it, which reads as empty.
store::Table later(store::Database& database, const std::string& name, store::Layout layout) {
  return database.environment().open_table(name, layout).value_or(store::Table{});
}

}  // namespace

Tables::Tables(store::Database& database)
    : feed(database.table("feed", store::Layout::integer_keys)),
      borrows(database.table("borrows", store::Layout::byte_keys)),
      leases(database.table("leases", store::Layout::byte_keys)),
      clients(database.table("clients", store::Layout::integer_keys)),
      client_ids(database.table("client_ids", store::Layout::byte_keys)),
      answers(database.table("answers", store::Layout::byte_keys)),
      audit(database.table("audit", store::Layout::integer_keys)),
      users(later(database, "users", store::Layout::byte_keys)),
      tokens(later(database, "tokens", store::Layout::byte_keys)),
      roles(later(database, "roles", store::Layout::byte_keys)),
      endings(later(database, "endings", store::Layout::byte_keys)),
      hand_overs(later(database, "hand_overs", store::Layout::byte_keys)),
      nudges(later(database, "nudges", store::Layout::byte_keys)),
      shelves(later(database, "shelves", store::Layout::byte_keys)),
      quiet(later(database, "quiet", store::Layout::integer_keys)),
      released_references(
          database.environment().open_table("released_references", store::Layout::pair_sets)) {}

PairKey::PairKey(std::uint64_t first, std::uint64_t second) {
  put_big_endian(bytes_.data(), first);
  put_big_endian(bytes_.data() + 8, second);
}

std::uint64_t PairKey::first(store::Bytes key) { return get_big_endian(key, 0); }
std::uint64_t PairKey::second(store::Bytes key) { return get_big_endian(key, 8); }

store::Bytes RowReader::take(std::size_t size_bytes) {
  if (size_bytes > rest_.size()) throw CorruptionError("A row of a table is too short.");
  auto taken = rest_.first(size_bytes);
  rest_ = rest_.subspan(size_bytes);
  return taken;
}

}  // namespace coppice::server
