#include <signal.h>

#include <sstream>

#include "test_places.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

constexpr std::uint64_t kPartsPerTransaction = 10;
constexpr std::size_t kLinesBeforeKill = 25;

struct Written {
  Key<shop::Part> first;
  Key<shop::Part> last;
};

// What the writer said before it was killed; a line that it could not finish does not count.
std::vector<Written> written_by(const Process& writer, const Client& client) {
  std::string output = writer.output();
  output.resize(output.rfind('\n') + 1);
  std::istringstream lines(output);
  std::vector<Written> all;
  std::string first;
  std::string last;
  while (lines >> first >> last) {
    const auto first_key = client.parse_key(first);
    const auto last_key = client.parse_key(last);
    REQUIRE(first_key);
    REQUIRE(last_key);
    all.push_back({Key<shop::Part>(first_key->word), Key<shop::Part>(last_key->word)});
  }
  return all;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void write_until_killed(Process& writer) {
  until("the writer to write", [&] {
    return count_lines(writer.output()) >= kLinesBeforeKill ||
           writer.wait(std::chrono::milliseconds(0));
  });
  writer.send_signal(SIGKILL);
  const auto end = writer.wait();
  INFO(writer.errors());
  REQUIRE(end == ProcessEnd{.code = 0, .signal = SIGKILL});
}

TEST_CASE("a client killed while it writes off line keeps all that write() returned for", "[e2e]") {
  Site site;
  { Client client = site.live_client("alice", 1'000'000); }
  Process writer({COPPICE_WRITER_PROGRAM, site.replica("alice").string()});
  write_until_killed(writer);

  Client alice = site.client("alice");
  CHECK(alice.check_invariants() == std::vector<std::string>{});
  const auto written = written_by(writer, alice);
  REQUIRE(written.size() >= kLinesBeforeKill);
  {
    const Snapshot now = alice.snapshot();
    for (const Written& batch : written) {
      CHECK(now.get(batch.first).has_value());
      CHECK(now.get(batch.last).has_value());
    }
    // Whole transactions: those that were told of, and at most one whose telling the kill
    // prevented.
    const std::uint64_t count = now.count<shop::Part>();
    CHECK(count % kPartsPerTransaction == 0);
    CHECK(count >= written.size() * kPartsPerTransaction);
    CHECK(count <= (written.size() + 1) * kPartsPerTransaction);
  }

  REQUIRE(alice.connect(site.server.url()));
  settle(alice);
  CHECK(alice.conflicts().empty());
  Client bob = site.live_client("bob", 0);
  CHECK(difference(contents(alice), contents(bob)) == "");
  site.stop_and_check();
}

}  // namespace
}  // namespace coppice::test
