#include <signal.h>

#include <fstream>

#include "test_places.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// Line 3 has a field that parts do not have, line 5 is no JSON at all.
constexpr const char* kBrokenLines =
    "{\"number\": \"A1\"}\n"
    "{\"number\": \"A2\", \"unit\": \"metre\", \"keywords\": [\"x\", \"y\"]}\n"
    "{\"number\": \"A3\", \"colour\": \"red\"}\n"
    "\n"
    "{\"number\": \"A5\"\n"
    "{\"number\": \"A6\"}\n";

// A replica in sync that nobody has open, with ids for `ids` parts.
void prepare(const Site& site, const std::string& name, std::uint64_t ids) {
  Client client = site.live_client(name, ids);
}

std::vector<std::string> numbers_in(const std::filesystem::path& replica) {
  Client::Options options;
  options.access = Client::Access::read_only;
  const Client client = Client::open(replica, std::move(options));
  const Snapshot now = client.snapshot();
  std::vector<std::string> numbers;
  for (const auto part : now.tree<shop::Part>()) numbers.emplace_back(part->getNumber().cStr());
  return numbers;
}

std::string write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  return path.string();
}

std::string many_records(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "{\"number\": \"N" + std::to_string(i) + "\"}\n";
  return text;
}

using Numbers = std::vector<std::string>;

TEST_CASE("import creates records off line, which a sync uploads", "[e2e]") {
  Site site;
  prepare(site, "bench", 100);
  const auto lines = write_file(site.folder / "parts.jsonl",
                                "{\"number\": \"A1\"}\n\n{\"number\": \"A2\", \"price\": \"7\"}\n");
  const auto array =
      write_file(site.folder / "parts.json", "[ {\"number\": \"B1\"},\n  {\"number\": \"B2\"} ]\n");
  const Ran first = site.coppice("bench", {"import", "parts", lines});
  INFO(first.errors);
  CHECK(first.end == kOrderly);
  CHECK_THAT(first.output, ContainsSubstring("2 records imported"));
  CHECK(site.coppice("bench", {"import", "parts", array}).end == kOrderly);
  CHECK(site.coppice("bench", {"import", "parts", "-"}, "[{\"number\": \"C1\"}]").end == kOrderly);
  CHECK(numbers_in(site.replica("bench")) == Numbers{"A1", "A2", "B1", "B2", "C1"});

  CHECK(site.coppice("bench", {"sync"}).end == kOrderly);
  Client bob = site.live_client("bob", 0);
  CHECK(difference(contents(bob), contents_of(site.replica("bench"))) == "");
  site.stop_and_check();
}

TEST_CASE("import on line leases the ids it needs and uploads", "[e2e]") {
  Site site;
  prepare(site, "other", 1);  // so that the server knows the trees
  REQUIRE(site.coppice("bench", {"sync", site.server.url()}).end == kOrderly);
  const Ran ran = site.coppice(
      "bench", {"import", "parts", "-", "--server", site.server.url(), "--batch", "500"},
      many_records(5000));
  INFO(ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
  CHECK_THAT(ran.output, ContainsSubstring("5000 records imported."));
  Client bob = site.live_client("bob", 0);
  CHECK(bob.snapshot().count<shop::Part>() == 5000);
  site.stop_and_check();
}

TEST_CASE("import stops at broken records before it has imported any", "[e2e]") {
  Site site;
  prepare(site, "bench", 100);
  const auto file = write_file(site.folder / "broken.jsonl", kBrokenLines);
  const Ran ran = site.coppice("bench", {"import", "parts", file});
  check_refused(ran, 1, {"broken.jsonl:3: ", "colour", "broken.jsonl:5: ", "nothing was imported"});
  CHECK(numbers_in(site.replica("bench")).empty());
}

TEST_CASE("import skips broken records where that is asked for", "[e2e]") {
  Site site;
  prepare(site, "bench", 100);
  const auto file = write_file(site.folder / "broken.jsonl", kBrokenLines);
  const Ran ran = site.coppice("bench", {"import", "parts", file, "--on-error", "skip"});
  check_refused(ran, 0, {"broken.jsonl:3: ", "broken.jsonl:5: "});
  CHECK_THAT(ran.output, ContainsSubstring("3 records imported, 2 skipped"));
  CHECK(numbers_in(site.replica("bench")) == Numbers{"A1", "A2", "A6"});
}

TEST_CASE("a broken element of an array does not hide the others", "[e2e]") {
  Site site;
  prepare(site, "bench", 100);
  const auto file = write_file(site.folder / "broken.json",
                               "[\n"
                               "  {\"number\": \"A1\"},\n"
                               "  {\"number\": },\n"
                               "  {\"number\": \"A, ] 3\"},\n"
                               "  17,\n"
                               "  {\"number\": \"A5\"\n"
                               "]\n");
  const Ran ran = site.coppice("bench", {"import", "parts", file, "--on-error", "skip"});
  check_refused(ran, 0, {"broken.json:3: ", "broken.json:5: ", "broken.json:6: "});
  CHECK(numbers_in(site.replica("bench")) == Numbers{"A1", "A, ] 3"});
}

TEST_CASE("a dry run of an import changes nothing", "[e2e]") {
  Site site;
  prepare(site, "bench", 100);
  const Ran good = site.coppice("bench", {"import", "parts", "-", "--dry-run"}, many_records(3));
  CHECK(good.end == kOrderly);
  CHECK_THAT(good.output, ContainsSubstring("3 records would be imported"));
  const Ran bad = site.coppice("bench", {"import", "parts", "-", "--dry-run"}, kBrokenLines);
  check_refused(bad, 1, {"standard input:3: "});
  CHECK(numbers_in(site.replica("bench")).empty());
}

TEST_CASE("an import that has too few ids does not begin", "[e2e]") {
  Site site;
  prepare(site, "bench", 1);
  std::uint64_t left = 0;
  {
    Client client = site.client("bench");
    left = client.ids_left(TreeOf<shop::Part>::id);
  }
  const Ran ran =
      site.coppice("bench", {"import", "parts", "-"}, many_records(static_cast<int>(left) + 1));
  check_refused(ran, 1, {std::to_string(left) + " more records", "--server"});
  CHECK(numbers_in(site.replica("bench")).empty());
}

TEST_CASE("an import that is interrupted keeps what it wrote, and says how much", "[e2e]") {
  Site site;
  prepare(site, "bench", 50'000);
  Process import({COPPICE_COMMAND_PROGRAM, "-C", site.replica("bench").string(), "import", "parts",
                  "-", "--batch", "1"},
                 many_records(50'000));
  until("a first record", [&] { return !numbers_in(site.replica("bench")).empty(); });
  import.send_signal(SIGINT);
  const auto end = import.wait();
  REQUIRE(end);
  const Ran ran = {*end, import.output(), import.errors()};
  const auto count = numbers_in(site.replica("bench")).size();
  check_refused(ran, 1, {"interrupted", std::to_string(count) + " of 50000 records were imported"});
  CHECK(site.coppice("bench", {"sync"}).end == kOrderly);
  Client bob = site.live_client("bob", 0);
  CHECK(bob.snapshot().count<shop::Part>() == count);
}

}  // namespace
}  // namespace coppice::test
