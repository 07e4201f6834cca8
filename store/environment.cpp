#include "store/environment.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "coppice/check.h"
#include "store/lmdb_error.h"
#include "store/table_size.h"

namespace coppice::store {
namespace {

// Thrown inside a write function whose map is full; never leaves this file.
struct MapFull {};

MDB_val to_mdb(Bytes bytes) { return {bytes.size(), const_cast<std::byte*>(bytes.data())}; }
Bytes to_bytes(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

void require(int code, const char* what) {
  if (code == MDB_MAP_FULL) throw MapFull{};
  throw_on_error(code, what);
}

// Asks memory for what a scan looks at next: the end of a record's header, its first fields, and
// the entries behind. What was written in the order of its keys lies downwards in its page;
// elsewhere this asks for bytes that are of no use.
void fetch_soon(Bytes value) {
  constexpr std::size_t kHeaderBytes = 64;
  constexpr std::size_t kEntryBytes = 16;  // what LMDB stores beside a value
  const std::byte* at = value.data();
  __builtin_prefetch(at + kHeaderBytes - 1);
  __builtin_prefetch(at + kHeaderBytes + 63);
  // Measured: either alone is slower, and the next one comes too late.
  __builtin_prefetch(at - 2 * (value.size() + kEntryBytes));
  __builtin_prefetch(at - 3 * (value.size() + kEntryBytes));
}

// Process-wide, against the rule of no globals: LMDB's rule "once per process" is about the
// process.
std::mutex open_mutex;
std::set<std::uint64_t> open_environments;

std::uint64_t identity_of(const std::filesystem::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return 0;
  return (static_cast<std::uint64_t>(status.st_dev) << 40) ^ status.st_ino;
}

bool begins_with(Bytes bytes, Bytes prefix) {
  return bytes.size() >= prefix.size() &&
         std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

// A transaction that writes pins no pages, and is not listed among those that read.
constexpr std::string_view kWriter = "(write)";

unsigned flags_of(Layout layout) {
  switch (layout) {
    case Layout::byte_keys:
      return 0;
    case Layout::integer_keys:
      return MDB_INTEGERKEY;
    case Layout::integer_index:
      return MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP;
    case Layout::word_sets:
      return MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP;
    case Layout::pair_sets:
      return MDB_DUPSORT | MDB_DUPFIXED;
  }
  return 0;
}

// The table was made after this transaction began: for it, it does not exist.
bool is_younger_table(int code) { return code == MDB_BAD_DBI || code == EINVAL; }

}  // namespace

// -------- Txn

std::optional<Bytes> Txn::find(Table table, Bytes key) const {
  MDB_val k = to_mdb(key), value{};
  int code = mdb_get(txn_, table.handle, &k, &value);
  if (code == MDB_NOTFOUND || is_younger_table(code)) return std::nullopt;
  require(code, "read a record");
  return to_bytes(value);
}

std::uint64_t Txn::count(Table table) const {
  MDB_stat stat{};
  int code = mdb_stat(txn_, table.handle, &stat);
  if (is_younger_table(code)) return 0;
  require(code, "count records");
  return stat.ms_entries;
}

ReadTxn::ReadTxn(Environment& environment, std::string_view name)
    : environment_(&environment), place_(environment.gate_.enter(name)) {
  try {
    txn_ = environment.begin(MDB_RDONLY, place_, name);
  } catch (...) {
    environment.gate_.leave(place_);
    throw;
  }
}

ReadTxn::ReadTxn(ReadTxn&& other) noexcept
    : environment_(other.environment_), place_(other.place_) {
  txn_ = std::exchange(other.txn_, nullptr);
}

ReadTxn::~ReadTxn() {
  if (!txn_) return;
  mdb_txn_abort(txn_);
  environment_->gate_.leave(place_);
}

void ReadTxn::commit() {
  throw_on_error(mdb_txn_commit(std::exchange(txn_, nullptr)), "end a transaction");
  environment_->gate_.leave(place_);
}

std::uint64_t Txn::number() const { return mdb_txn_id(txn_); }

void WriteTxn::put(Table table, Bytes key, Bytes value) {
  MDB_val k = to_mdb(key), v = to_mdb(value);
  require(mdb_put(txn_, table.handle, &k, &v, 0), "write a record");
}

void WriteTxn::append(Table table, std::uint64_t key, Bytes value) {
  auto room = reserve_append(table, key, value.size());
  if (!value.empty()) std::memcpy(room.data(), value.data(), value.size());
}

std::span<std::byte> WriteTxn::reserve(Table table, std::uint64_t key, std::size_t size_bytes) {
  MDB_val k{sizeof key, &key}, v{size_bytes, nullptr};
  require(mdb_put(txn_, table.handle, &k, &v, MDB_RESERVE), "write a record");
  return {static_cast<std::byte*>(v.mv_data), size_bytes};
}

std::span<std::byte> WriteTxn::reserve_append(Table table, std::uint64_t key,
                                              std::size_t size_bytes) {
  MDB_val k{sizeof key, &key}, v{size_bytes, nullptr};
  int code = mdb_put(txn_, table.handle, &k, &v, MDB_RESERVE | MDB_APPEND);
  if (code == MDB_KEYEXIST) return reserve(table, key, size_bytes);
  require(code, "write a record");
  return {static_cast<std::byte*>(v.mv_data), size_bytes};
}

bool WriteTxn::erase(Table table, Bytes key) {
  MDB_val k = to_mdb(key);
  int code = mdb_del(txn_, table.handle, &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  require(code, "remove a record");
  return true;
}

void WriteTxn::index_add(Table table, std::uint64_t key, std::uint64_t value) {
  MDB_val k{sizeof key, &key}, v{sizeof value, &value};
  int code = mdb_put(txn_, table.handle, &k, &v, MDB_NODUPDATA);
  if (code != MDB_KEYEXIST) require(code, "write an index");
}

bool WriteTxn::index_erase(Table table, std::uint64_t key, std::uint64_t value) {
  MDB_val k{sizeof key, &key}, v{sizeof value, &value};
  int code = mdb_del(txn_, table.handle, &k, &v);
  if (code == MDB_NOTFOUND) return false;
  require(code, "write an index");
  return true;
}

void WriteTxn::clear(Table table) { require(mdb_drop(txn_, table.handle, 0), "clear a table"); }

// -------- Cursor

Cursor::Cursor(const Txn& txn, Table table) : cursor_(nullptr) {
  int code = mdb_cursor_open(txn.native(), table.handle, &cursor_);
  if (is_younger_table(code)) return;
  require(code, "open a cursor");
}

Cursor::~Cursor() {
  if (cursor_) mdb_cursor_close(cursor_);
}

bool Cursor::move(int operation) {
  if (!cursor_) return false;
  MDB_val key = to_mdb(key_), value{};
  int code = mdb_cursor_get(cursor_, &key, &value, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND) return false;
  require(code, "read a table");
  key_ = to_bytes(key);
  value_ = to_bytes(value);
  return true;
}

// One after another, a scan would wait for memory two or three times for each entry: for its place
// in the page, for its header and for its fields.
std::size_t Cursor::read_ahead(std::span<Row> rows, bool& more) {
  std::size_t count = 0;
  while (more && count < rows.size()) {
    rows[count++] = {key_number(), value_};
    fetch_soon(value_);
    more = move(MDB_NEXT);
  }
  return count;
}

bool Cursor::first() { return move(MDB_FIRST); }
bool Cursor::last() { return move(MDB_LAST); }
bool Cursor::next() { return move(MDB_NEXT); }
bool Cursor::previous() { return move(MDB_PREV); }
bool Cursor::seek(Bytes key) {
  key_ = key;
  return move(MDB_SET_RANGE);
}
bool Cursor::step_to(std::uint64_t key) {
  if (!key_.empty() && next() && key_number() == key) return true;
  return seek(key) && key_number() == key;
}
bool Cursor::first_value(Bytes key) {
  key_ = key;
  return move(MDB_SET_KEY);
}
bool Cursor::next_value() { return move(MDB_NEXT_DUP); }
bool Cursor::last_value() {
  if (!cursor_) return false;
  // The key stays what it was: where there are several values, LMDB does not give it.
  MDB_val key{}, value{};
  int code = mdb_cursor_get(cursor_, &key, &value, MDB_LAST_DUP);
  if (code == MDB_NOTFOUND) return false;
  require(code, "read a table");
  value_ = to_bytes(value);
  return true;
}
bool Cursor::seek_value(Bytes key, Bytes value) {
  if (!cursor_) return false;
  MDB_val k = to_mdb(key), v = to_mdb(value);
  int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_BOTH_RANGE);
  if (code == MDB_NOTFOUND) return false;
  require(code, "read a table");
  value_ = to_bytes(v);
  return true;
}
bool Cursor::next_key() { return move(MDB_NEXT_NODUP); }
std::uint64_t Cursor::count_values() const {
  std::size_t count = 0;
  require(mdb_cursor_count(cursor_, &count), "count values");
  return count;
}

void Cursor::overwrite(Bytes value) {
  COPPICE_CHECK(cursor_ != nullptr && value.size() == value_.size());
  // LMDB's own key pointer is never handed back to a put.
  std::uint64_t key = key_number();
  MDB_val mdb_key{sizeof key, &key}, mdb_value = to_mdb(value);
  require(mdb_cursor_put(cursor_, &mdb_key, &mdb_value, MDB_CURRENT), "write a table");
}

std::uint64_t Cursor::key_number() const {
  std::uint64_t number;
  COPPICE_CHECK(key_.size() == sizeof number);
  std::memcpy(&number, key_.data(), sizeof number);
  return number;
}
std::uint64_t Cursor::value_number() const {
  std::uint64_t number;
  COPPICE_CHECK(value_.size() == sizeof number);
  std::memcpy(&number, value_.data(), sizeof number);
  return number;
}

// -------- IndexCursor

IndexCursor::IndexCursor(WriteTxn& txn, Table table) {
  require(mdb_cursor_open(txn.native(), table.handle, &cursor_), "open a cursor");
}

IndexCursor::~IndexCursor() { mdb_cursor_close(cursor_); }

void IndexCursor::add(Bytes key, Bytes value) {
  MDB_val k = to_mdb(key), v = to_mdb(value);
  int code = mdb_cursor_put(cursor_, &k, &v, MDB_NODUPDATA);
  if (code != MDB_KEYEXIST) require(code, "write an index");
}

void IndexCursor::erase(Bytes key, Bytes value) {
  MDB_val k = to_mdb(key), v = to_mdb(value);
  int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_BOTH);
  if (code == MDB_NOTFOUND) return;
  require(code, "read an index");
  require(mdb_cursor_del(cursor_, 0), "write an index");
}

std::size_t IndexCursor::erase_keys(Bytes prefix, std::size_t keys_max) {
  for (std::size_t erased = 0; erased < keys_max; ++erased) {
    MDB_val k = to_mdb(prefix), v{};
    int code = mdb_cursor_get(cursor_, &k, &v, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) return erased;
    require(code, "read an index");
    if (!begins_with(to_bytes(k), prefix)) return erased;
    require(mdb_cursor_del(cursor_, MDB_NODUPDATA), "write an index");
  }
  return keys_max;
}

// -------- Environment

Environment::Environment(const std::filesystem::path& folder, const Options& options)
    : folder_(folder), options_(options) {
  std::error_code failed;
  if (options.access == Access::read_write) std::filesystem::create_directories(folder, failed);
  if (failed)
    throw StorageError("Cannot make the folder " + folder.string() + ": " + failed.message() + ".");
  if (options.access == Access::read_only && !std::filesystem::exists(folder / "data.mdb")) {
    throw StorageError("There is no database in " + folder.string() + ".");
  }
  identity_ = identity_of(folder);
  {
    std::lock_guard lock(open_mutex);
    if (!open_environments.insert(identity_).second) {
      throw StorageError(folder.string() + " is open in this program already. Use the open one.");
    }
  }
  try {
    if (options.access == Access::read_write) owner_lock_.emplace(folder);
    open_environment();
  } catch (...) {
    if (env_) mdb_env_close(env_);
    std::lock_guard lock(open_mutex);
    open_environments.erase(identity_);
    throw;
  }
}

void Environment::open_environment() {
  throw_on_error(mdb_env_create(&env_), "open a database");
  throw_on_error(mdb_env_set_maxdbs(env_, options_.tables_max), "open a database");
  throw_on_error(mdb_env_set_maxreaders(env_, 1024), "open a database");
  throw_on_error(mdb_env_set_mapsize(env_, options_.map_bytes), "open a database");
  unsigned flags = MDB_NOTLS;
  if (options_.access == Access::read_only) flags |= MDB_RDONLY;
  if (!options_.wait_for_disk) flags |= MDB_NOSYNC;
  int code = mdb_env_open(env_, folder_.c_str(), flags, 0644);
  if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH || code == MDB_CORRUPTED) {
    throw CorruptionError(folder_.string() +
                          " does not hold a Coppice database, or its file is damaged (" +
                          mdb_strerror(code) + "). Nothing was changed.");
  }
  if (code != 0)
    throw StorageError("Cannot open the database in " + folder_.string() + ": " +
                       mdb_strerror(code) + ".");
  int stale = 0;
  mdb_reader_check(env_, &stale);
}

Environment::~Environment() {
  gate_.alone([&] { mdb_env_close(env_); });
  std::lock_guard lock(open_mutex);
  open_environments.erase(identity_);
}

MDB_txn* Environment::begin(unsigned flags, Gate::Place& place, std::string_view name) {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, flags, &txn);
  if (code == MDB_READERS_FULL) {
    int stale = 0;
    mdb_reader_check(env_, &stale);
    code = mdb_txn_begin(env_, nullptr, flags, &txn);
  }
  if (code == MDB_MAP_RESIZED) {
    // Another process made the file larger than our map. The caller is inside the gate; step out
    // while the map changes.
    gate_.leave(place);
    struct Return {
      Gate& gate;
      Gate::Place& place;
      std::string_view name;
      ~Return() { place = gate.enter(name); }
    };
    {
      const Return back{gate_, place, name};
      gate_.alone(options_.growth_patience, [&] { mdb_env_set_mapsize(env_, 0); });
    }
    code = mdb_txn_begin(env_, nullptr, flags, &txn);
  }
  throw_on_error(code, "begin a transaction");
  return txn;
}

