#include "bench/raw_lmdb.h"

#include <lmdb.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace coppice::bench {
namespace {

// Address space only.
constexpr std::size_t kMapBytes = std::size_t{64} << 30;

void require(int code) {
  if (code != MDB_SUCCESS) throw std::runtime_error(std::string("raw LMDB: ") + mdb_strerror(code));
}

std::span<const std::byte> bytes_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

}  // namespace

RawLmdb::RawLmdb(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  require(mdb_env_create(&env_));
  require(mdb_env_set_maxdbs(env_, 4));
  require(mdb_env_set_mapsize(env_, kMapBytes));
  require(mdb_env_open(env_, folder.c_str(), MDB_NOTLS, 0644));
  begin(0);
  require(mdb_dbi_open(txn_, "records", MDB_INTEGERKEY | MDB_CREATE, &table_));
  commit();
}

RawLmdb::~RawLmdb() {
  if (txn_) mdb_txn_abort(txn_);
  mdb_env_close(env_);
}

void RawLmdb::append(std::uint64_t count, std::uint64_t batch, std::span<std::uint64_t> value) {
  for (std::uint64_t done = 0; done < count; done += batch) {
    write([&] {
      for (std::uint64_t i = 0; i < std::min(batch, count - done); ++i) {
        value[0] = last_key_ + 1;
        put_last(last_key_ + 1, std::as_bytes(value));
      }
    });
  }
}

void RawLmdb::put_last(std::uint64_t key, std::span<const std::byte> value) {
  put(key, value, MDB_APPEND);
  last_key_ = key;
}

void RawLmdb::put(std::uint64_t key, std::span<const std::byte> value, unsigned flags) {
  MDB_val k{sizeof key, &key};
  MDB_val v{value.size(), const_cast<std::byte*>(value.data())};
  require(mdb_put(txn_, table_, &k, &v, flags));
}

void RawLmdb::begin_read() { begin(MDB_RDONLY); }

void RawLmdb::end_read() {
  mdb_txn_abort(txn_);
  txn_ = nullptr;
}

std::span<const std::byte> RawLmdb::get(std::uint64_t key) const {
  MDB_val k{sizeof key, &key}, v{};
  const int code = mdb_get(txn_, table_, &k, &v);
  if (code == MDB_NOTFOUND) return {};
  require(code);
  return bytes_of(v);
}

std::uint64_t RawLmdb::walk(void* context, void (*visit)(void*, std::span<const std::byte>)) const {
  MDB_cursor* cursor = nullptr;
  require(mdb_cursor_open(txn_, table_, &cursor));
  MDB_val key{}, value{};
  std::uint64_t count = 0;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
    visit(context, bytes_of(value));
    ++count;
  }
  mdb_cursor_close(cursor);
  return count;
}

void RawLmdb::begin(unsigned flags) { require(mdb_txn_begin(env_, nullptr, flags, &txn_)); }

void RawLmdb::commit() {
  MDB_txn* txn = txn_;
  txn_ = nullptr;
  require(mdb_txn_commit(txn));
}

}  // namespace coppice::bench
