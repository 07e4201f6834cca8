// Who holds snapshots, and what a full map does about them.
#include <unistd.h>

#include <thread>

#include "store/pin_watch.h"
#include "tests/store/child.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::microseconds;

constexpr std::size_t kTinyMap = std::size_t{256} << 10;

void fill(WriteTxn& txn, Table table) {
  for (std::uint64_t i = 0; i < 512; ++i) txn.put(table, i, bytes_of(words(500, i)));
}

// Why the map could not grow.
std::string growth_refusal(Environment& environment, Table table) {
  try {
    environment.write([&](WriteTxn& txn) { fill(txn, table); });
  } catch (const StorageError& e) {
    return e.what();
  }
  return "it grew";
}

}  // namespace

TEST_CASE("a snapshot that is held too long is told once, by its name", "[store]") {
  Records records;
  PinWatch watch(records.environment, microseconds(0));
  CHECK(watch.news().empty());
  std::optional<ReadTxn> report(records.environment.read("report"));
  const auto news = watch.news();
  REQUIRE(news.size() == 1);
  CHECK(news[0].name == "report");
  CHECK(news[0].process == ::getpid());
  CHECK_THAT(news[0].sentence(), ContainsSubstring("The snapshot 'report' has been held for 0 s"));
  CHECK(watch.news().empty());
  CHECK(watch.pins().size() == 1);
  report.reset();
  CHECK(watch.pins().empty());
  const ReadTxn again = records.environment.read("report");
  CHECK(watch.news().size() == 1);
}

TEST_CASE("a snapshot that is held for a short time is not told", "[store]") {
  Records records;
  PinWatch watch(records.environment, std::chrono::hours(1));
  const ReadTxn first = records.environment.read("first");
  const ReadTxn second = records.environment.read();
  CHECK(watch.news().empty());
  const auto pins = watch.pins();
  REQUIRE(pins.size() == 2);
  CHECK(pins[0].name == "first");
}

TEST_CASE("snapshots of other processes are told with their process", "[store]") {
  TempFolder folder;
  { Environment make(folder / "data", quick()); }
  Child child([&](Line& line) {
    Environment environment(folder / "data", read_only());
    const ReadTxn reads = environment.read();
    line.tell();
    return line.await();
  });
  REQUIRE(child.line().await());
  Environment environment(folder / "data", quick());
  const Table table = *environment.open_table("records", Layout::integer_keys);
  environment.write([&](WriteTxn& txn) { txn.put(table, 1, bytes_of(words(8))); });
  PinWatch watch(environment, microseconds(0));
  const auto pins = watch.pins();
  REQUIRE(pins.size() == 1);
  CHECK(pins[0].process != ::getpid());
  CHECK(pins[0].behind == 2);
  CHECK_THAT(pins[0].sentence(), ContainsSubstring("of process "));
  CHECK(watch.news().size() == 1);
  CHECK(watch.news().empty());
  child.line().tell();
  CHECK(child.wait() == 0);
  CHECK(watch.pins().empty());
}

TEST_CASE("a map that must grow does not wait for a snapshot of the thread that writes",
          "[store]") {
  TempFolder folder;
  Environment environment(folder / "data", quick(kTinyMap));
  const Table table = *environment.open_table("records", Layout::integer_keys);
  {
    const ReadTxn held = environment.read("mine");
    const auto why = growth_refusal(environment, table);
    CHECK_THAT(why, ContainsSubstring("this thread itself holds one ('mine'"));
    CHECK_THAT(why, ContainsSubstring("End it, and write again."));
    CHECK(environment.map_bytes() == kTinyMap);
  }
  CHECK(growth_refusal(environment, table) == "it grew");
  CHECK(environment.read().count(table) == 512);
}

TEST_CASE("a map that must grow does not wait for ever for another thread's snapshot", "[store]") {
  TempFolder folder;
  auto options = quick(kTinyMap);
  options.growth_patience = std::chrono::milliseconds(1);
  Environment environment(folder / "data", options);
  const Table table = *environment.open_table("records", Layout::integer_keys);
  std::optional<ReadTxn> held;
  std::thread([&] { held.emplace(environment.read("window 2")); }).join();
  CHECK_THAT(growth_refusal(environment, table),
             ContainsSubstring("the oldest did not ('window 2'"));
  held.reset();
  CHECK(growth_refusal(environment, table) == "it grew");
}

}  // namespace coppice::store
