// `coppice check`, on replicas that are sound, damaged, in use, and compared with their server.
#include "store/database.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// A site whose replica "bench" has three parts, and nobody has it open.
struct Bench {
  Site site;
  std::vector<Key<shop::Part>> parts;

  Bench() {
    Client client = site.live_client("bench");
    for (const char* number : {"R1", "R2", "R3"}) parts.push_back(write_part(client, number));
    settle(client);
  }

  void tamper(const std::function<void(store::WriteTxn&, const store::RecordTree&)>& change) {
    store::Database database(site.replica("bench"), store::Role::replica);
    database.write(
        [&](store::WriteTxn& txn) { change(txn, *database.tree(TreeOf<shop::Part>::id)); });
  }
};

TEST_CASE("a sound replica is called sound, also while it is in use", "[e2e]") {
  Bench bench;
  const auto ran = bench.site.coppice("bench", {"check"});
  CHECK(ran.end.code == 0);
  CHECK(ran.output == "The replica is sound.\n");
  Client client = bench.site.live_client("bench");
  CHECK(bench.site.coppice("bench", {"check", "--json"}).output ==
        "{\"sound\":true,\"count\":0,\"findings\":[],\"notLookedAt\":[]}\n");
}

TEST_CASE("a damaged record is named, with what to do about it", "[e2e]") {
  Bench bench;
  bench.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    const auto found = tree.find(txn, bench.parts[1].word)->value();
    std::vector<std::byte> value(found.begin(), found.end());
    value[60] = std::byte{99};  // body_words
    txn.put(tree.table(), bench.parts[1].word.value, value);
  });
  const auto ran = bench.site.coppice("bench", {"check"});
  CHECK(ran.end.code == 1);
  CHECK_THAT(ran.output, ContainsSubstring(format_key("parts", bench.parts[1].word) +
                                           ": its value contradicts its header\n"));
  CHECK_THAT(ran.output, ContainsSubstring("What it means: "));
  CHECK_THAT(ran.output, ContainsSubstring("What to do: "));
  CHECK_THAT(ran.errors, ContainsSubstring("Findings: 1."));
}

TEST_CASE("a replica is compared with its server", "[e2e]") {
  Bench bench;
  const std::vector<std::string> against{"check", "--against", bench.site.server.url()};
  const auto equal = bench.site.coppice("bench", against);
  CHECK(equal.end.code == 0);
  CHECK_THAT(equal.output, ContainsSubstring("3 records, 1 question"));
  bench.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    tree.erase(txn, bench.parts[2].word);
  });
  const auto differs = bench.site.coppice("bench", against);
  CHECK(differs.end.code == 1);
  CHECK_THAT(differs.output, ContainsSubstring(format_key("parts", bench.parts[2].word) +
                                               ": the server has it, and this replica has not"));
}

TEST_CASE("a damaged replica is repaired by fetching everything anew", "[e2e]") {
  Bench bench;
  bench.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    const std::vector<std::byte> noise(72, std::byte{0x5a});
    txn.put(tree.table(), bench.parts[1].word.value, noise);
  });
  CHECK(bench.site.coppice("bench", {"check"}).end.code == 1);
  CHECK(bench.site.coppice("bench", {"sync", bench.site.server.url(), "--anew"}).end == kOrderly);
  CHECK(bench.site.coppice("bench", {"check", "--against", bench.site.server.url()}).end ==
        kOrderly);
}

TEST_CASE("statistics and compaction of a replica", "[e2e]") {
  Bench bench;
  const auto before = contents_of(bench.site.replica("bench"));
  {
    Client client = bench.site.live_client("bench");
    CHECK_THAT(bench.site.coppice("bench", {"stats"}).output,
               ContainsSubstring("tree  parts: 3 revisions"));
    CHECK_THAT(bench.site.coppice("bench", {"stats", "--json"}).output,
               ContainsSubstring("\"live\":3"));
    check_refused(bench.site.coppice("bench", {"compact"}), 1, {"in use"});
  }
  CHECK_THAT(bench.site.coppice("bench", {"compact"}).output, ContainsSubstring("Compacted: "));
  CHECK(difference(contents_of(bench.site.replica("bench")), before).empty());
  Client client = bench.site.live_client("bench");
  write_part(client, "R4");
  settle(client);
}

TEST_CASE("a server's data is compacted when it does not run", "[e2e]") {
  Bench bench;
  const std::vector<std::string> compact{"--data", bench.site.server.data().string(), "--compact"};
  check_refused(run_server(compact), 1, {"in use"});
  bench.site.stop_and_check();
  CHECK(run_server(compact).end == kOrderly);
  CHECK(bench.site.server.check().end == kOrderly);
}

TEST_CASE("a sync that never met its server leaves nothing behind", "[e2e]") {
  const TempFolder folder;
  const auto sync = [](const std::filesystem::path& replica) {
    return run_command({"-C", replica.string(), "sync", "ws://127.0.0.1:1/shop", "--wait", "1"});
  };
  check_refused(sync(folder / "new"), 1, {"no connection"});
  CHECK_FALSE(std::filesystem::exists(folder / "new"));
  std::filesystem::create_directories(folder / "empty");
  check_refused(sync(folder / "empty"), 1, {"no connection"});
  CHECK(std::filesystem::is_empty(folder / "empty"));
}

}  // namespace
}  // namespace coppice::test
