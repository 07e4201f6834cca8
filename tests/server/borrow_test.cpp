#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// Ann has made parts 1 to 5; Bob watches, and so does Ann's other device.
struct Shop {
  TestServer server;
  Maker ann{server, "ann"};
  Maker bob{server, "bob"};
  Peer ann_at_home{server, "ann", "home"};

  Shop() {
    Work work;
    for (std::uint64_t id = 1; id <= 5; ++id)
      work.create(part(id), part_body("R" + std::to_string(id)));
    ann.ask(work);
  }
  ~Shop() { CHECK(server.faults() == std::vector<std::string>{}); }
};

TEST_CASE_METHOD(Shop, "S1: a free record is borrowed, and its header says so", "[server]") {
  const auto answer = bob.ask(borrow({part(1)}, "wrong tolerance"));
  REQUIRE(outcome(answer) == "borrowed");
  const auto grant = answer.getBorrowed()[0];
  const auto header = *server.header(part(1));
  CHECK(grant.getToken() == (std::uint64_t{1} << 48 | 1));
  CHECK(header.token == grant.getToken());
  CHECK(header.borrower == bob.number);
  CHECK(header.sequence == grant.getSequence());
  CHECK(header.body_sequence < header.sequence);
  CHECK_FALSE(header.fresh());
  CHECK(server.number("head") == grant.getSequence());
}

TEST_CASE_METHOD(Shop, "S2: a released head may be borrowed, and its body stays frozen",
                 "[server]") {
  const auto token = token_of(ann.ask(borrow({part(1)})));
  CHECK(outcome(ann.ask(Work().release(part(1), token, 1))) == "accepted");
  const auto again = token_of(bob.ask(borrow({part(1)})));
  CHECK(outcome(bob.ask(Work().check_in(part(1), again, 1, part_body("X")))) == "frozen");
  CHECK(outcome(bob.ask(Work().remove(part(1), again, 1))) == "frozen");
}

TEST_CASE_METHOD(Shop, "S3, B6: who asks again gets the same token and no change", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  const auto head = server.number("head");
  CHECK(token_of(bob.ask(borrow({part(1)}))) == token);
  CHECK(server.number("head") == head);
}

TEST_CASE_METHOD(Shop, "S4: another device of the same user is told that it is its user's",
                 "[server]") {
  ann.ask(borrow({part(1)}));
  const auto answer = ann_at_home.ask(borrow({part(1)}));
  CHECK(outcome(answer) == "held_by_you");
  CHECK(answer.getRefused()[0].getHolder().getDevice() == "desk");
}

TEST_CASE_METHOD(Shop, "S5, V5: a borrow of a held record names the holder", "[server]") {
  const auto token = token_of(ann.ask(borrow({part(1)}, "wrong tolerance")));
  const auto answer = bob.ask(borrow({part(1)}));
  REQUIRE(outcome(answer) == "held");
  const auto holder = answer.getRefused()[0].getHolder();
  CHECK(holder.getClient() == ann.number);
  CHECK(holder.getUser() == "ann");
  CHECK(holder.getDevice() == "desk");
  CHECK(holder.getPurpose() == "wrong tolerance");
  CHECK(holder.getExpectedReturn() == 77);
  CHECK(holder.getSince() == server.now_us);
  CHECK(holder.getLastSeen() == 0);
  CHECK(holder.getToken() == token);
  CHECK(answer.getRefused()[0].getKey() == part(1).record().word.value);
}

TEST_CASE_METHOD(Shop, "a holder that has left is told with when it was last seen", "[server]") {
  ann.ask(borrow({part(1)}));
  server.now_us += 5;
  ann.disconnect();
  server.now_us += 5;
  const auto holder = bob.ask(borrow({part(1)})).getRefused()[0].getHolder();
  CHECK(holder.getLastSeen() == server.now_us - 5);
}

TEST_CASE_METHOD(Shop, "B5: a set is borrowed whole or not at all, with everything in the way",
                 "[server]") {
  ann.ask(borrow({part(1), part(2)}));
  const auto records = server.records();
  const auto answer =
      bob.ask(borrow({part(1), part(2), part(3), part(99), AnyKey(TreeId{4}, part(1).word)}));
  CHECK(outcome(answer) == "unknown_tree, held, held, unknown_record");
  CHECK(server.records() == records);
  CHECK(outcome(bob.ask(borrow({part(3), part(4)}))) == "borrowed");
}

