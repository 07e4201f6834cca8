#include <lmdb.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>

#include "store/lmdb_error.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

// Puts until it fails: true if that is a NoSpaceError, after which what was committed is there and
// small things can be written again once `make_room` has been called.
bool fills_up(const std::filesystem::path& folder, const std::function<void()>& make_room) {
  Environment environment(folder, quick());
  const Table table = *environment.open_table("records", Layout::integer_keys);
  std::uint64_t committed = 0;
  try {
    for (;; ++committed) {
      environment.write([&](WriteTxn& txn) {
        for (std::uint64_t i = 0; i < 100; ++i) {
          txn.put(table, committed * 100 + i, bytes_of(words(500, i)));
        }
      });
    }
  } catch (const NoSpaceError&) {
    if (committed == 0 || environment.read().count(table) != committed * 100) return false;
    make_room();
    environment.write(
        [&](WriteTxn& txn) { txn.put(table, ~std::uint64_t{0}, bytes_of(words(1))); });
    return environment.read().count(table) == committed * 100 + 1;
  }
}

template <typename E>
bool throws(int code) {
  try {
    throw_on_error(code, "write a record");
  } catch (const E& e) {
    return std::string(e.what()).starts_with("Cannot write a record: ");
  } catch (const std::exception&) {
    return false;
  }
  return false;
}

}  // namespace

TEST_CASE("codes of LMDB become the exception that says what to do", "[store]") {
  CHECK_NOTHROW(throw_on_error(MDB_SUCCESS, "write a record"));
  for (int code : {ENOSPC, EDQUOT, EFBIG}) CHECK(throws<NoSpaceError>(code));
  for (int code : {MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_INVALID}) {
    CHECK(throws<CorruptionError>(code));
  }
  for (int code : {MDB_READERS_FULL, MDB_BAD_TXN, EACCES, EIO}) {
    CHECK(throws<StorageError>(code));
    CHECK_FALSE(throws<NoSpaceError>(code));
    CHECK_FALSE(throws<CorruptionError>(code));
  }
}

TEST_CASE("a file that may not grow any more loses nothing that was committed", "[store]") {
  TempFolder folder;
  Child child([&](Line&) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{std::size_t{4} << 20, RLIM_INFINITY};
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return fills_up(folder / "data", [&] { ::setrlimit(RLIMIT_FSIZE, &none); });
  });
  CHECK(child.wait() == 0);
}

TEST_CASE("a full disk loses nothing that was committed", "[store]") {
  TempFolder folder;
  const auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
    WARN("not run: only root can make a small disk");
    return;
  }
  Child child([&](Line&) {
    return fills_up(disk / "data",
                    [&] { ::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=8m"); });
  });
  CHECK(child.wait() == 0);
  CHECK(::umount(disk.c_str()) == 0);
}

}  // namespace coppice::store