void Environment::run_write(const std::function<void(WriteTxn&)>& fn, Durability durability) {
  while (!try_write(fn, durability)) grow();
}

void Environment::grow() {
  gate_.alone(options_.growth_patience, [&] {
    const std::size_t size_bytes = 2 * map_bytes();
    // LMDB gives its map away before it has the larger one, and is of no use without: so ask first
    // whether there is room.
    void* room =
        ::mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
      throw StorageError(
          "The database in " + folder_.string() +
          " is full, and there is no address space to make it larger: " + std::strerror(errno) +
          ". Raise this program's limit of memory and start it again.");
    }
    ::munmap(room, size_bytes);
    throw_on_error(mdb_env_set_mapsize(env_, size_bytes), "grow the database");
  });
}

bool Environment::try_write(const std::function<void(WriteTxn&)>& fn, Durability durability) {
  struct Visit {
    Gate& gate;
    Gate::Place place;
    ~Visit() { gate.leave(place); }
  } visit{gate_, gate_.enter(kWriter)};
  WriteTxn txn(begin(durability == Durability::recent ? MDB_NOMETASYNC : 0, visit.place, kWriter));
  try {
    fn(txn);
    // mdb_txn_commit frees the transaction whatever it returns.
    require(mdb_txn_commit(std::exchange(txn.txn_, nullptr)), "commit");
    return true;
  } catch (const MapFull&) {
    if (txn.txn_) mdb_txn_abort(txn.txn_);
    return false;
  } catch (const CorruptionError&) {
    if (txn.txn_) mdb_txn_abort(txn.txn_);
    throw;
  } catch (const StorageError& e) {
    if (txn.txn_) mdb_txn_abort(txn.txn_);
    if (!disk_is_full()) throw;
    throw NoSpaceError("The disk of " + folder_.string() +
                       " is full. Free some space on it; nothing was lost. (" + e.what() + ")");
  } catch (...) {
    if (txn.txn_) mdb_txn_abort(txn.txn_);
    throw;
  }
}