TEST_CASE_METHOD(Shop, "B2: tokens rise and are never used again", "[server]") {
  const auto first = token_of(bob.ask(borrow({part(1)})));
  bob.ask(give_back(part(1), first));
  server.restart();
  bob.connect();
  const auto second = token_of(bob.ask(borrow({part(1)})));
  CHECK(second > first);
}

TEST_CASE_METHOD(Shop, "B3, B7: a borrow survives a restart and any time", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  server.restart();
  server.now_us += 40ll * 24 * 3600 * 1'000'000;
  ann.connect();
  CHECK(outcome(ann.ask(borrow({part(1)}))) == "held");
  bob.connect();
  CHECK(outcome(bob.ask(Work().check_in(part(1), token, 1, part_body("R1b")))) == "accepted");
}

TEST_CASE_METHOD(Shop, "S7, C5: a check-in makes an iteration and ends the borrow", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  CHECK(outcome(bob.ask(Work().check_in(part(1), token, 1, part_body("R1b")))) == "accepted");
  const auto header = *server.header(part(1));
  CHECK(header.iteration == 2);
  CHECK(header.author == bob.number);
  CHECK(header.token == 0);
  CHECK(header.borrower == 0);
  CHECK(header.sequence == header.body_sequence);
  CHECK(outcome(ann.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Shop, "S7, C2: a check-in is refused with every reason", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1), part(2)})));
  const auto records = server.records();
  const auto answer = bob.ask(Work()
                                  .check_in(part(1), token, 7, Words{~0ull})
                                  .check_in(part(3), 0, 1, part_body("R3b"))
                                  .check_in(part(99), token, 1, part_body("R99")));
  CHECK(outcome(answer) == "stale_base, invalid, not_borrowed, unknown_record");
  CHECK(answer.getRefused()[0].getExpected() == 7);
  CHECK(answer.getRefused()[0].getActual() == 1);
  CHECK(server.records() == records);
}

TEST_CASE_METHOD(Shop, "S8: a check-in may keep the borrow, with the same token", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  bob.ask(Work().check_in(part(1), token, 1, part_body("R1b"), true));
  CHECK(server.header(part(1))->token == token);
  CHECK(outcome(bob.ask(Work().check_in(part(1), token, 2, part_body("R1c")))) == "accepted");
}

TEST_CASE_METHOD(Shop,
                 "S9, K8: a check-in with a wrong token, or under another's borrow, is refused",
                 "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  CHECK(outcome(bob.ask(Work().check_in(part(1), token + 1, 1, part_body("X")))) == "borrow_lost");
  const auto answer = ann.ask(Work().check_in(part(1), token, 1, part_body("X")));
  CHECK(outcome(answer) == "borrow_lost");
  CHECK(answer.getRefused()[0].getHolder().getUser() == "bob");
  CHECK(outcome(ann_at_home.ask(Work().check_in(part(1), token, 1, part_body("X")))) ==
        "borrow_lost");
  CHECK(server.header(part(1))->iteration == 1);
}

TEST_CASE_METHOD(Shop, "S10, B8: a check-in of a free record is refused", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  bob.ask(give_back(part(1), token));
  CHECK(outcome(bob.ask(Work().check_in(part(1), token, 1, part_body("X")))) == "borrow_lost");
  CHECK(outcome(bob.ask(Work().check_in(part(1), 0, 1, part_body("X")))) == "not_borrowed");
}

TEST_CASE_METHOD(Shop, "S11: a return frees the record and changes no body", "[server]") {
  const auto before = *server.header(part(1));
  const auto token = token_of(bob.ask(borrow({part(1)})));
  CHECK(outcome(bob.ask(give_back(part(1), token))) == "gave back");
  const auto after = *server.header(part(1));
  CHECK(after.token == 0);
  CHECK(after.iteration == before.iteration);
  CHECK(after.body_sequence == before.body_sequence);
}

