#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

TEST_CASE("D1: leases of one tree never overlap, and survive a restart", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Maker bob(server, "bob");
  CHECK(ann.first_id == 1);
  CHECK(bob.first_id == 101);
  server.restart();
  bob.connect();
  CHECK(bob.ask(lease(kParts, 10)).getLeased().getBegin() == 201);
  CHECK(outcome(bob.ask(Work().create(part(150), part_body("R1")))) == "accepted");
  CHECK(server.faults().empty());
}

TEST_CASE("a lease has at least one id and at most the limit", "[server]") {
  Options options;
  options.lease_count_max = 1000;
  TestServer server(options);
  Peer ann(server, "ann");
  const auto small = ann.ask(lease(kParts, 0)).getLeased();
  CHECK(small.getEnd() - small.getBegin() == 1);
  const auto large = ann.ask(lease(kParts, ~0ull)).getLeased();
  CHECK(large.getEnd() - large.getBegin() == 1000);
}

TEST_CASE("D2, F23: leases stop when 90 % of the ids are given out; those given stay good",
          "[server]") {
  Options options;
  options.id_space = 1000;
  TestServer server(options);
  Peer ann(server, "ann");
  CHECK(outcome(ann.ask(lease(kParts, 850))) == "leased");
  CHECK(outcome(ann.ask(lease(kParts, 100))) == "id_space_full");
  CHECK(outcome(ann.ask(Work().create(part(7), part_body("R1")))) == "accepted");
}

TEST_CASE("D2, F23: an administrator may have the last ids leased too", "[server]") {
  Options options;
  options.id_space = 1000;
  options.use_last_ids = true;
  TestServer server(options);
  Peer ann(server, "ann");
  CHECK(outcome(ann.ask(lease(kParts, 850))) == "leased");
  CHECK(outcome(ann.ask(lease(kParts, 100))) == "leased");
  CHECK(outcome(ann.ask(lease(kParts, 100))) == "id_space_full");
}

TEST_CASE("S26: a record of a transaction of creates has the header its maker knows", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto answer =
      ann.ask(Work().create(part(2), part_body("R2")).create(part(1), part_body("R1")))
          .getAccepted();
  CHECK(answer.getLast() == answer.getFirst() + 1);
  RecordHeader expected;
  expected.sequence = expected.body_sequence = answer.getFirst() + 1;
  expected.author = ann.number;
  expected.created_us = expected.changed_us = answer.getTime();
  expected.iteration = 1;
  expected.flags = RecordHeader::kFresh;
  expected.schema_version = 1;
  expected.body_words = static_cast<std::uint32_t>(part_body("R1").size());
  CHECK(server.header(part(1)) == expected);
  CHECK(server.faults().empty());
}

TEST_CASE("S26: what may not be created is refused with its action", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Maker bob(server, "bob");
  ann.ask(Work().create(part(1), part_body("R1")));
  const auto before = server.records();
  const auto answer = ann.ask(Work()
                                  .create(part(2), part_body("fine"))
                                  .create(part(150), part_body("bob's id"))
                                  .create(part(1), part_body("exists"))
                                  .create(part(3, 2), part_body("second revision"))
                                  .create(part(4), Words{0xffff'ffff'ffff'ffff})
                                  .create(part(5), part_body("twice"))
                                  .create(part(5), part_body("twice")));
  CHECK(outcome(answer) == "foreign_key, foreign_key, foreign_key, invalid, foreign_key");
  std::vector<std::uint32_t> actions;
  for (const auto refusal : answer.getRefused()) actions.push_back(refusal.getAction());
  CHECK(actions == std::vector<std::uint32_t>{1, 2, 3, 4, 6});
  CHECK(server.records() == before);
}

TEST_CASE("a create of an unknown tree or by an unknown schema version is refused", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  CHECK(outcome(ann.ask(Work().create(AnyKey(TreeId{5}, part(1).word), part_body("R1")))) ==
        "unknown_tree");
  CHECK(outcome(ann.ask([](protocol::Request::Builder request) {
          Work().create(part(1), part_body("R1"))(request);
          request.getTransaction().getActions()[0].setSchemaVersion(2);
        })) == "invalid");
}

TEST_CASE("B9: a create may keep its borrow, and then it is not fresh", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto answer =
      ann.ask(Work().create(part(1), part_body("R1"), true).create(part(2), part_body("R2")));
  REQUIRE(answer.getAccepted().getGrants().size() == 1);
  const auto header = *server.header(part(1));
  CHECK(header.token == token_of(answer));
  CHECK(header.borrower == ann.number);
  CHECK_FALSE(header.fresh());
  CHECK_FALSE(server.header(part(2))->fresh());
  CHECK(outcome(ann.ask(Work().check_in(part(1), token_of(answer), 1, part_body("R1b")))) ==
        "accepted");
  CHECK(server.faults().empty());
}

TEST_CASE("work queued before its borrow was answered names the operation that granted it",
          "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto create = ann.send(Work().create(part(1), part_body("R1"), true));
  const auto edit =
      ann.send(Work().check_in(part(1), of_operation(create), 1, part_body("R1b"), true));
  const auto end = ann.send(Work().check_in(part(1), of_operation(create), 2, part_body("R1c")));
  server.run();
  ann.listen();
  CHECK(outcome(ann.answer(edit)) == "accepted");
  CHECK(outcome(ann.answer(end)) == "accepted");
  CHECK(server.header(part(1))->iteration == 3);
  CHECK(server.header(part(1))->token == 0);
  CHECK(outcome(ann.ask(Work().check_in(part(1), of_operation(create), 3, part_body("R1d")))) ==
        "borrow_lost");
}

TEST_CASE("a transaction over the limits is refused", "[server]") {
  Options options;
  options.actions_per_transaction = 2;
  options.body_bytes = 100;
  TestServer server(options);
  Maker ann(server, "ann");
  const auto body = part_body("R");
  CHECK(
      outcome(ann.ask(Work().create(part(1), body).create(part(2), body).create(part(3), body))) ==
      "bad_request");
  CHECK(outcome(ann.ask(Work().create(part(1), part_body(std::string(200, 'x'))))) == "invalid");
}

TEST_CASE("a body that is valid but not canonical is stored canonically", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  // A longer data section than needed: Cap'n Proto allows it, the canonical form does not.
  Words loose = part_body("R1");
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<shop::Part>();
  body.setNumber("R1");
  const auto segment = message.getSegmentsForOutput()[0];
  Words words(segment.size());
  std::memcpy(words.data(), segment.begin(), 8 * words.size());
  REQUIRE(words != loose);
  CHECK(outcome(ann.ask(Work().create(part(1), words))) == "accepted");
  CHECK(server.header(part(1))->body_words == loose.size());
  CHECK(server.faults().empty());
}

}  // namespace
}  // namespace coppice::server::test
