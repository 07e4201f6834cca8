// Networks as they are: slow, narrow, and cut in the middle of things.

#include "tests/e2e/line.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using namespace std::chrono_literals;

void connect_by(const Line& line, Client& client) { REQUIRE(client.connect(line.url())); }

void go_off_line(Client& client) {
  client.disconnect();
  until("the client to be off line",
        [&] { return client.status().connection == Connection::offline; });
}

// Everybody has everything, nobody a conflict, and both sides' own checks find nothing.
void check_all_equal(Site& site, std::vector<Client*> clients) {
  for (Client* client : clients) settle(*client);
  const auto head = clients.front()->status().head;
  for (Client* client : clients) {
    until("everybody to have everything", [&] { return client->status().cursor >= head; });
    CHECK(client->conflicts().empty());
    CHECK(client->check_invariants() == std::vector<std::string>{});
    CHECK(difference(contents(*clients.front()), contents(*client)) == "");
  }
  site.stop_and_check();
}

TEST_CASE("half a second of latency and a narrow line: slower, and nothing else", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice", 3'000);
  Client bob = site.client("bob");
  const Line line(site.server.port(), {.latency = 250ms, .bytes_per_second = 400'000});
  REQUIRE(alice.write([](Transaction& t) { return create_parts(t, "early", 2'000); }));
  settle(alice);

  connect_by(line, bob);
  settle(bob);
  CHECK(bob.snapshot().count<shop::Part>() == 2'000);
  const auto key = write_part(alice, "the one");
  until("bob to see the part", [&] { return bob.snapshot().get(key).has_value(); });
  REQUIRE(answer(bob.check_out(key)));
  REQUIRE(bob.write([&](Transaction& t) {
    t.edit(key).setTitle("from far away");
    t.check_in(key);
  }));
  settle(bob);
  until("alice to see it",
        [&] { return alice.snapshot().get(key)->body().getTitle() == "from far away"; });
  check_all_equal(site, {&alice, &bob});
}

TEST_CASE("an upload whose line is cut again and again arrives once", "[e2e]") {
  Site site;
  constexpr int kTransactions = 100, kEach = 100;
  Client alice = site.live_client("alice", kTransactions * kEach);
  go_off_line(alice);
  for (int i = 0; i < kTransactions; ++i) {
    REQUIRE(alice.write(
        [&](Transaction& t) { return create_parts(t, std::to_string(i) + "/", kEach); }));
  }
  Line line(site.server.port());
  connect_by(line, alice);
  // Each time a little more has passed than the time before.
  std::uint64_t step = 20'000;
  int cuts = 0;
  while (alice.status().outbox > 0 && cuts < 25) {
    const auto before = line.traffic().bytes();
    until("more bytes, or the end",
          [&] { return line.traffic().bytes() > before + step || alice.status().outbox == 0; });
    line.cut();
    ++cuts;
    step += step / 4;
  }
  CHECK(cuts > 3);
  settle(alice);
  Client bob = site.live_client("bob", 0);
  CHECK(bob.snapshot().count<shop::Part>() == kTransactions * kEach);
  check_all_equal(site, {&alice, &bob});
}

TEST_CASE("a first sync whose line is cut again and again goes on where it broke off", "[e2e]") {
  Site site;
  constexpr int kTransactions = 20, kEach = 1'000;
  Client alice = site.live_client("alice", kTransactions * kEach);
  for (int i = 0; i < kTransactions; ++i) {
    REQUIRE(alice.write(
        [&](Transaction& t) { return create_parts(t, std::to_string(i) + "/", kEach); }));
  }
  settle(alice);
  Client bob = site.client("bob");
  Line line(site.server.port(), {.latency = 0ms, .bytes_per_second = 20'000'000});
  connect_by(line, bob);
  int cuts = 0;
  while (!is_live(bob) && cuts < 6) {
    const auto before = line.traffic().to_client_bytes;
    until("more bytes, or the end",
          [&] { return line.traffic().to_client_bytes > before + 1'500'000 || is_live(bob); });
    line.cut();
    ++cuts;
  }
  CHECK(cuts > 1);
  settle(bob);
  CHECK(bob.snapshot().count<shop::Part>() == kTransactions * kEach);
  // Each part came about once: a first sync that began anew each time would have taken several
  // times.
  const auto whole = [&] {
    Client eve = site.client("eve");
    Line other(site.server.port());
    connect_by(other, eve);
    settle(eve);
    return other.traffic().to_client_bytes;
  }();
  CHECK(line.traffic().to_client_bytes < 2 * whole);
  check_all_equal(site, {&alice, &bob});
}

TEST_CASE("coming back to where nothing has happened is one question and one answer", "[e2e]") {
  Site site;
  Client alice = site.live_client("alice");
  write_part(alice, "P1");
  settle(alice);
  go_off_line(alice);
  Line line(site.server.port());
  connect_by(line, alice);
  until("alice to be live", [&] { return is_live(alice); });
  const auto traffic = line.traffic();
  UNSCOPED_INFO("to the server " << traffic.to_server_bytes << ", to the client "
                                 << traffic.to_client_bytes << ", turns " << traffic.turns);
  CHECK(traffic.connections == 1);
  // The WebSocket's handshake, and then ours.
  CHECK(traffic.turns <= 4);
  check_all_equal(site, {&alice});
}

}  // namespace
}  // namespace coppice::test