bool Environment::disk_is_full() const {
  // The write that meets the end of the disk is cut short, which LMDB reports as an input/output
  // error: so ask the disk.
  constexpr off_t kLittle = 1 << 20;
  int file = -1;
  struct stat status {};
  if (mdb_env_get_fd(env_, &file) != MDB_SUCCESS || ::fstat(file, &status) != 0) return false;
  if (::fallocate(file, 0, status.st_size, kLittle) == 0) return false;
  return errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
}

std::optional<Table> Environment::open_table(const std::string& name, Layout layout,
                                             IfMissing missing) {
  if (auto known = known_table(name)) return known;
  // LMDB opens one at a time, until its transaction has ended.
  std::lock_guard lock(tables_->opening);
  const bool make = options_.access == Access::read_write && missing == IfMissing::make;
  return make ? make_table(name, layout) : find_table(name, layout);
}

std::optional<Table> Environment::known_table(const std::string& name) {
  std::lock_guard lock(tables_->mutex);
  const auto known = tables_->known.find(name);
  if (known == tables_->known.end()) return std::nullopt;
  return known->second;
}

Table Environment::make_table(const std::string& name, Layout layout) {
  Table table;
  write([&](WriteTxn& txn) {
    require(mdb_dbi_open(txn.native(), name.c_str(), flags_of(layout) | MDB_CREATE, &table.handle),
            "open a table");
  });
  remember_table(name, table);
  return table;
}

