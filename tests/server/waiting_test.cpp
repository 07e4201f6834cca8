#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// Ann holds part 1; Bob and Cleo want it.
struct Line {
  TestServer server;
  Maker ann{server, "ann"};
  Peer bob{server, "bob"};
  Peer cleo{server, "cleo"};
  std::uint64_t token = 0;

  Line() { token = token_of(ann.ask(Work().create(part(1), part_body("R1"), true))); }
  ~Line() { CHECK(server.faults() == std::vector<std::string>{}); }

  std::uint32_t place(Peer& peer) {
    return peer.ask(wait_for({part(1)})).getWaiting()[0].getPlace();
  }
  std::size_t offers(Peer& peer) {
    peer.listen();
    return peer.count(protocol::ToClient::OFFER);
  }
};

TEST_CASE_METHOD(Line, "S6: who waits is told its place and the holder", "[server]") {
  const auto waiting = bob.ask(wait_for({part(1)})).getWaiting()[0];
  CHECK(waiting.getPlace() == 1);
  CHECK(waiting.getHolder().getUser() == "ann");
  CHECK(place(cleo) == 2);
  CHECK(place(bob) == 1);
  CHECK(place(ann) == 0);
}

TEST_CASE_METHOD(Line, "waiting for a free record says so", "[server]") {
  ann.ask(give_back(part(1), token));
  CHECK(place(bob) == 0);
  CHECK(outcome(bob.ask(wait_for({part(9)}))) == "unknown_record");
}

TEST_CASE_METHOD(Line, "S7: when the borrow ends the first in line gets an offer", "[server]") {
  place(bob);
  place(cleo);
  ann.ask(Work().check_in(part(1), token, 1, part_body("R1b")));
  CHECK(offers(bob) == 1);
  CHECK(offers(cleo) == 0);
  const auto offer = bob.last(protocol::ToClient::OFFER).getOffer();
  CHECK(offer.getId() == 1);
  CHECK(offer.getUntil() == server.now_us + 60'000'000);
  CHECK(server.core().deadline_us() == offer.getUntil());
}

TEST_CASE_METHOD(Line, "S23: the offer is taken by a borrow", "[server]") {
  place(bob);
  ann.ask(give_back(part(1), token));
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "borrowed");
  CHECK_FALSE(server.core().deadline_us());
}

TEST_CASE_METHOD(Line, "S25: what is offered to one is refused to others, with whom and until when",
                 "[server]") {
  place(bob);
  ann.ask(give_back(part(1), token));
  const auto answer = cleo.ask(borrow({part(1)}));
  REQUIRE(outcome(answer) == "offered");
  CHECK(answer.getRefused()[0].getHolder().getUser() == "bob");
  CHECK(answer.getRefused()[0].getActual() ==
        static_cast<std::uint64_t>(server.now_us) + 60'000'000);
  CHECK(place(cleo) == 1);
}

TEST_CASE_METHOD(Line, "S24: an offer that runs out goes to the next, then the record is free",
                 "[server]") {
  place(bob);
  place(cleo);
  ann.ask(give_back(part(1), token));
  server.wait_us(60'000'000);
  CHECK(offers(cleo) == 1);
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "offered");
  server.wait_us(60'000'000);
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Line, "S24: an offer to who leaves goes to the next", "[server]") {
  place(bob);
  place(cleo);
  ann.ask(give_back(part(1), token));
  bob.disconnect();
  server.run();
  CHECK(offers(cleo) == 1);
  CHECK(outcome(cleo.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Line, "S6: who leaves loses its place", "[server]") {
  place(bob);
  place(cleo);
  bob.disconnect();
  server.run();
  bob.connect();
  CHECK(place(bob) == 2);
}

TEST_CASE_METHOD(Line, "a return of what one only waits for leaves the line", "[server]") {
  place(bob);
  place(cleo);
  bob.ask(give_back(part(1), 0));
  ann.ask(give_back(part(1), token));
  CHECK(offers(bob) == 0);
  CHECK(offers(cleo) == 1);
  cleo.ask(give_back(part(1), 0));
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Line, "a wait that is sent again after a reconnect waits again", "[server]") {
  const auto operation = bob.send(wait_for({part(1)}));
  server.run();
  bob.disconnect();
  bob.connect();
  bob.send_again(operation);
  server.run();
  ann.ask(give_back(part(1), token));
  CHECK(offers(bob) == 1);
}

TEST_CASE_METHOD(Line, "nobody waits any more for a removed record, nor after a restart",
                 "[server]") {
  place(bob);
  SECTION("removed") {
    ann.ask(Work().remove(part(1), token, 1));
    CHECK(offers(bob) == 0);
    CHECK_FALSE(server.core().deadline_us());
  }
  SECTION("restart") {
    server.restart();
    ann.connect();
    ann.ask(give_back(part(1), token));
    cleo.connect();
    CHECK(outcome(cleo.ask(borrow({part(1)}))) == "borrowed");
  }
}

TEST_CASE_METHOD(Line, "two returns and a borrow in one group see each other", "[server]") {
  place(bob);
  const auto back = ann.send(give_back(part(1), token));
  const auto grab = cleo.send(borrow({part(1)}));
  const auto take = bob.send(borrow({part(1)}));
  server.run();
  ann.listen();
  bob.listen();
  cleo.listen();
  CHECK(outcome(ann.answer(back)) == "gave back");
  CHECK(outcome(cleo.answer(grab)) == "offered");
  CHECK(outcome(bob.answer(take)) == "borrowed");
}

}  // namespace
}  // namespace coppice::server::test
