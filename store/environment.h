#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coppice/error.h"
#include "store/gate.h"
#include "store/owner_lock.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace coppice::store {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(const std::uint64_t& word) { return std::as_bytes(std::span(&word, 1)); }
inline Bytes bytes_of(std::span<const std::uint64_t> words) { return std::as_bytes(words); }

// How a table's keys are compared and what a key holds.
enum class Layout {
  integer_keys,   // keys are uint64_t, in numeric order; one value each
  byte_keys,      // keys are byte strings, in memcmp order; one value each
  integer_index,  // keys are uint64_t; each has a sorted set of uint64_t values (DUPFIXED)
  word_sets,      // keys are byte strings; each has a sorted set of uint64_t values (DUPFIXED)
  pair_sets,      // keys are byte strings; each has a set of 16-byte values, in memcmp order
};

// A named sub-database. A value; valid as long as its environment.
struct Table {
  unsigned handle = 0;
};

// What reading needs; base of both kinds of transaction. Views it hands out are valid until the
// transaction ends, and in a WriteTxn only until its next write.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  std::optional<Bytes> find(Table table, Bytes key) const;
  std::optional<Bytes> find(Table table, std::uint64_t key) const {
    return find(table, bytes_of(key));
  }
  // Entries in the table (pairs, for an index).
  std::uint64_t count(Table table) const;
  // Counts commits: that of a ReadTxn is the last one it sees, that of a WriteTxn the one it
  // becomes.
  std::uint64_t number() const;
  MDB_txn* native() const { return txn_; }

 protected:
  Txn() = default;
  MDB_txn* txn_ = nullptr;
};

class Environment;

// A consistent view of everything, never blocked and never blocking. Movable; any thread may use
// it, one at a time. While it lives it pins the pages it sees, and the file grows with what others
// write: keep it short.
class ReadTxn : public Txn {
 public:
  // `name` tells people who it is, where it is held for too long.
  explicit ReadTxn(Environment& environment, std::string_view name = {});
  ReadTxn(ReadTxn&& other) noexcept;
  ~ReadTxn();
  // Ends it and makes tables opened in it known to the environment.
  void commit();

 private:
  Environment* environment_;
  Gate::Place place_;
};

// The one writer. Only Environment::write makes one.
class WriteTxn : public Txn {
 public:
  void put(Table table, Bytes key, Bytes value);
  void put(Table table, std::uint64_t key, Bytes value) { put(table, bytes_of(key), value); }
  // Like put, and cheaper where `key` is above all keys of the table; falls back to put where it is
  // not.
  void append(Table table, std::uint64_t key, Bytes value);
  // Room for a value of `size_bytes`, to be filled before the next call on this transaction.
  std::span<std::byte> reserve(Table table, std::uint64_t key, std::size_t size_bytes);
  // reserve() and append() in one.
  std::span<std::byte> reserve_append(Table table, std::uint64_t key, std::size_t size_bytes);
  // Whether there was such a key. An index loses all values of the key.
  bool erase(Table table, Bytes key);
  bool erase(Table table, std::uint64_t key) { return erase(table, bytes_of(key)); }
  // One value of an index.
  void index_add(Table table, std::uint64_t key, std::uint64_t value);
  bool index_erase(Table table, std::uint64_t key, std::uint64_t value);
  void clear(Table table);

 private:
  friend class Environment;
  explicit WriteTxn(MDB_txn* txn) { txn_ = txn; }
};

// Walks a table in key order. Valid as long as its transaction; a write to the same table in
// between is allowed, but views obtained before it are not valid any more.
class Cursor {
 public:
  Cursor(const Txn& txn, Table table);
  Cursor(Cursor&& other) noexcept
      : cursor_(std::exchange(other.cursor_, nullptr)), key_(other.key_), value_(other.value_) {}
  ~Cursor();

  // Each returns whether there is such an entry; key() and value() are it. An index visits each
  // (key, value) pair.
  bool first();
  bool last();
  bool next();
  bool previous();
  // The first entry with a key not below `key`.
  bool seek(Bytes key);
  bool seek(std::uint64_t key) { return seek(bytes_of(key)); }
  // The entry of exactly `key`; costs little where that is the next one.
  bool step_to(std::uint64_t key);
  // In an index: the first value of exactly `key`, and the next value of the same key.
  bool first_value(std::uint64_t key) { return first_value(bytes_of(key)); }
  bool first_value(Bytes key);
  bool next_value();
  bool last_value();
  // The first value of exactly `key` that is not below `value`. `value` may be a view of the
  // caller's.
  bool seek_value(Bytes key, Bytes value);
  // The first value of the next key.
  bool next_key();
  // How many values the key has.
  std::uint64_t count_values() const;

  struct Row {
    std::uint64_t key;
    Bytes value;
  };
  // For scans: puts the entries from this one on into `rows`, moves behind them, and returns how
  // many there are. Asks memory for the first bytes of each value and does not wait for them, so
  // look at the values afterwards. `more`: whether there is an entry here, before and after.
  // REQUIRES: keys of 8 bytes.
  std::size_t read_ahead(std::span<Row> rows, bool& more);

  Bytes key() const { return key_; }
  std::uint64_t key_number() const;
  Bytes value() const { return value_; }
  std::uint64_t value_number() const;

  // Overwrites the value of the entry it stands on, which is cheaper than WriteTxn::put; value() is
  // then not valid any more. REQUIRES: it walks a WriteTxn, and `value` is as long as the old one
  // and no view of the store.
  void overwrite(Bytes value);

 private:
  bool move(int operation);
  MDB_cursor* cursor_;
  Bytes key_;
  Bytes value_;
};

