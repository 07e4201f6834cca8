#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

Options small_parts() {
  Options options;
  options.part_bytes = 500;
  options.parts_per_drain = 1;
  return options;
}

void fill(Maker& ann) {
  Work work;
  for (std::uint64_t id = 1; id <= 30; ++id)
    work.create(part(id), part_body("R" + std::to_string(id)));
  for (std::uint64_t id = 1; id <= 10; ++id)
    work.create(company(id), company_body("C" + std::to_string(id)));
  ann.ask(work);
}

// Says hello, and takes no part yet.
void begin(TestServer& server, Peer& peer) {
  server.core().closed(peer.session, server.now_us);
  peer.records.clear();
  peer.cursor = 0;
  peer.first_sync.reset();
}

TEST_CASE("an empty database begins no first sync, and its first records come by the feed",
          "[server]") {
  TestServer server;
  Peer bob(server, "bob");
  CHECK_FALSE(bob.welcome().getFirstSync());
  CHECK(bob.count(protocol::ToClient::SNAPSHOT) == 0);
  bob.disconnect();
  bob.connect();
  CHECK_FALSE(bob.welcome().getFirstSync());
  Maker ann(server, "ann");
  fill(ann);
  bob.listen();
  CHECK(bob.count(protocol::ToClient::SNAPSHOT) == 0);
  CHECK(bob.records == server.records());
}

TEST_CASE("a first sync brings every tree, in key order, and tells how far it is", "[server]") {
  TestServer server(small_parts());
  Maker ann(server, "ann");
  fill(ann);
  Peer bob(server, "bob");
  CHECK(bob.records == server.records());
  CHECK(bob.count(protocol::ToClient::SNAPSHOT) > 5);
  const auto last = bob.last(protocol::ToClient::SNAPSHOT).getSnapshot();
  CHECK(last.getTotal() == 40);
  CHECK(last.getPosition().getDone() == 40);
  AnyKey before;
  for (const auto& message : bob.heard()) {
    if (!message.root.isSnapshot()) continue;
    for (const auto change : message.root.getSnapshot().getRecords()) {
      const AnyKey key(TreeId{change.getTree()}, KeyWord(change.getKey()));
      CHECK(before < key);
      before = key;
    }
  }
}

// A client may have made one of them itself, and lost the answer: it must hear that the record is
// gone.
TEST_CASE("tombstones come with a first sync", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  fill(ann);
  ann.ask(Work().remove(part(3), token_of(ann.ask(borrow({part(3)}))), 1));
  Peer bob(server, "bob");
  REQUIRE(bob.records.contains(part(3)));
  CHECK(bob.records.size() == 40);
}

TEST_CASE("what changes during a first sync comes again by the feed", "[server]") {
  TestServer server(small_parts());
  Maker ann(server, "ann");
  fill(ann);
  Peer bob(server, "bob");
  begin(server, bob);
  // One step at a time: a few parts, then changes on both sides of where it stands, then the rest.
  bob.session = {1000};
  server.core().opened(bob.session, "main", "bob", server.now_us);
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  hello.setClient({reinterpret_cast<const kj::byte*>(bob.uuid.data()), bob.uuid.size()});
  hello.setUser("bob");
  hello.setDevice("desk");
  hello.setApplication("shop");
  bob.send_bytes(frame_of(message));
  for (int i = 0; i < 3; ++i) {
    server.step();
    server.core().drained(bob.session, server.now_us);
  }
  bob.listen();
  REQUIRE(bob.first_sync);
  const auto token = token_of(ann.ask(borrow({part(1), part(30), part(29)})));
  ann.listen();
  const auto thirty = server.header(part(30))->token;
  const auto twenty_nine = server.header(part(29))->token;
  ann.ask(Work().check_in(part(1), token, 1, part_body("changed behind")));
  ann.ask(Work().check_in(part(30), thirty, 1, part_body("changed ahead")));
  ann.ask(Work().remove(part(29), twenty_nine, 1));
  ann.ask(Work().create(part(31), part_body("new")));
  server.run();
  bob.listen();
  CHECK_FALSE(bob.first_sync);
  auto expected = server.records();
  CHECK(bob.records == expected);
}

TEST_CASE("a first sync goes on where it broke off", "[server]") {
  TestServer server(small_parts());
  Maker ann(server, "ann");
  fill(ann);
  Peer bob(server, "bob");
  // As if all but the first three parts had been lost.
  std::optional<FirstSyncPosition> third;
  Records had;
  int parts = 0;
  for (const auto& message : bob.heard()) {
    if (!message.root.isSnapshot() || parts++ == 3) continue;
    if (parts > 3) break;
    for (const auto change : message.root.getSnapshot().getRecords()) {
      const AnyKey key(TreeId{change.getTree()}, KeyWord(change.getKey()));
      had[key] = bob.records[key];
    }
    const auto position = message.root.getSnapshot().getPosition();
    third = FirstSyncPosition{position.getSince(), TreeId{position.getTree()},
                              KeyWord(position.getKey()), position.getDone()};
  }
  REQUIRE(third);
  bob.disconnect();
  bob.records = had;
  bob.cursor = 0;
  bob.first_sync = third;
  ann.ask(Work().check_in(part(1), token_of(ann.ask(borrow({part(1)}))), 1, part_body("changed")));
  server.restart();
  bob.forget();
  bob.connect();
  CHECK(bob.welcome().getFirstSync());
  CHECK(bob.records == server.records());
  CHECK(bob.last(protocol::ToClient::SNAPSHOT).getSnapshot().getPosition().getDone() == 40);
}

TEST_CASE("a position beyond what the server has is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  ann.connect([](Peer::Hello h) {
    h.setCursor(0);
    h.initFirstSync().setSince(999);
  });
  CHECK(static_cast<Errc>(ann.refusal().getCode()) == Errc::epoch_changed);
}

}  // namespace
}  // namespace coppice::server::test
