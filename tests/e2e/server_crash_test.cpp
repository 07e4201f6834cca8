#include <set>

#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

constexpr int kPartsPerTransaction = 100;
constexpr int kTransactions = 200;
constexpr int kRoundsMax = 5;

// One transaction of an upload, and what became of it.
struct Sent {
  std::vector<Key<shop::Part>> keys;
  Pending<Accepted> verdict;
};

std::vector<Sent> write_off_line(Client& client, int round) {
  client.disconnect();
  until("the client to be off line",
        [&] { return client.status().connection == Connection::offline; });
  std::vector<Sent> all;
  for (int i = 0; i < kTransactions; ++i) {
    const auto prefix = std::to_string(round) + "/" + std::to_string(i) + "/";
    std::vector<Key<shop::Part>> keys;
    auto verdict = client.submit(
        [&](Transaction& t) { keys = create_parts(t, prefix, kPartsPerTransaction); });
    all.push_back({std::move(keys), std::move(verdict)});
  }
  return all;
}

std::size_t count_answered(const std::vector<Sent>& all) {
  std::size_t count = 0;
  for (const Sent& sent : all) count += sent.verdict.result().has_value() ? 1 : 0;
  return count;
}

// Uploads, and kills the server as soon as the first answer is there. Returns what was answered by
// then.
std::vector<Sent> kill_during_upload(Site& site, Client& client, const std::vector<Sent>& all) {
  REQUIRE(client.connect(site.server.url()));
  until("a first answer", [&] { return count_answered(all) > 0; });
  site.server.kill();
  until("the loss to be noticed", [&] { return !is_live(client); });
  std::vector<Sent> answered;
  for (const Sent& sent : all) {
    if (sent.verdict.result()) answered.push_back(sent);
  }
  return answered;
}

// The authority counts one sequence for each record of a transaction of creates. So a record at
// another sequence than the answer told was applied again.
void check_applied_once(const Snapshot& now, const std::vector<Sent>& answered) {
  for (const Sent& sent : answered) {
    const auto verdict = *sent.verdict.result();
    REQUIRE(verdict);
    const auto last = now.get(sent.keys.back());
    REQUIRE(last);
    CHECK(last->header().sequence == verdict->sequence);
  }
}

std::size_t count_different_numbers(const Snapshot& now) {
  std::set<std::string> numbers;
  for (const auto part : now.tree<shop::Part>()) numbers.insert(part->getNumber().cStr());
  return numbers.size();
}

TEST_CASE("a server killed in the middle of an upload loses nothing and does nothing twice",
          "[e2e]") {
  Site site;
  Client alice = site.live_client("alice", kRoundsMax * kTransactions * kPartsPerTransaction + 1);
  Client bob = site.live_client("bob");
  const auto seed = write_part(alice, "seed");
  settle(alice);
  until("bob to see the part", [&] { return bob.snapshot().get(seed).has_value(); });
  REQUIRE(answer(bob.check_out(seed)));

  // The kill may come too late, when everything is answered already; then that round proves
  // nothing.
  bool was_in_the_middle = false;
  std::size_t expected = 1;
  std::vector<Sent> answered;
  for (int round = 0; round < kRoundsMax && !was_in_the_middle; ++round) {
    const auto all = write_off_line(alice, round);
    answered = kill_during_upload(site, alice, all);
    was_in_the_middle = answered.size() < all.size();
    expected += kTransactions * kPartsPerTransaction;
    site.server.start();
    settle(alice);
  }
  CHECK(was_in_the_middle);

  Client carol = site.live_client("carol", 0);
  {
    const Snapshot now = carol.snapshot();
    CHECK(now.count<shop::Part>() == expected);
    CHECK(count_different_numbers(now) == expected);
    check_applied_once(now, answered);
  }
  CHECK(difference(contents(carol), contents(alice)) == "");
  CHECK(alice.conflicts().empty());

  // The borrow outlived the server, and still works.
  until("bob to be back", [&] { return is_live(bob); });
  const auto refused = answer(carol.check_out(seed));
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().holder);
  CHECK(refused.error().holder->device == "bob");
  REQUIRE(bob.write([&](Transaction& t) {
    t.edit(seed).setTitle("edited under a borrow from before the crash");
    t.check_in(seed);
  }));
  settle(bob);
  CHECK(bob.conflicts().empty());

  for (const Client* client : {&alice, &bob, &carol}) {
    CHECK(client->check_invariants() == std::vector<std::string>{});
  }
  site.stop_and_check();
}

TEST_CASE("a server told to end ends in good order, and its clients come back", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");
  write_part(alice, "before");
  settle(alice);

  CHECK(site.server.stop() == kOrderly);
  until("alice to notice", [&] { return !is_live(alice); });
  until("alice to know why", [&] { return !alice.status().reason.empty(); });
  const auto key = write_part(alice, "meanwhile");

  site.server.start();
  settle(alice);
  Client bob = site.live_client("bob", 0);
  CHECK(bob.snapshot().get(key).has_value());
  CHECK(difference(contents(alice), contents(bob)) == "");
  site.stop_and_check();
}

}  // namespace
}  // namespace coppice::test
