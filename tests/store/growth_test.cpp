// A map that is too small: the writer's own, and another process's.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <thread>

#include "tests/store/child.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

constexpr std::size_t kTinyMap = std::size_t{256} << 10;

// Two megabytes in one transaction.
void fill(WriteTxn& txn, Table table) {
  for (std::uint64_t i = 0; i < 512; ++i) txn.put(table, i, bytes_of(words(500, i)));
}

std::size_t address_space_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("a map that fills up grows, and the write runs again from its start", "[store]") {
  TempFolder folder;
  Environment environment(folder / "data", quick(kTinyMap));
  const Table table = *environment.open_table("records", Layout::integer_keys);
  int runs = 0;
  environment.write([&](WriteTxn& txn) {
    ++runs;
    CHECK(txn.count(table) == 0);
    fill(txn, table);
  });
  CHECK(runs > 1);
  CHECK(environment.map_bytes() > kTinyMap);
  CHECK(environment.read().count(table) == 512);
  CHECK(environment.read().find(table, 511)->size() == 4000);
}

TEST_CASE("growth waits for a reader on another thread and goes on when it ends", "[store]") {
  TempFolder folder;
  Environment environment(folder / "data", quick(kTinyMap));
  const Table table = *environment.open_table("records", Layout::integer_keys);
  environment.write([&](WriteTxn& txn) { txn.put(table, 1000, bytes_of(words(8))); });
  std::optional<ReadTxn> reader(environment.read());
  const auto seen = *reader->find(table, 1000);
  std::promise<void> full;
  int runs = 0;
  std::thread writer([&] {
    environment.write([&](WriteTxn& txn) {
      if (++runs == 2) full.set_value();
      fill(txn, table);
    });
  });
  auto grown = full.get_future();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  // Whatever the writer does by now, it must not have moved what the reader looks at.
  CHECK(environment.map_bytes() == kTinyMap);
  CHECK(std::equal(seen.begin(), seen.end(), bytes_of(words(8)).begin()));
  reader.reset();
  grown.wait();
  writer.join();
  CHECK(environment.read().count(table) == 513);
}

TEST_CASE("a map that cannot grow is an error, and everything before it is still there",
          "[store]") {
#ifndef COPPICE_SANITIZED
  TempFolder folder;
  constexpr std::size_t kMap = std::size_t{32} << 20;
  Child child([&](Line&) {
    Environment environment(folder / "data", quick(kMap));
    const Table table = *environment.open_table("records", Layout::integer_keys);
    environment.write([&](WriteTxn& txn) { txn.put(table, 1, bytes_of(words(8))); });
    const rlimit limit{address_space_bytes() + kMap / 4, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &limit);
    bool refused = false;
    try {
      environment.write([&](WriteTxn& txn) {
        const Words large = words(1 << 18);
        for (std::uint64_t i = 0; i < 20; ++i) txn.put(table, i, bytes_of(large));
      });
    } catch (const StorageError&) {
      refused = true;
    }
    // Neither stuck nor pointing at memory that is gone.
    environment.write([&](WriteTxn& txn) { txn.put(table, 2, bytes_of(words(8))); });
    return refused && environment.read().count(table) == 2;
  });
  CHECK(child.wait() == 0);
#endif
}

TEST_CASE("a reader follows a file that another process made larger", "[store]") {
  TempFolder folder;
  { Environment make(folder / "data", quick(kTinyMap)); }
  Child child([&](Line& line) {
    Environment environment(folder / "data", quick(kTinyMap));
    const Table table = *environment.open_table("records", Layout::integer_keys);
    environment.write([&](WriteTxn& txn) { txn.put(table, 1000, bytes_of(words(8))); });
    line.tell();
    if (!line.await()) return false;
    environment.write([&](WriteTxn& txn) { fill(txn, table); });
    line.tell();
    return line.await();
  });
  REQUIRE(child.line().await());
  Environment environment(folder / "data", read_only(quick(kTinyMap)));
  const Table table = *environment.open_table("records", Layout::integer_keys);
  CHECK(environment.read().count(table) == 1);
  child.line().tell();
  REQUIRE(child.line().await());
  CHECK(environment.read().count(table) == 513);
  CHECK(environment.read().find(table, 511)->size() == 4000);
  CHECK(environment.map_bytes() > kTinyMap);
  child.line().tell();
  CHECK(child.wait() == 0);
}

}  // namespace coppice::store
