#include <fstream>

#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

struct BadCommand {
  std::vector<std::string> arguments;
  int code;
  std::vector<std::string> words;
};

TEST_CASE("a wrong command line is explained", "[e2e]") {
  const std::vector<BadCommand> table = {
      {{}, 2, {"say what to do", "--help"}},
      {{"fly"}, 2, {"fly"}},
      {{"ls", "--nonsense"}, 2, {"--nonsense"}},
      {{"ls", "--limit", "many"}, 2, {"--limit", "many"}},
      {{"get"}, 2, {"KEY"}},
      {{"import", "parts"}, 2, {"FILE"}},
      {{"import", "parts", "x", "--on-error", "panic"}, 2, {"--on-error", "panic"}},
      {{"import", "parts", "x", "--batch", "0"}, 2, {"--batch"}},
      {{"import", "parts", "x", "--dry-run", "--server", "ws://x/y"}, 2, {"--dry-run"}},
      {{"sync", "http://127.0.0.1/shop"}, 2, {"http://127.0.0.1/shop", "ws://"}},
      {{"sync", "ws://127.0.0.1:70000/shop"}, 2, {"70000"}},
      {{"watch", "--server", "shop"}, 2, {"shop"}},
  };
  for (const BadCommand& row : table)
    check_refused(run_command(row.arguments), row.code, row.words);
}

TEST_CASE("what a replica does not have is refused", "[e2e]") {
  Site site;
  {
    Client client = site.live_client("bench");
    write_part(client, "R1");
    settle(client);
  }
  const auto before = contents_of(site.replica("bench"));
  const std::vector<BadCommand> table = {
      {{"get", "parts"}, 1, {"'parts' is not a key"}},
      {{"get", "parts:0"}, 1, {"'parts:0' is not a key"}},
      {{"get", "nuts:1.1"}, 1, {"no tree named 'nuts'"}},
      {{"get", "parts:999999.1"}, 1, {"no record parts:999999.1"}},
      {{"ls", "nuts"}, 1, {"no tree named 'nuts'", "parts", "companies"}},
      {{"ls", "parts", "--from", "companies:1"}, 1, {"companies:1", "'parts'"}},
      {{"ls", "parts", "--from", "?"}, 1, {"'?' is not a key"}},
      {{"watch", "nuts"}, 1, {"no tree named 'nuts'"}},
      {{"import", "nuts", "-"}, 1, {"no tree named 'nuts'"}},
      {{"import", "parts", "/no/such/file"}, 1, {"/no/such/file", "no such file"}},
      {{"import", "parts", "/"}, 1, {"cannot read '/'", "directory"}},
  };
  for (const BadCommand& row : table) {
    check_refused(site.coppice("bench", row.arguments), row.code, row.words);
  }
  CHECK(difference(contents_of(site.replica("bench")), before) == "");
}

TEST_CASE("a folder that is no replica is refused, and left alone", "[e2e]") {
  TempFolder folder;
  std::filesystem::create_directory(folder / "empty");
  std::filesystem::create_directory(folder / "full");
  std::ofstream(folder / "full/letter.txt") << "Dear Ann";
  const std::vector<BadCommand> table = {
      {{"status"}, 1, {"no database in"}},
      {{"ls"}, 1, {"no database in"}},
      {{"get", "parts:1"}, 1, {"no database in"}},
      {{"watch", "--server", "ws://127.0.0.1:1/shop"}, 1, {"no database in"}},
      {{"import", "parts", "-"}, 1, {"no database in"}},
      {{"import", "parts", "-", "--server", "ws://127.0.0.1:1/shop"}, 1, {"no database in"}},
  };
  for (const std::string name : {"absent", "empty", "full"}) {
    for (const BadCommand& row : table) {
      auto arguments = row.arguments;
      arguments.insert(arguments.begin(), {"--replica", (folder / name).string()});
      check_refused(run_command(arguments), row.code, row.words);
    }
  }
  // Only `sync` makes replicas, and never among the files of somebody else.
  check_refused(run_command({"-C", (folder / "full").string(), "sync", "ws://127.0.0.1:1/shop"}), 1,
                {"no database in"});
  CHECK_FALSE(std::filesystem::exists(folder / "absent"));
  CHECK(std::filesystem::is_empty(folder / "empty"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "full"), {}) == 1);
}

TEST_CASE("a database of the server is not taken for a replica", "[e2e]") {
  Site site;
  { Client client = site.live_client("bench"); }
  site.stop_and_check();
  check_refused(run_command({"-C", site.server.data().string(), "status"}), 1,
                {"another kind", "not a replica"});
}

TEST_CASE("F14: two processes cannot write to one replica", "[e2e]") {
  Site site;
  Client client = site.live_client("bench");
  write_part(client, "R1");
  settle(client);
  check_refused(site.coppice("bench", {"sync", site.server.url()}), 1, {"use"});
  check_refused(site.coppice("bench", {"import", "parts", "-"}, "{\"number\": \"R2\"}"), 1,
                {"use"});
  write_part(client, "R3");
  settle(client);
  CHECK(client.snapshot().count<shop::Part>() == 2);
  CHECK(client.check_invariants() == std::vector<std::string>{});
}

}  // namespace
}  // namespace coppice::test