TEST_CASE_METHOD(Shop, "S12: a return of what is gone, or another's, succeeds and changes nothing",
                 "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  const auto head = server.number("head");
  CHECK(outcome(ann.ask(give_back(part(1), token))) == "gave back");
  CHECK(outcome(ann.ask(give_back(part(99), token))) == "gave back");
  CHECK(server.number("head") == head);
  CHECK(server.header(part(1))->token == token);
}

TEST_CASE_METHOD(Shop, "C5: an unchanged body makes no iteration", "[server]") {
  const auto token = token_of(bob.ask(borrow({part(1)})));
  const auto head = server.number("head");
  bob.ask(Work().check_in(part(1), token, 1, part_body("R1"), true));
  CHECK(server.number("head") == head);
  bob.ask(Work().check_in(part(1), token, 1, part_body("R1")));
  CHECK(server.header(part(1))->iteration == 1);
  CHECK(server.header(part(1))->token == 0);
}

TEST_CASE_METHOD(Shop, "C1: a transaction over two trees is accepted or refused whole",
                 "[server]") {
  const auto token = token_of(ann.ask(borrow({part(1)})));
  const auto records = server.records();
  CHECK(outcome(ann.ask(Work()
                            .create(company(1), company_body("Acme"))
                            .check_in(part(1), token, 9, part_body("X")))) == "stale_base");
  CHECK(server.records() == records);
  CHECK(outcome(ann.ask(Work()
                            .create(company(1), company_body("Acme"))
                            .check_in(part(1), token, 1, part_body("X")))) == "accepted");
}

TEST_CASE_METHOD(Shop, "S21: a draft is removed, and leaves a tombstone", "[server]") {
  const auto token = token_of(ann.ask(borrow({part(1)})));
  CHECK(outcome(ann.ask(Work().remove(part(1), token, 4))) == "stale_base");
  CHECK(outcome(ann.ask(Work().remove(part(1), token, 1))) == "accepted");
  CHECK(server.header(part(1))->removed());
  CHECK(server.header(part(1))->body_words == 0);
}

TEST_CASE_METHOD(Shop, "S27: a removed record can only be read", "[server]") {
  const auto token = token_of(ann.ask(borrow({part(1)})));
  ann.ask(Work().remove(part(1), token, 1));
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "removed");
  CHECK(outcome(bob.ask(wait_for({part(1)}))) == "removed");
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("X")))) == "removed");
  CHECK(outcome(ann.ask(Work().set_state(part(1), 0, 1))) == "removed");
  CHECK(outcome(ann.ask(Work().create(part(1), part_body("again")))) == "foreign_key");
}

TEST_CASE_METHOD(Shop, "a borrow says too much, or names no record: refused", "[server]") {
  CHECK(outcome(bob.ask(borrow({part(1)}, std::string(3000, 'x')))) == "bad_request");
  CHECK(outcome(bob.ask(borrow({part(0)}))) == "bad_request");
  CHECK(outcome(bob.ask([](protocol::Request::Builder r) { r.initGiveBack().initRecords(2); })) ==
        "bad_request");
}

TEST_CASE_METHOD(Shop, "C6, V2: accepted work is in the audit, refused work is not", "[server]") {
  const auto before = server.number("audit");
  const auto token = token_of(bob.ask(borrow({part(1)}, "tolerance")));
  bob.ask(Work().check_in(part(1), token, 9, part_body("X")));
  bob.ask(Work().check_in(part(1), token, 1, part_body("X")).comment("corrected"));
  CHECK(server.number("audit") == before + 2);
  const Tables tables(server.database());
  const auto txn = server.database().read();
  const auto row = txn.find(tables.audit, before + 2);
  const auto entry =
      capnp::readMessageUnchecked<audit::Entry>(reinterpret_cast<const capnp::word*>(row->data()));
  CHECK(entry.getKind() == audit::Entry::Kind::TRANSACTION);
  CHECK(entry.getClient() == bob.number);
  CHECK(entry.getText() == "corrected");
  CHECK(entry.getFirst() == entry.getLast());
  CHECK(entry.getItems()[0].getToken() == token);
}

}  // namespace
}  // namespace coppice::server::test
