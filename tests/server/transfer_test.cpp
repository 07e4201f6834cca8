// Borrows that end or move by another's will.
#include "tests/server/transfers.h"

namespace coppice::server::test {
namespace {

// Ann (an engineer) has made parts 1 to 5 and holds part 1; Bob is one, too. Ada may break.
struct Shop {
  TestServer server;
  AccessToken anns = server.add_user("ann", "engineer");
  Maker ann{server, "ann", "desk", anns};
  Peer ann_at_home{server, "ann", "home", anns};
  Maker bob{server, "bob", "desk", server.add_user("bob", "engineer")};
  Peer ada{server, "ada", "desk", server.add_user("ada", "admin")};
  std::uint64_t token = 0;

  Shop() {
    Work work;
    for (std::uint64_t id = 1; id <= 5; ++id)
      work.create(part(id), part_body("R" + std::to_string(id)));
    ann.ask(work);
    token = token_of(ann.ask(borrow({part(1)}, "wrong tolerance")));
  }
  ~Shop() { CHECK(server.faults() == std::vector<std::string>{}); }

  std::string check_in(Peer& peer, std::uint64_t with, const char* number = "R1b") {
    return outcome(peer.ask(Work().check_in(part(1), with, 1, part_body(number))));
  }
};

TEST_CASE_METHOD(Shop, "S13, K1: a break ends the grant, and its token is dead", "[server]") {
  REQUIRE(outcome(ada.ask(break_borrow({part(1)}, "Ann is ill"))) == "done");
  CHECK(server.header(part(1))->token == 0);
  CHECK(server.header(part(1))->borrower == 0);
  CHECK(check_in(ann, token) == "borrow_lost");
  const auto bobs = token_of(bob.ask(borrow({part(1)})));
  CHECK(bobs > token);
  CHECK(check_in(ann, token) == "borrow_lost");
  CHECK(check_in(bob, bobs) == "accepted");
}

TEST_CASE_METHOD(Shop, "S13: a break needs the right, and a reason", "[server]") {
  CHECK(outcome(ada.ask(break_borrow({part(1)}, ""))) == "comment_needed");
  CHECK(outcome(bob.ask(break_borrow({part(1)}, "mine!"))) == "no_right");
  Peer vera(server, "vera", "desk", server.add_user("vera", "viewer"));
  CHECK(outcome(vera.ask(break_borrow({part(1)}, "mine!"))) == "no_right");
  CHECK(server.header(part(1))->token == token);
}

TEST_CASE_METHOD(Shop, "a break of several is all or none, with every reason", "[server]") {
  CHECK(outcome(ada.ask(break_borrow({part(1), part(2), part(99)}, "why"))) ==
        "already_free, unknown_record");
  CHECK(server.header(part(1))->token == token);
}

TEST_CASE_METHOD(Shop, "S9: who hands in under a broken borrow is told by whom, when and why",
                 "[server]") {
  server.now_us += 7;
  ada.ask(break_borrow({part(1)}, "Ann is ill"));
  const auto broken_us = server.now_us;
  bob.ask(borrow({part(1)}));
  server.now_us += 7;
  const auto answer = ann.ask(Work().check_in(part(1), token, 1, part_body("R1b")));
  REQUIRE(outcome(answer) == "borrow_lost");
  const auto by = answer.getRefused()[0].getHolder();
  CHECK(std::string(by.getUser().cStr()) == "ada");
  CHECK(by.getSince() == broken_us);
  CHECK(std::string(by.getPurpose().cStr()) == "Ann is ill");
  CHECK(std::string(answer.getRefused()[0].getText().cStr()).find("Ann is ill") !=
        std::string::npos);
}

TEST_CASE_METHOD(Shop, "F10: of a break and a check-in in one group, one comes first", "[server]") {
  SECTION("the check-in") {
    const auto in = ann.send(Work().check_in(part(1), token, 1, part_body("R1b")));
    const auto broken = ada.send(break_borrow({part(1)}, "why"));
    server.run();
    ann.listen();
    ada.listen();
    CHECK(outcome(ann.answer(in)) == "accepted");
    CHECK(outcome(ada.answer(broken)) == "already_free");
  }
  SECTION("the break") {
    const auto broken = ada.send(break_borrow({part(1)}, "why"));
    const auto in = ann.send(Work().check_in(part(1), token, 1, part_body("R1b")));
    server.run();
    ann.listen();
    ada.listen();
    CHECK(outcome(ada.answer(broken)) == "done");
    CHECK(outcome(ann.answer(in)) == "borrow_lost");
  }
}

TEST_CASE_METHOD(Shop, "F10: a break means the grant that its maker knows", "[server]") {
  ann.ask(give_back(part(1), token));
  bob.ask(borrow({part(1)}));
  CHECK(outcome(ada.ask(break_borrow({part(1)}, "Ann is ill", {token}))) == "already_free");
  CHECK(server.header(part(1))->borrower == bob.number);
}

TEST_CASE_METHOD(Shop, "S13, S23: what is broken is offered to the first in line", "[server]") {
  bob.ask(wait_for({part(1)}));
  ada.ask(break_borrow({part(1)}, "Ann is ill"));
  bob.listen();
  CHECK(bob.count(protocol::ToClient::OFFER) == 1);
  CHECK(outcome(ann.ask(borrow({part(1)}))) == "offered");
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Shop, "K4: the holder hears of a break before anything that follows", "[server]") {
  // Nobody is new, so nobody's name has to be told first.
  for (Peer* peer : {static_cast<Peer*>(&ada), static_cast<Peer*>(&bob)})
    peer->ask(lease(kParts, 1));
  ann.listen();
  ann.forget();
  const auto broken = ada.send(break_borrow({part(1)}, "Ann is ill"));
  const auto grab = bob.send(borrow({part(1)}));
  server.run();
  ann.listen();
  ada.listen();
  bob.listen();
  CHECK(outcome(ada.answer(broken)) == "done");
  CHECK(outcome(bob.answer(grab)) == "borrowed");
  REQUIRE(ann.heard().size() >= 2);
  REQUIRE(ann.heard()[0].root.isEnded());
  CHECK(ann.heard()[1].root.isChanges());
  const auto ending = ann.heard()[0].root.getEnded()[0];
  CHECK(ending.getToken() == token);
  CHECK(std::string(ending.getBy().getUser().cStr()) == "ada");
  CHECK(std::string(ending.getHolder().getUser().cStr()) == "ann");
  CHECK(std::string(ending.getReason().cStr()) == "Ann is ill");
  // Watchers hear of it, too.
  CHECK(bob.count(protocol::ToClient::ENDED) == 1);
}

TEST_CASE_METHOD(Shop, "K2: who was away hears of the break when it comes, until it knows",
                 "[server]") {
  ann.disconnect();
  ada.ask(break_borrow({part(1)}, "Ann is ill"));
  server.restart();
  ann.forget();
  ann.connect();
  REQUIRE(ann.count(protocol::ToClient::ENDED) == 1);
  CHECK(ann.last(protocol::ToClient::ENDED).getEnded()[0].getToken() == token);
  ann.acknowledged = ann.last_operation;
  ann.disconnect();
  ann.forget();
  ann.connect();
  CHECK(ann.count(protocol::ToClient::ENDED) == 0);
}

TEST_CASE_METHOD(Shop, "S14, K5, F13: the same user takes over from another device", "[server]") {
  const auto answer = ann_at_home.ask(take_over({part(1)}));
  REQUIRE(outcome(answer) == "borrowed");
  const auto homes = token_of(answer);
  CHECK(homes > token);
  CHECK(server.header(part(1))->token == homes);
  CHECK(check_in(ann, token) == "borrow_lost");
  ann.listen();
  const auto ending = ann.last(protocol::ToClient::ENDED).getEnded()[0];
  CHECK(ending.getHow() == protocol::Ending::How::TAKEN_OVER);
  CHECK(check_in(ann_at_home, homes) == "accepted");
}

TEST_CASE_METHOD(Shop, "S14: one takes over one's own, and what is held", "[server]") {
  CHECK(outcome(bob.ask(take_over({part(1)}))) == "held");
  CHECK(outcome(ada.ask(take_over({part(1)}))) == "held");
  CHECK(outcome(ann.ask(take_over({part(2)}))) == "already_free");
  // Who has it keeps it.
  CHECK(token_of(ann.ask(take_over({part(1)}))) == token);
}

TEST_CASE_METHOD(Shop, "S15, S16, K6: a hand-over is offered and accepted, and the token is new",
                 "[server]") {
  REQUIRE(outcome(ann.ask(hand_over({part(1)}, "bob", "holidays"))) == "done");
  bob.listen();
  const auto offers = bob.last(protocol::ToClient::HAND_OVERS).getHandOvers();
  REQUIRE(offers.size() == 1);
  CHECK(std::string(offers[0].getBy().getUser().cStr()) == "ann");
  CHECK(std::string(offers[0].getReason().cStr()) == "holidays");
  // Until then the holder goes on.
  CHECK(server.header(part(1))->token == token);
  const auto answer = bob.ask(accept({part(1)}));
  REQUIRE(outcome(answer) == "borrowed");
  CHECK(token_of(answer) > token);
  CHECK(check_in(ann, token) == "borrow_lost");
  CHECK(check_in(bob, token_of(answer)) == "accepted");
  ann.listen();
  CHECK(ann.last(protocol::ToClient::ENDED).getEnded()[0].getHow() ==
        protocol::Ending::How::HANDED_OVER);
  bob.listen();
  CHECK(bob.last(protocol::ToClient::HAND_OVERS).getHandOvers().size() == 0);
}

TEST_CASE_METHOD(Shop, "S16: what is not offered, or not any more, is not accepted", "[server]") {
  CHECK(outcome(bob.ask(accept({part(1)}))) == "offer_gone");
  ann.ask(hand_over({part(1)}, "bob"));
  CHECK(outcome(ada.ask(accept({part(1)}))) == "offer_gone");
  SECTION("taken back") { ann.ask(hand_over({part(1)}, "")); }
  SECTION("returned") { ann.ask(give_back(part(1), token)); }
  SECTION("checked in") { check_in(ann, token); }
  SECTION("broken") { ada.ask(break_borrow({part(1)}, "why")); }
  SECTION("declined") { bob.ask(give_back(part(1), 0)); }
  SECTION("returned and borrowed again") {
    ann.ask(give_back(part(1), token));
    ann.ask(borrow({part(1)}));
  }
  bob.listen();
  CHECK(bob.last(protocol::ToClient::HAND_OVERS).getHandOvers().size() == 0);
  CHECK(outcome(bob.ask(accept({part(1)}))) == "offer_gone");
}

TEST_CASE_METHOD(Shop, "S15: one offers one's own, to a user there is", "[server]") {
  CHECK(outcome(ann.ask(hand_over({part(1)}, "nobody"))) == "bad_request");
  CHECK(outcome(bob.ask(hand_over({part(1)}, "bob"))) == "no_right");
  CHECK(outcome(ann.ask(hand_over({part(2)}, "bob"))) == "already_free");
}

TEST_CASE_METHOD(Shop, "F12: who may break hands over what somebody left behind", "[server]") {
  ann.disconnect();
  REQUIRE(outcome(ada.ask(hand_over({part(1)}, "bob", "Ann has left"))) == "done");
  CHECK(outcome(bob.ask(accept({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Shop, "an offer to hand over outlives a restart, and a user who is away",
                 "[server]") {
  bob.disconnect();
  ann.ask(hand_over({part(1)}, "bob"));
  server.restart();
  bob.forget();
  bob.connect();
  CHECK(bob.last(protocol::ToClient::HAND_OVERS).getHandOvers().size() == 1);
  CHECK(outcome(bob.ask(accept({part(1)}))) == "borrowed");
}

TEST_CASE_METHOD(Shop, "S18, V4: a nudge reaches the holder, at once or later, once in a while",
                 "[server]") {
  REQUIRE(outcome(bob.ask(nudge({part(1)}, "today, please"))) == "done");
  ann.listen();
  const auto nudged = ann.last(protocol::ToClient::NUDGED).getNudged()[0];
  CHECK(std::string(nudged.getBy().getUser().cStr()) == "bob");
  CHECK(std::string(nudged.getText().cStr()) == "today, please");
  CHECK(outcome(bob.ask(nudge({part(1)}))) == "too_soon");
  CHECK(outcome(bob.ask(nudge({part(2)}))) == "already_free");
  server.wait_us(60'000'000);
  ann.disconnect();
  server.now_us += 1;
  CHECK(outcome(bob.ask(nudge({part(1)}, "tomorrow, please"))) == "done");
  ann.forget();
  server.now_us += 1;
  ann.connect();
  REQUIRE(ann.count(protocol::ToClient::NUDGED) == 1);
  ann.disconnect();
  ann.forget();
  server.now_us += 1;
  ann.connect();
  CHECK(ann.count(protocol::ToClient::NUDGED) == 0);
}

TEST_CASE_METHOD(Shop, "S29: a repeated break, take-over or hand-over is answered, not repeated",
                 "[server]") {
  const auto take = ann_at_home.send(take_over({part(1)}));
  server.run();
  ann_at_home.listen();
  const auto homes = token_of(ann_at_home.answer(take));
  ann_at_home.send_again(take);
  server.run();
  ann_at_home.listen();
  CHECK(token_of(ann_at_home.answer(take)) == homes);
  CHECK(server.header(part(1))->token == homes);
  const auto broken = ada.send(break_borrow({part(1)}, "why"));
  server.run();
  bob.ask(borrow({part(1)}));
  ada.send_again(broken);
  server.run();
  ada.listen();
  CHECK(outcome(ada.answer(broken)) == "done");
  CHECK(server.header(part(1))->borrower == bob.number);
}

TEST_CASE_METHOD(Shop, "B11, V1: who waits is told to everybody", "[server]") {
  bob.ask(wait_for({part(1)}));
  ada.listen();
  const auto line = ada.last(protocol::ToClient::LINES).getLines().getLines()[0];
  CHECK(line.getId() == 1);
  REQUIRE(line.getWaiting().size() == 1);
  CHECK(line.getWaiting()[0] == bob.number);
  Peer late(server, "ada", "van", *ada.token);
  CHECK(late.last(protocol::ToClient::LINES).getLines().getWhole());
  bob.disconnect();
  server.run();
  ada.listen();
  CHECK(ada.last(protocol::ToClient::LINES).getLines().getLines()[0].getWaiting().size() == 0);
}

TEST_CASE_METHOD(Shop, "X2: of two take-overs at a time, one token is in force", "[server]") {
  Peer van(server, "ann", "van", anns);
  const auto first = ann_at_home.send(take_over({part(1)}));
  const auto second = van.send(take_over({part(1)}));
  server.run();
  ann_at_home.listen();
  van.listen();
  CHECK(token_of(van.answer(second)) > token_of(ann_at_home.answer(first)));
  CHECK(server.header(part(1))->token == token_of(van.answer(second)));
}

TEST_CASE_METHOD(Shop, "K8: nobody checks in under another's borrow, an administrator neither",
                 "[server]") {
  CHECK(check_in(ada, token) == "borrow_lost");
  CHECK(check_in(ada, 0) == "not_borrowed");
}

TEST_CASE_METHOD(Shop, "V2: every break, take-over, hand-over and nudge is in the audit log",
                 "[server]") {
  const auto before = server.number("audit");
  bob.ask(nudge({part(1)}, "now"));
  ann_at_home.ask(take_over({part(1)}));
  ann_at_home.ask(hand_over({part(1)}, "bob", "holidays"));
  bob.ask(accept({part(1)}));
  ada.ask(break_borrow({part(1)}, "audit me"));
  REQUIRE(server.number("audit") == before + 5);
  using Kind = audit::Entry::Kind;
  CHECK(audited(server, before + 1).kind == Kind::NUDGE);
  CHECK(audited(server, before + 2).kind == Kind::TAKE_OVER);
  CHECK(audited(server, before + 3).kind == Kind::HAND_OVER_OFFER);
  CHECK(audited(server, before + 3).text == "bob: holidays");
  CHECK(audited(server, before + 4).kind == Kind::HAND_OVER);
  CHECK(audited(server, before + 4).client == bob.number);
  CHECK(audited(server, before + 5).kind == Kind::BREAK);
  CHECK(audited(server, before + 5).client == ada.number);
  CHECK(audited(server, before + 5).text == "audit me");
}

}  // namespace
}  // namespace coppice::server::test
