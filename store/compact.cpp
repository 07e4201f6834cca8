#include "store/compact.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "store/owner_lock.h"

namespace coppice::store {
namespace {

using std::filesystem::path;

[[noreturn]] void fail(const std::string& what) {
  const int code = errno;
  const std::string message = "Cannot compact: " + what + ": " + std::strerror(code) + ".";
  if (code == ENOSPC || code == EDQUOT) throw NoSpaceError(message);
  throw StorageError(message);
}

// A file or a folder that closes itself.
class Handle {
 public:
  Handle(const path& name, int flags) : file_(::open(name.c_str(), flags | O_CLOEXEC)) {
    if (file_ < 0) fail(name.string());
  }
  Handle(const Handle&) = delete;
  ~Handle() { ::close(file_); }
  int get() const { return file_; }

 private:
  int file_;
};

void flush(const path& name, int flags) {
  const Handle handle(name, flags);
  if (::fsync(handle.get()) != 0) fail(name.string());
}

// A folder for the copy, which goes away with this object and is made anew where a killed process
// left one.
class Workplace {
 public:
  explicit Workplace(const path& folder) : path_(folder / "compacting") {
    std::filesystem::remove_all(path_);
  }
  Workplace(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;  // what is left is removed the next time
    std::filesystem::remove_all(path_, ignored);
  }
  const path& get() const { return path_; }

 private:
  path path_;
};

Environment::Options read_only() {
  Environment::Options options;
  options.access = Environment::Access::read_only;
  return options;
}

std::map<std::string, std::uint64_t> count_all(Database& database) {
  std::map<std::string, std::uint64_t> counts;
  for (const std::string& name : database.environment().table_names()) {
    // How a table is sorted does not matter for counting it.
    const auto table =
        database.environment().open_table(name, Layout::byte_keys, Environment::IfMissing::leave);
    if (table) counts[name] = database.read().count(*table);
  }
  return counts;
}

// Holds the folder for itself while nobody has the database open: LMDB keeps a lock of this kind on
// the file for as long as it is open.
class Alone {
 public:
  explicit Alone(const path& folder) : file_(folder / "lock.mdb", O_RDWR) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    if (::fcntl(file_.get(), F_SETLK, &lock) == 0) return;
    throw StorageError("Another program is looking at " + folder.string() +
                       ". Close it, and compact again. Nothing was changed.");
  }
  // What LMDB remembers there is about the old file.
  void forget() {
    if (::ftruncate(file_.get(), 0) != 0) fail("lock.mdb");
  }

 private:
  Handle file_;
};

}  // namespace

Compaction compact(const path& folder, Role role) {
  if (!std::filesystem::exists(folder / "data.mdb"))
    throw StorageError("There is no database in " + folder.string() + ".");
  const OwnerLock owner(folder);
  const Workplace copy(folder);
  Compaction result;
  std::map<std::string, std::uint64_t> before;
  {
    Database database(folder, role, read_only());
    result.bytes_before = database.environment().file_bytes();
    before = count_all(database);
    database.environment().copy_to(copy.get());
  }
  flush(copy.get() / "data.mdb", O_RDWR);
  {
    Database database(copy.get(), role, read_only());
    result.bytes_after = database.environment().file_bytes();
    if (count_all(database) != before)
      throw CorruptionError(
          "The compacted copy does not hold what the database holds. Nothing was "
          "changed; check the database.");
  }
  Alone alone(folder);
  // First, so that nobody who waits to open it finds the new file with what is remembered of the
  // old.
  alone.forget();
  std::filesystem::rename(copy.get() / "data.mdb", folder / "data.mdb");
  flush(folder, O_RDONLY | O_DIRECTORY);
  return result;
}

}  // namespace coppice::store