std::optional<Table> Environment::find_table(const std::string& name, Layout layout) {
  Table table;
  ReadTxn txn(*this);
  int code = mdb_dbi_open(txn.native(), name.c_str(), flags_of(layout), &table.handle);
  if (code == MDB_NOTFOUND) return std::nullopt;
  throw_on_error(code, "open a table");
  // The handle becomes the environment's when its transaction is committed, not when it is aborted.
  txn.commit();
  remember_table(name, table);
  return table;
}

void Environment::remember_table(const std::string& name, Table table) {
  std::lock_guard lock(tables_->mutex);
  tables_->known.emplace(name, table);
}

std::uint64_t Environment::count_tables() {
  ReadTxn txn(*this);
  Table names;  // LMDB keeps its tables in a table without a name
  throw_on_error(mdb_dbi_open(txn.native(), nullptr, 0, &names.handle), "count tables");
  return txn.count(names);
}

std::vector<std::string> Environment::table_names() {
  ReadTxn txn(*this);
  Table names;
  throw_on_error(mdb_dbi_open(txn.native(), nullptr, 0, &names.handle), "list tables");
  std::vector<std::string> all;
  Cursor cursor(txn, names);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    all.emplace_back(reinterpret_cast<const char*>(cursor.key().data()), cursor.key().size());
  }
  return all;
}

