#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

struct MDB_env;
struct MDB_txn;

namespace coppice::bench {

// LMDB with nothing around it: what the benchmarks compare with. One environment with one table of
// 8-byte integer keys; a commit waits for the disk as LMDB does by default (data, then meta).
//
// Threads: one. Failure: std::runtime_error.
class RawLmdb {
 public:
  explicit RawLmdb(const std::filesystem::path& folder);
  RawLmdb(const RawLmdb&) = delete;
  ~RawLmdb();

  // Writes the next `count` growing keys with MDB_APPEND, each with this value (whose first word
  // becomes the key, so that no two are equal), in commits of `batch` records.
  void append(std::uint64_t count, std::uint64_t batch, std::span<std::uint64_t> value);

  // One transaction in which keys are above all others and values are given one by one.
  template <typename F>
  void write(F&& fn) {
    begin(0);
    fn();
    commit();
  }
  void put_last(std::uint64_t key, std::span<const std::byte> value);
  // In such a transaction too, but anywhere.
  void put(std::uint64_t key, std::span<const std::byte> value) { put(key, value, 0); }

  // One snapshot, in which get() and scan() look.
  void begin_read();
  void end_read();
  // Valid until end_read(). Empty: no such key.
  std::span<const std::byte> get(std::uint64_t key) const;
  // Visits all values in key order; returns how many.
  template <typename F>
  std::uint64_t scan(F&& visit) const {
    return walk(&visit,
                [](void* fn, std::span<const std::byte> value) { (*static_cast<F*>(fn))(value); });
  }

 private:
  void put(std::uint64_t key, std::span<const std::byte> value, unsigned flags);
  void begin(unsigned flags);
  void commit();
  std::uint64_t walk(void* context, void (*visit)(void*, std::span<const std::byte>)) const;

  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;
  unsigned table_ = 0;
  std::uint64_t last_key_ = 0;
};

}  // namespace coppice::bench