// Changes an index. Keys in ascending order cost least: those that share a page share the way to
// it. Valid as long as its transaction; only one at a time, and nothing else may write to the
// table.
class IndexCursor {
 public:
  IndexCursor(WriteTxn& txn, Table table);
  IndexCursor(const IndexCursor&) = delete;
  ~IndexCursor();

  // Nothing happens if the key has the value already.
  void add(Bytes key, Bytes value);
  // Nothing happens if it has not.
  void erase(Bytes key, Bytes value);
  // Removes keys that begin with `prefix`, with all their values, until there are none or
  // `keys_max` are gone. Returns how many are gone.
  std::size_t erase_keys(Bytes prefix, std::size_t keys_max);

 private:
  MDB_cursor* cursor_ = nullptr;
};

// When a commit returns, what has reached the disk.
enum class Durability {
  full,    // everything: two waits for the disk
  recent,  // everything but possibly the last commits, in order; never a damaged file. For what can
           // be fetched again
};

// One LMDB environment: a folder with the data, and this process's only handle to it.
//
// The rules of LMDB that this class keeps, so that nobody else has to:
// - An environment is opened once in a process (a second open is refused) and written by one
// process (a lock file).
// - Read transactions belong to objects, not threads (MDB_NOTLS).
// - The map is much larger than the data, so it fills up rarely; then the writer waits until this
// process's transactions
//   are over, doubles it, and runs the write function again. That throws StorageError where one of
//   them does not end. Another process's growth (MAP_RESIZED) is followed.
// - A full disk aborts the write transaction (NoSpaceError); what was committed before is
// untouched.
// - Readers that were killed leave a slot behind; stale slots are cleared on open.
//
// Threads: all functions from any thread; write() is serialised. A thread must not call write()
// within write(), nor open a table within it that is not open yet.
class Environment {
 public:
  enum class Access { read_write, read_only };
  struct Options {
    Access access = Access::read_write;
    // Address space, not memory or disk.
    std::size_t map_bytes = std::size_t{64} << 30;
    unsigned tables_max = 512;
    // How long the map's growth waits for this process's transactions to end.
    std::chrono::milliseconds growth_patience = std::chrono::seconds(30);
    // false: nothing waits for the disk; a crash of the machine (not of the process) may destroy
    // the file. For simulations.
    bool wait_for_disk = true;
  };

  // Makes the folder if it is to be written and is not there. Throws StorageError with what to do
  // about it.
  Environment(const std::filesystem::path& folder, const Options& options);
  ~Environment();
  Environment(const Environment&) = delete;

  ReadTxn read(std::string_view name = {}) { return ReadTxn(*this, name); }

  // Runs fn(WriteTxn&), commits if it returns, aborts if it throws. Returns what fn returns. `fn`
  // may be run again from the start (a full map), so it must not change anything outside the
  // transaction that it does not set anew.
  template <typename F>
  auto write(F&& fn, Durability durability = Durability::full) {
    using R = std::invoke_result_t<F&, WriteTxn&>;
    if constexpr (std::is_void_v<R>) {
      run_write([&](WriteTxn& txn) { fn(txn); }, durability);
    } else {
      std::optional<R> result;
      run_write([&](WriteTxn& txn) { result.emplace(fn(txn)); }, durability);
      return std::move(*result);
    }
  }

  enum class IfMissing { make, leave };
  // Opens a table, and makes it if it is not there, the environment is writable and `missing` says
  // so. Nothing if it is not there and may not be made. The same name always gives the same handle.
  std::optional<Table> open_table(const std::string& name, Layout layout,
                                  IfMissing missing = IfMissing::make);
  // How many tables there are, whoever made them.
  std::uint64_t count_tables();
  // Their names, in order.
  std::vector<std::string> table_names();

  const std::filesystem::path& folder() const { return folder_; }
  std::size_t map_bytes() const;
  // Bytes of the file in use or free inside it.
  std::uint64_t file_bytes() const;
  // Pages of it.
  std::uint64_t pages() const;
  // Who reads: the transactions of this process, and LMDB's list of those of all processes, a line
  // each: process, thread, commit.
  std::vector<Gate::Visitor> readers() const;
  std::string reader_list() const;
  std::uint64_t last_commit() const;
  // Copies a consistent, compacted image into a new folder, while others go on working.
  void copy_to(const std::filesystem::path& folder);

 private:
  friend class ReadTxn;

  void run_write(const std::function<void(WriteTxn&)>& fn, Durability durability);
  bool try_write(const std::function<void(WriteTxn&)>& fn, Durability durability);
  void grow();
  bool disk_is_full() const;
  // REQUIRES: let in at `place`, which changes where the map has to be moved first.
  MDB_txn* begin(unsigned flags, Gate::Place& place, std::string_view name);
  void open_environment();
  std::optional<Table> known_table(const std::string& name);
  Table make_table(const std::string& name, Layout layout);
  std::optional<Table> find_table(const std::string& name, Layout layout);
  void remember_table(const std::string& name, Table table);

  // Constant after construction.
  const std::filesystem::path folder_;
  const Options options_;
  MDB_env* env_ = nullptr;
  std::optional<OwnerLock> owner_lock_;
  std::uint64_t identity_ = 0;
  // Any thread.
  Gate gate_;
  struct Tables {
    // Held around the transaction that opens a table. The other is never held around one: a table
    // that is known may be asked for within a write.
    std::mutex opening;
    std::mutex mutex;
    std::map<std::string, Table> known;
  };
  // In memory of their own, so that the thread sanitizer does not take the locks of environments
  // that lay in one place, one after another, for the same ones.
  const std::unique_ptr<Tables> tables_ = std::make_unique<Tables>();
};

}  // namespace coppice::store