std::size_t Environment::map_bytes() const {
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_mapsize;
}

TableSize size_of(const Txn& txn, Table table) {
  MDB_stat stat{};
  throw_on_error(mdb_stat(txn.native(), table.handle, &stat), "measure a table");
  return {.entries = stat.ms_entries,
          .pages = stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages,
          .depth = stat.ms_depth,
          .page_bytes = stat.ms_psize};
}

std::uint64_t Environment::pages() const {
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_last_pgno + 1;
}

std::uint64_t Environment::last_commit() const {
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  return info.me_last_txnid;
}

std::vector<Gate::Visitor> Environment::readers() const {
  auto visitors = gate_.visitors();
  std::erase_if(visitors, [](const Gate::Visitor& visitor) { return visitor.name == kWriter; });
  return visitors;
}

std::string Environment::reader_list() const {
  std::string list;
  const auto add = [](const char* line, void* to) {
    static_cast<std::string*>(to)->append(line);
    return 0;
  };
  mdb_reader_list(env_, add, &list);
  return list;
}

std::uint64_t Environment::file_bytes() const {
  std::error_code failed;
  auto size = std::filesystem::file_size(folder_ / "data.mdb", failed);
  return failed ? 0 : size;
}

void Environment::copy_to(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  // LMDB reads with a transaction of its own; this one keeps the map where it is meanwhile.
  ReadTxn guard(*this);
  throw_on_error(mdb_env_copy2(env_, folder.c_str(), MDB_CP_COMPACT), "copy the database");
}

}  // namespace coppice::store
