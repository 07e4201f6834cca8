#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

TEST_CASE("S29, C3: a repeated request is answered and not repeated", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto operation = ann.send(Work().create(part(1), part_body("R1"), true));
  server.run();
  ann.listen();
  const auto token = token_of(ann.answer(operation));
  const auto records = server.records();
  ann.disconnect();
  ann.connect();
  ann.acknowledged = 1;  // acknowledging changes nothing about what is repeated
  ann.send_again(operation);
  server.run();
  ann.listen();
  CHECK(ann.count_of_answers(operation) == 2);
  CHECK(token_of(ann.answer(operation)) == token);
  CHECK(server.records() == records);
}

TEST_CASE("S29: a stored refusal is repeated too, though it would now be accepted", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  const auto token = token_of(ann.ask(Work().create(part(1), part_body("R1"), true)));
  const auto operation = bob.send(borrow({part(1)}));
  server.run();
  ann.ask(give_back(part(1), token));
  bob.send_again(operation);
  server.run();
  bob.listen();
  CHECK(bob.count_of_answers(operation) == 2);
  CHECK(outcome(bob.answer(operation)) == "held");
}

TEST_CASE("S29: answers survive a restart", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto operation = ann.send(Work().create(part(1), part_body("R1")));
  server.step();
  server.restart();
  ann.connect();
  CHECK(ann.welcome().getLastOperation() == operation);
  ann.send_again(operation);
  server.run();
  ann.listen();
  CHECK(outcome(ann.answer(operation)) == "accepted");
  CHECK(server.records().size() == 1);
}

TEST_CASE("S29: an operation number with another content is refused", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  ann.ask(Work().create(part(1), part_body("R1")));
  --ann.last_operation;
  CHECK(outcome(ann.ask(Work().create(part(2), part_body("R2")))) == "request_id_reused");
  CHECK(server.records().size() == 1);
}

TEST_CASE("F25: an operation below the acknowledged mark is stale, and its answer forgotten",
          "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto operation = ann.send(Work().create(part(1), part_body("R1")));
  server.run();
  ann.acknowledged = operation;
  ann.ask(lease(kParts, 1));
  ann.send_again(operation);
  server.run();
  ann.listen();
  CHECK(outcome(ann.answer(operation)) == "stale_operation");
  CHECK(server.faults().empty());
}

TEST_CASE("answers are forgotten when a hello or an acknowledge says so", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const Tables tables(server.database());
  const auto stored = [&] { return server.database().read().count(tables.answers); };
  CHECK(stored() == 2);
  ann.acknowledged = 1;
  ann.connect();
  CHECK(stored() == 1);
  capnp::MallocMessageBuilder message;
  message.initRoot<protocol::ToServer>().setAcknowledge(2);
  ann.send_bytes(frame_of(message));
  ann.acknowledged = 0;
  ann.ask(lease(kParts, 1));
  CHECK(stored() == 1);
}

TEST_CASE("a skipped operation number ends the connection, and nothing is executed", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  ann.last_operation += 1;
  ann.send(Work().create(part(1), part_body("R1")));
  server.run();
  REQUIRE(ann.closed());
  CHECK(ann.closed()->find("skipped") != std::string::npos);
  CHECK(server.records().empty());
}

TEST_CASE("a group is one commit; a refused request in it leaves no trace", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Maker bob(server, "bob");
  const auto first = ann.send(Work().create(part(1), part_body("R1")));
  const auto bad =
      bob.send(Work().create(part(101), part_body("R101")).create(part(1), part_body("no")));
  const auto last = ann.send(Work().create(part(2), part_body("R2")));
  CHECK_FALSE(server.step());
  ann.listen();
  bob.listen();
  CHECK(outcome(ann.answer(first)) == "accepted");
  CHECK(outcome(bob.answer(bad)) == "foreign_key, foreign_key");
  CHECK(outcome(ann.answer(last)) == "accepted");
  CHECK(server.records().size() == 2);
  CHECK(ann.answer(last).getAccepted().getFirst() == ann.answer(first).getAccepted().getLast() + 1);
}

TEST_CASE("what is over one group's bound waits for the next", "[server]") {
  Options options;
  options.group_requests = 2;
  TestServer server(options);
  Maker ann(server, "ann");
  for (std::uint64_t id = 1; id <= 3; ++id) ann.send(Work().create(part(id), part_body("R")));
  CHECK(server.step());
  CHECK(server.records().size() == 2);
  CHECK_FALSE(server.step());
  CHECK(server.records().size() == 3);
}

TEST_CASE("more requests than may be in flight end the connection", "[server]") {
  Options options;
  options.requests_in_flight = 2;
  TestServer server(options);
  Maker ann(server, "ann");
  for (int i = 0; i < 3; ++i) ann.send(lease(kParts, 1));
  CHECK(ann.closed().has_value());
}

TEST_CASE("requests of a client that has left are executed, and answered when it comes back",
          "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto operation = ann.send(Work().create(part(1), part_body("R1")));
  ann.disconnect();
  server.run();
  CHECK(server.records().size() == 1);
  ann.connect();
  ann.send_again(operation);
  server.run();
  ann.listen();
  CHECK(outcome(ann.answer(operation)) == "accepted");
}

TEST_CASE("every byte that was received is consumed", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  ann.send(Work().create(part(1), part_body("R1")));
  CHECK(server.core().queued_bytes() > 0);
  server.run();
  CHECK(server.core().queued_bytes() == 0);
  CHECK(server.wire().consumed_bytes > 0);
}

}  // namespace
}  // namespace coppice::server::test
