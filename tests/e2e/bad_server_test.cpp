#include <fstream>
#include <thread>

#include "tests/e2e/site.h"
#include "tests/wire/raw_socket.h"

// Servers that are not the one that was meant, and servers that can't start.

namespace coppice::test {
namespace {

// A replica with a part of its own that waits to be sent, to see that no wrong server gets or loses
// it.
void prepare(const Site& site, const std::string& name) {
  Client client = site.live_client(name);
  client.disconnect();
  until("the client to be off line",
        [&] { return client.status().connection == Connection::offline; });
  write_part(client, "ours");
}

void check_untouched(const Site& site, const std::string& name, const Contents& before) {
  CHECK(difference(contents_of(site.replica(name)), before) == "");
  const Ran status = site.coppice(name, {"status"});
  CHECK(status.output.find("1 transactions") != std::string::npos);
}

TEST_CASE("a server that cannot be reached is told of, and nothing is lost", "[e2e]") {
  Site site;
  prepare(site, "bench");
  const auto before = contents_of(site.replica("bench"));
  // Port 1 of this machine: nobody listens there.
  check_refused(site.coppice("bench", {"sync", "ws://127.0.0.1:1/shop", "--wait", "1"}), 1,
                {"no connection", "ws://127.0.0.1:1/shop", "1 transactions"});
  check_untouched(site, "bench", before);
  // And the right one afterwards.
  CHECK(site.coppice("bench", {"sync", site.server.url()}).end == kOrderly);
  site.stop_and_check();
}

TEST_CASE("a server that is no Coppice server is told of", "[e2e]") {
  Site site;
  prepare(site, "bench");
  const auto before = contents_of(site.replica("bench"));
  wire::test::RawServer web;
  const std::string url = "ws://127.0.0.1:" + std::to_string(web.port()) + "/shop";
  std::thread answering([&] {
    auto socket = web.accept();
    socket.read_until("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  });
  const Ran ran = site.coppice("bench", {"sync", url, "--wait", "1"});
  answering.join();
  check_refused(ran, 1, {url});
  check_untouched(site, "bench", before);
}

TEST_CASE("a database that the server does not have is refused", "[e2e]") {
  Site site;
  prepare(site, "bench");
  const auto before = contents_of(site.replica("bench"));
  check_refused(site.coppice("bench", {"sync", site.server.url("garage"), "--wait", "1"}), 1,
                {"garage"});
  check_untouched(site, "bench", before);
}

TEST_CASE("a replica is refused by another database", "[e2e]") {
  Site site;
  Site other;
  prepare(site, "bench");
  { Client client = other.live_client("native"); }
  const auto before = contents_of(site.replica("bench"));
  check_refused(site.coppice("bench", {"sync", other.server.url()}), 1, {"another database"});
  check_untouched(site, "bench", before);
  CHECK(site.coppice("bench", {"sync", site.server.url()}).end == kOrderly);
  {
    Client client = other.live_client("native", 0);
    CHECK(contents(client).empty());
  }
  site.stop_and_check();
  other.stop_and_check();
}

struct BadServer {
  std::vector<std::string> arguments;
  int code;
  std::vector<std::string> words;
};

TEST_CASE("a server that is started wrongly says why", "[e2e]") {
  TempFolder folder;
  std::ofstream(folder / "file") << "no folder";
  const std::string data = (folder / "data").string();
  const std::vector<BadServer> table = {
      {{}, 2, {"--data"}},
      {{"--data", data, "--nonsense"}, 2, {"--nonsense"}},
      {{"--data", data, "--listen", "nowhere"}, 2, {"nowhere"}},
      {{"--data", data, "--name", "../shop"}, 2, {"../shop"}},
      {{"--data", (folder / "file").string()}, 1, {"file"}},
      {{"--data", (folder / "absent").string(), "--check"}, 1, {"absent"}},
  };
  for (const BadServer& row : table) check_refused(run_server(row.arguments), row.code, row.words);
  CHECK_FALSE(std::filesystem::exists(folder / "data"));
  CHECK_FALSE(std::filesystem::exists(folder / "absent"));
}

TEST_CASE("a second server cannot take the port or the data of the first", "[e2e]") {
  Site site;
  Client client = site.live_client("bench");
  const std::string port = std::to_string(site.server.port());
  check_refused(run_server({"--data", (site.folder / "other").string(), "--name", "shop",
                            "--listen", "127.0.0.1:" + port}),
                1, {port, "use"});
  check_refused(run_server({"--data", site.server.data().string(), "--name", "shop", "--listen",
                            "127.0.0.1:0"}),
                1, {"use"});
  // The first one is none the worse for it.
  write_part(client, "R1");
  settle(client);
  site.stop_and_check();
}

TEST_CASE("a replica is not taken for a server's data", "[e2e]") {
  Site site;
  { Client client = site.live_client("bench"); }
  const auto before = contents_of(site.replica("bench"));
  check_refused(run_server({"--data", site.replica("bench").string(), "--name", "shop", "--listen",
                            "127.0.0.1:0"}),
                1, {"replica"});
  CHECK(difference(contents_of(site.replica("bench")), before) == "");
}

}  // namespace
}  // namespace coppice::test
