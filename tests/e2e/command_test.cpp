#include <signal.h>

#include "test_places.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// A replica that knows a company and a part, is in sync, and open nowhere.
struct Stock {
  Key<shop::Company> maker;
  Key<shop::Part> part;
  std::string part_text;
};

Stock stock(const Site& site, const std::string& name) {
  Client client = site.live_client(name);
  Stock made;
  REQUIRE(client.write([&](Transaction& t) {
    made.maker = t.create<shop::Company>(
        [](shop::Company::Builder company) { company.setName("Vishay \"Inc.\""); });
    made.part = t.create<shop::Part>([&](shop::Part::Builder part) {
      part.setNumber("R-0603-10K");
      refer(part.initMaker(), made.maker);
    });
  }));
  settle(client);
  made.part_text = client.format(made.part);
  return made;
}

void check_printed(const Ran& ran, const std::vector<std::string>& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
  CHECK(ran.errors == "");
  for (const std::string& word : words) CHECK_THAT(ran.output, ContainsSubstring(word));
}

TEST_CASE("the command shows a replica", "[e2e]") {
  Site site;
  const Stock made = stock(site, "bench");

  SECTION("status") {
    check_printed(site.coppice("bench", {"status"}),
                  {site.server.url(), "not connected by this command", "parts, 1 revisions"});
    check_printed(site.coppice("bench", {"status", "--json"}),
                  {R"("outbox":0)", R"({"name":"parts","revisions":1})"});
  }
  SECTION("ls of the trees") {
    check_printed(site.coppice("bench", {"ls"}), {"parts  1 revisions", "companies  1 revisions"});
    check_printed(site.coppice("bench", {"ls", "--json"}), {R"("name":"parts","versioned":true)"});
  }
  SECTION("ls of a tree") {
    check_printed(site.coppice("bench", {"ls", "parts"}), {made.part_text + "  draft  R-0603-10K"});
    check_printed(site.coppice("bench", {"ls", "companies", "--json"}),
                  {R"("lifecycle":"live")", R"("text":"Vishay \"Inc.\"")"});
  }
  SECTION("get") {
    check_printed(site.coppice("bench", {"get", made.part_text}),
                  {made.part_text + "  draft", "made by", "bench", "R-0603-10K"});
    check_printed(site.coppice("bench", {"get", "--json", made.part_text}),
                  {R"("key":")" + made.part_text, R"("lifecycle":"draft")", R"("body":{)"});
  }
  SECTION("get of a floating key shows the newest revision") {
    const std::string floating = made.part_text.substr(0, made.part_text.rfind('.'));
    check_printed(site.coppice("bench", {"get", floating}), {made.part_text + "  draft"});
  }
}

TEST_CASE("ls lists the newest revisions, or all, from where and as many as asked for", "[e2e]") {
  Site site;
  Key<shop::Part> first;
  {
    Client client = site.live_client("bench");
    const auto keys = client.write([](Transaction& t) { return create_parts(t, "R", 5); });
    REQUIRE(keys);
    settle(client);
    first = keys->front();
    REQUIRE(answer(client.check_out(first)));
    REQUIRE(client.write([&](Transaction& t) { t.release(first); }));
    settle(client);
    REQUIRE(answer(client.check_out(first)));
    REQUIRE(client.write([&](Transaction& t) {
      const auto next = t.next_revision(first);
      t.edit(next).setNumber("R0, better");
      t.check_in(next);
    }));
    settle(client);
  }
  const auto lines = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ls", "parts"});
    const Ran ran = site.coppice("bench", arguments);
    INFO(ran.errors);
    CHECK(ran.end == kOrderly);
    return ran.output;
  };
  const auto count = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const std::string id = std::to_string(first.id().value);
  CHECK(count(lines({})) == 5);
  CHECK_THAT(lines({}), ContainsSubstring("parts:" + id + ".2  draft  R0, better"));
  CHECK_THAT(lines({}), !ContainsSubstring("parts:" + id + ".1 "));
  CHECK(count(lines({"--all"})) == 6);
  CHECK_THAT(lines({"--all"}), ContainsSubstring("parts:" + id + ".1  released"));
  CHECK(count(lines({"--limit", "2"})) == 2);
  const std::string second = std::to_string(first.id().value + 1);
  CHECK(count(lines({"--from", "parts:" + second})) == 4);
  CHECK(count(lines({"--from", second})) == 4);
}

TEST_CASE("sync makes a replica without compiled types, and brings it up to date", "[e2e]") {
  Site site;
  stock(site, "bench");
  check_printed(site.coppice("viewer", {"sync", site.server.url()}), {"In sync", "2 revisions"});
  CHECK(difference(contents_of(site.replica("viewer")), contents_of(site.replica("bench"))) == "");

  {
    Client client = site.live_client("bench", 0);
    write_part(client, "later");
    settle(client);
  }
  // Without an address: to where it was connected before.
  check_printed(site.coppice("viewer", {"--quiet", "sync"}), {});
  CHECK(difference(contents_of(site.replica("viewer")), contents_of(site.replica("bench"))) == "");
  site.stop_and_check();
}

TEST_CASE("the command looks into a replica that an application uses", "[e2e]") {
  Site site;
  Client client = site.live_client("bench");
  const auto key = write_part(client, "fresh");
  check_printed(site.coppice("bench", {"get", client.format(key)}), {"fresh"});
  check_printed(site.coppice("bench", {"status"}), {"not connected by this command"});
}

TEST_CASE("watch prints what happens until it is told to end", "[e2e]") {
  Site site;
  stock(site, "viewer");
  const auto watching = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {COPPICE_COMMAND_PROGRAM, "-C", site.replica("viewer").string(), "watch"});
    return arguments;
  };
  Client client = site.live_client("bench");
  const auto end_of = [](Process& watch) {
    watch.send_signal(SIGINT);
    const auto end = watch.wait();
    INFO(watch.errors());
    CHECK(end == kOrderly);
  };

  SECTION("for people") {
    Process watch(watching({"parts"}));
    REQUIRE(watch.wait_for_text("connection live"));
    const auto key = write_part(client, "watched");
    CHECK(watch.wait_for_text("created " + client.format(key)));
    end_of(watch);
  }
  SECTION("for scripts") {
    Process watch(watching({"--json", "--server", site.server.url()}));
    REQUIRE(watch.wait_for_text(R"("connection":"live")"));
    const auto key = write_part(client, "watched");
    CHECK(watch.wait_for_text(R"({"event":"created","key":")" + client.format(key)));
    end_of(watch);
  }
}

TEST_CASE("every verb explains itself with an example", "[e2e]") {
  for (const std::string verb :
       {"status", "ls", "get", "watch", "import", "sync", "borrow", "return", "held", "edit",
        "checkin", "release", "revise", "state", "drawer", "history", "explain"}) {
    check_printed(run_command({verb, "--help"}), {"Example", "coppice -C bench " + verb});
  }
  check_printed(run_command({"--help"}), {"import", "Exit codes"});
  check_printed(run_command({"--version"}), {"coppice 0."});
}

}  // namespace
}  // namespace coppice::test
