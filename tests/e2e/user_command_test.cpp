// Users, made and used as people do it at a shell.
#include "test_places.h"

#include <fstream>

#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

Ran server_command(const std::filesystem::path& data, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--data", data.string()});
  return run_server(std::move(arguments));
}

}  // namespace

TEST_CASE("users are made while the server rests, and only they are let in", "[e2e]") {
  Site site;
  {
    Client ann = site.live_client("ann");
    settle(ann);
  }
  CHECK(site.server.stop() == kOrderly);
  const auto data = site.server.data();

  CHECK_THAT(server_command(data, {"user", "list"}).output, ContainsSubstring("no users"));
  const Ran wrong = server_command(data, {"user", "add", "ann", "--role", "king"});
  CHECK(wrong.end.code == 1);
  CHECK_THAT(wrong.errors, ContainsSubstring("engineer"));
  const Ran made = server_command(data, {"user", "add", "ann", "--role", "engineer"});
  REQUIRE(made.end == kOrderly);
  CHECK(made.output.size() == 65);
  CHECK_THAT(server_command(data, {"user", "list"}).output, ContainsSubstring("ann  engineer"));
  CHECK_THAT(server_command(data, {"role", "list"}).output, ContainsSubstring("viewer  read"));

  site.server.start();
  const Ran refused = site.coppice("ann", {"sync"});
  CHECK(refused.end.code == 1);
  CHECK_THAT(refused.errors, ContainsSubstring("access token"));
  const auto file = site.folder / "ann.token";
  std::ofstream(file) << made.output;
  CHECK(site.coppice("ann", {"--token-file", file.string(), "sync"}).end == kOrderly);
  // A file of this name in the replica needs not be named.
  std::ofstream(site.replica("ann") / "token") << made.output;
  CHECK(site.coppice("ann", {"sync"}).end == kOrderly);
  // Beside a running server, users can be looked at only.
  CHECK(server_command(data, {"user", "list"}).end == kOrderly);
  CHECK_THAT(server_command(data, {"user", "remove", "ann"}).errors, ContainsSubstring("in use"));
  site.stop_and_check();
}

}  // namespace coppice::test
