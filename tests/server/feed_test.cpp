#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

std::vector<protocol::Change::Reader> changes_heard(Peer& peer) {
  std::vector<protocol::Change::Reader> changes;
  peer.listen();
  for (const auto& message : peer.heard()) {
    if (!message.root.isChanges()) continue;
    for (const auto change : message.root.getChanges().getRecords()) changes.push_back(change);
  }
  return changes;
}

TEST_CASE("changes reach everybody, each record once, in the order of sequences", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  bob.forget();
  const auto token = token_of(ann.ask(Work().create(part(1), part_body("R1"), true)));
  ann.ask(Work().create(part(2), part_body("R2")));
  ann.ask(Work().check_in(part(1), token, 1, part_body("R1b")));
  bob.listen();
  CHECK(bob.records == server.records());
  CHECK(bob.cursor == server.number("head"));
  CHECK(server.faults().empty());
}

TEST_CASE("who was away gets only what changed, each record once", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
  bob.listen();
  bob.disconnect();
  for (int i = 0; i < 5; ++i) {
    const auto token = token_of(ann.ask(borrow({part(1)})));
    const auto iteration = server.header(part(1))->iteration;
    ann.ask(Work().check_in(part(1), token, iteration, part_body("R" + std::to_string(i))));
  }
  bob.forget();
  bob.connect();
  CHECK(changes_heard(bob).size() == 1);
  CHECK(bob.records == server.records());
}

TEST_CASE("a change of the header alone travels without the body", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  ann.ask(Work().create(part(1), part_body(std::string(1000, 'x'))));
  bob.listen();
  bob.forget();
  const auto token = token_of(ann.ask(borrow({part(1)}, "tolerance")));
  auto changes = changes_heard(bob);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].getHeaderOnly());
  CHECK(changes[0].getValue().size() == 64);
  CHECK(changes[0].getBorrow().getUser() == "ann");
  CHECK(changes[0].getBorrow().getPurpose() == "tolerance");
  bob.forget();
  ann.ask(Work().release(part(1), token, 1));
  changes = changes_heard(bob);
  CHECK(changes[0].getHeaderOnly());
  CHECK(changes[0].getValue().size() == 96);
  CHECK_FALSE(changes[0].hasBorrow());
  CHECK(bob.records == server.records());
}

TEST_CASE("a client is not sent the fresh records that it made, and its cursor moves on",
          "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Maker bob(server, "bob");
  ann.forget();
  ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
  bob.ask(Work().create(part(101), part_body("R101")));
  CHECK(changes_heard(ann).size() == 1);
  CHECK(ann.cursor == server.number("head"));
  bob.listen();
  CHECK(bob.records.size() == 3);
  CHECK(ann.records == server.records());
}

TEST_CASE("fresh records are not sent to their maker on a later connection either", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  ann.listen();
  ann.send(Work().create(part(1), part_body("R1")));
  server.step();
  ann.disconnect();
  ann.forget();
  server.wire().frames[ann.session].clear();
  ann.connect();
  CHECK(changes_heard(ann).empty());
  CHECK(ann.cursor == server.number("head"));
}

TEST_CASE("a record that is fresh no more is sent to its maker", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  ann.ask(Work().create(part(1), part_body("R1")));
  ann.forget();
  ann.records[part(1)] = server.records()[part(1)];
  bob.ask(borrow({part(1)}));
  REQUIRE(changes_heard(ann).size() == 1);
  CHECK(ann.records == server.records());
}

TEST_CASE("answers come before the changes that they caused", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  ann.forget();
  ann.ask(Work().create(part(1), part_body("R1"), true));
  std::vector<int> kinds;
  for (const auto& message : ann.heard()) kinds.push_back(static_cast<int>(message.root.which()));
  CHECK(kinds == std::vector<int>{protocol::ToClient::ANSWERS, protocol::ToClient::CHANGES});
}

TEST_CASE("a unit of several parts is complete with the last one only", "[server]") {
  Options options;
  options.part_bytes = 1000;
  TestServer server(options);
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  bob.forget();
  Work work;
  for (std::uint64_t id = 1; id <= 20; ++id)
    work.create(part(id), part_body(std::string(200, 'x')));
  ann.ask(work);
  bob.listen();
  std::vector<bool> complete;
  for (const auto& message : bob.heard())
    complete.push_back(message.root.getChanges().getComplete());
  REQUIRE(complete.size() > 3);
  CHECK(std::count(complete.begin(), complete.end(), true) == 1);
  CHECK(complete.back());
  CHECK(bob.records == server.records());
}

TEST_CASE("a unit that is too large is cut, and the replica told that it is catching up",
          "[server]") {
  Options options;
  options.part_bytes = 1000;
  options.unit_bytes_max = 2000;
  TestServer server(options);
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  bob.forget();
  Work work;
  for (std::uint64_t id = 1; id <= 20; ++id)
    work.create(part(id), part_body(std::string(200, 'x')));
  ann.ask(work);
  bob.listen();
  std::vector<std::uint64_t> ends;
  for (const auto& message : bob.heard()) {
    const auto changes = message.root.getChanges();
    if (changes.getComplete()) ends.push_back(changes.getUpTo());
    CHECK(changes.getHead() == server.number("head"));
  }
  CHECK(ends.size() > 1);
  CHECK(ends.front() < ends.back());
  CHECK(bob.records == server.records());
  CHECK(bob.cursor == server.number("head"));
}

TEST_CASE("a header whose body was in no piece of a cut unit travels with its body", "[server]") {
  Options options;
  options.part_bytes = 1000;
  options.unit_bytes_max = 2000;
  options.parts_per_drain = 1;
  TestServer server(options);
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  bob.listen();
  Work work;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    work.create(part(id), part_body(std::string(200, 'x')));
  }
  ann.ask(work);
  bob.disconnect();
  // Part 1 moves behind all others with the body it has had from the beginning.
  ann.ask(borrow({part(1)}));
  bob.connect();
  CHECK(bob.records == server.records());
}

TEST_CASE("a session is sent nothing more before its socket is drained", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  auto& frames = server.wire().frames[bob.session];
  ann.send(Work().create(part(1), part_body("R1")));
  server.step();
  CHECK(frames.size() == 1);
  ann.send(Work().create(part(2), part_body("R2")));
  server.step();
  CHECK(frames.size() == 1);
  server.core().drained(bob.session, server.now_us);
  server.step();
  CHECK(frames.size() == 2);
}

TEST_CASE("what many sessions get is encoded once", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  Peer cleo(server, "cleo");
  ann.ask(Work().create(part(1), part_body("R1")));
  const auto& bobs = server.wire().frames[bob.session].back();
  const auto& cleos = server.wire().frames[cleo.session].back();
  CHECK(bobs.bytes().data() == cleos.bytes().data());
}

}  // namespace
}  // namespace coppice::server::test
