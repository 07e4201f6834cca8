// Borrows that end or move by another's will, as the people at both ends see it.
#include <capnp/serialize.h>

#include "coppice/protocol.capnp.h"
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Kind = Event::Kind;

// Ann made a part and holds it; Bob knows of it. Ann has a laptop, too.
struct Office {
  Site site;
  Desk ann{site, "ann"};
  Desk laptop{site, "laptop"};
  Desk bob{site, "bob"};
  Key<shop::Part> part{};

  Office() {
    laptop.options.user = ann.options.user;
    ann.go_on_line();
    part = ann.make_part("R1");
    bob.go_on_line();
    laptop.go_on_line();
    ann.borrow(part);
    site.settle();
    ann.events();
    bob.events();
    laptop.events();
  }
  ~Office() {
    check_equal(site, ann);
    check_equal(site, bob);
    check_equal(site, laptop);
  }

  // The feed comes first; answers are held back.
  const std::vector<wire::Frame>& hold_answers(Desk& desk) {
    desk.on_receive = [&](wire::Frame frame) -> std::optional<wire::Frame> {
      capnp::FlatArrayMessageReader reader(
          kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.bytes().data()),
                       frame.size_bytes() / sizeof(capnp::word)));
      if (!reader.getRoot<protocol::ToClient>().isAnswers()) return frame;
      held_.push_back(std::move(frame));
      return std::nullopt;
    };
    return held_;
  }
  std::vector<wire::Frame> held_;

  template <typename T>
  T answer(const Pending<T>& pending) {
    site.settle();
    REQUIRE(pending.result());
    INFO((pending.result()->has_value() ? "" : pending.result()->error().message));
    REQUIRE(pending.result()->has_value());
    return **pending.result();
  }
};

std::vector<Kind> kinds_about(const std::vector<Event>& events, AnyKey key) {
  std::vector<Kind> kinds;
  for (const Event& event : events) {
    if (event.key.record() == key.record()) kinds.push_back(event.kind);
  }
  return kinds;
}

const Event& the(Kind kind, const std::vector<Event>& events) {
  const auto found = std::ranges::find(events, kind, &Event::kind);
  REQUIRE(found != events.end());
  return *found;
}

TEST_CASE_METHOD(Office, "K1, K2, F11: a break leaves the holder's work whole, in the drawer",
                 "[client]") {
  REQUIRE(ann.retitle(part, "mine"));
  answer(bob->break_borrow({part}, "Ann is ill"));
  CHECK_FALSE(ann.holds(part));
  CHECK(ann.title(part) == "");
  const auto conflicts = ann->conflicts();
  REQUIRE(conflicts.size() == 1);
  REQUIRE(conflicts[0].reasons.size() == 1);
  const Error& why = conflicts[0].reasons[0];
  CHECK(why.code == Errc::borrow_lost);
  CHECK(why.message.find("user of bob on bob") != std::string::npos);
  CHECK(why.message.find("Ann is ill") != std::string::npos);
  REQUIRE(why.holder);
  CHECK(why.holder->user == "user of bob");
  CHECK(why.holder->since_us > 0);
  // By mistake: the holder borrows again, and nothing is lost.
  ann.borrow(part);
  REQUIRE(ann->write([&](Transaction& t) { t.retry(conflicts[0].number); }));
  site.settle();
  CHECK(bob.title(part) == "mine");
  CHECK(ann->conflicts().empty());
}

TEST_CASE_METHOD(Office, "K4, V2: holder, breaker and watchers are told in order", "[client]") {
  answer(bob->break_borrow({part}, "Ann is ill"));
  bob.borrow(part);
  for (Desk* desk : {&ann, &laptop}) {
    const auto events = desk->events();
    const auto kinds = kinds_about(events, part);
    const auto broken = std::ranges::find(kinds, Kind::broken);
    const auto borrowed = std::ranges::find(kinds, Kind::borrowed);
    REQUIRE(broken != kinds.end());
    REQUIRE(borrowed != kinds.end());
    CHECK(broken < borrowed);
    CHECK(std::ranges::count(kinds, Kind::broken) == 1);
    const Event& told = the(Kind::broken, events);
    CHECK(told.by.user == "user of bob");
    CHECK(told.holder.user == "user of ann");
    CHECK(told.text == "Ann is ill");
  }
}

TEST_CASE_METHOD(Office, "F6: broken while away, and the record unchanged: one retry does it again",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(ann.retitle(part, "mine"));
  answer(bob->break_borrow({part}, "a month is long"));
  ann.events();
  ann.go_on_line();
  const auto events = ann.events();
  CHECK(the(Kind::broken, events).text == "a month is long");
  CHECK(the(Kind::broken, events).by.device == "bob");
  CHECK(the(Kind::conflict, events).error.code == Errc::borrow_lost);
  ann.borrow(part);
  REQUIRE(ann->write([&](Transaction& t) { t.retry(ann->conflicts()[0].number); }));
  site.settle();
  CHECK(bob.title(part) == "mine");
}

TEST_CASE_METHOD(Office,
                 "F7, K3: broken while away, and changed by others: never applied by itself",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(ann.retitle(part, "mine"));
  REQUIRE(ann.check_in(part));
  answer(bob->break_borrow({part}, "urgent"));
  bob.borrow(part);
  REQUIRE(bob.retitle(part, "Bob's"));
  REQUIRE(bob.check_in(part));
  site.settle();
  ann.go_on_line();
  CHECK(ann.title(part) == "Bob's");
  REQUIRE(ann->conflicts().size() == 1);
  const Conflict conflict = ann->conflicts()[0];
  CHECK(conflict.reasons[0].code == Errc::borrow_lost);
  CHECK(conflict.reasons[0].message.find("urgent") != std::string::npos);
  ann.borrow(part);
  const auto retried = ann->write([&](Transaction& t) { t.retry(conflict.number); });
  CHECK(code_of(retried) == Errc::stale_base);
  // A person makes one of both.
  REQUIRE(ann->write([&](Transaction& t) {
    t.edit(part).setTitle("Bob's and mine");
    t.check_in(part);
    t.settle(conflict.number);
  }));
  site.settle();
  CHECK(bob.title(part) == "Bob's and mine");
  CHECK(ann->conflicts().empty());
}

TEST_CASE_METHOD(Office,
                 "X11: an edit above a check-in that has no answer yet is broken: each is kept",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(ann.retitle(part, "handed in"));
  REQUIRE(ann.check_in(part, Borrowing::kept));
  REQUIRE(ann.retitle(part, "edited again"));
  answer(bob->break_borrow({part}, "urgent"));
  const auto& held = hold_answers(ann);
  ann.connect();
  site.settle();
  REQUIRE(held.size() == 1);
  CHECK(ann.title(part) == "handed in");
  CHECK(ann->conflicts().size() == 1);
  ann.on_receive = nullptr;
  ann.inject(held[0]);
  site.settle();
  CHECK(ann.title(part) == "");
  CHECK(ann->conflicts().size() == 2);
}

TEST_CASE_METHOD(Office,
                 "X6, F36: a state change without an answer hides nothing of what others did",
                 "[client]") {
  answer(ann->give_back({part}));
  ann.go_off_line();
  REQUIRE(ann->write([&](Transaction& t) { t.set_state(part, 0, 7); }));
  bob.borrow(part);
  REQUIRE(bob.retitle(part, "Bob's"));
  REQUIRE(bob.check_in(part));
  site.settle();
  const auto& held = hold_answers(ann);
  ann.connect();
  site.settle();
  REQUIRE(held.size() == 1);
  CHECK(ann.title(part) == "Bob's");
  CHECK(ann.header(part).state == 7);
  ann.on_receive = nullptr;
  ann.inject(held[0]);
  site.settle();
  CHECK(ann.title(part) == "Bob's");
  CHECK(site.header(part).state == 7);
}

TEST_CASE_METHOD(Office, "F8: broken while away, and released: the work goes into a next revision",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(ann.retitle(part, "mine"));
  answer(bob->break_borrow({part}, "urgent"));
  bob.release(part);
  ann.go_on_line();
  REQUIRE(ann->conflicts().size() == 1);
  const Conflict conflict = ann->conflicts()[0];
  ann.borrow(part);
  CHECK_FALSE(ann->write([&](Transaction& t) { t.retry(conflict.number); }));
  REQUIRE(ann->write([&](Transaction& t) {
    const auto next = t.next_revision(part);
    t.edit(next).setTitle("mine");
    t.check_in(next);
    t.settle(conflict.number);
  }));
  site.settle();
  CHECK(ann->conflicts().empty());
}

TEST_CASE_METHOD(Office, "F9: broken while away, and removed: the work stays in the drawer",
                 "[client]") {
  ann.go_off_line();
  REQUIRE(ann.retitle(part, "mine"));
  answer(bob->break_borrow({part}, "urgent"));
  bob.borrow(part);
  REQUIRE(bob->write([&](Transaction& t) { t.remove(part); }));
  site.settle();
  ann.go_on_line();
  REQUIRE(ann->conflicts().size() == 1);
  CHECK_FALSE(ann->conflicts()[0].items[0].mine.empty());
}

TEST_CASE_METHOD(Office,
                 "K5, F13, S4: the same user's other device takes over, and fences the first",
                 "[client]") {
  const auto asked = laptop->check_out(part);
  site.settle();
  CHECK(code_of(asked) == Errc::held_by_you);
  REQUIRE(ann.retitle(part, "on the desk"));
  const Borrow borrow = answer(laptop->take_over({part}, {.reason = "on the train"}));
  REQUIRE(borrow.keys.size() == 1);
  CHECK(laptop.holds(part));
  CHECK_FALSE(ann.holds(part));
  REQUIRE(ann->conflicts().size() == 1);
  CHECK(ann->conflicts()[0].reasons[0].message.find("taken over") != std::string::npos);
  CHECK(the(Kind::taken_over, ann.events()).by.device == "laptop");
  REQUIRE(laptop.retitle(part, "on the train"));
  REQUIRE(laptop.check_in(part));
  site.settle();
  CHECK(bob.title(part) == "on the train");
}

TEST_CASE_METHOD(Office, "K6, S15, S16: a hand-over is offered, seen, and accepted", "[client]") {
  REQUIRE(ann.retitle(part, "mine"));
  const auto early = ann->hand_over({part}, "user of bob");
  site.settle();
  CHECK(code_of(early) == Errc::pending_changes);
  REQUIRE(ann.check_in(part, Borrowing::kept));
  site.settle();
  answer(ann->hand_over({part}, "user of bob", "holidays"));
  CHECK(the(Kind::hand_over, bob.events()).text == "holidays");
  const auto offers = bob->hand_overs();
  REQUIRE(offers.size() == 1);
  CHECK(offers[0].by.user == "user of ann");
  CHECK(ann.holds(part));
  answer(bob->accept({offers[0].record}));
  CHECK(bob.holds(part));
  CHECK_FALSE(ann.holds(part));
  CHECK(bob->hand_overs().empty());
  CHECK(the(Kind::handed_over, ann.events()).by.user == "user of bob");
  CHECK(ann->conflicts().empty());
}

TEST_CASE_METHOD(Office, "S16: an offer may be declined, and taken back", "[client]") {
  answer(ann->hand_over({part}, "user of bob"));
  answer(bob->decline({part}));
  CHECK(bob->hand_overs().empty());
  answer(ann->hand_over({part}, "user of bob"));
  answer(ann->hand_over({part}, ""));
  const auto late = bob->accept({part});
  site.settle();
  CHECK(code_of(late) == Errc::offer_gone);
  CHECK(ann.holds(part));
}

TEST_CASE_METHOD(Office, "V4, S18: the holder sees who wants the record, and why", "[client]") {
  answer(bob->nudge({part}, "today, please"));
  const auto events = ann.events();
  CHECK(the(Kind::nudged, events).by.user == "user of bob");
  CHECK(the(Kind::nudged, events).text == "today, please");
  const auto again = bob->nudge({part});
  site.settle();
  CHECK(code_of(again) == Errc::too_soon);
}

TEST_CASE_METHOD(Office, "V1: who holds, since when and why, and who waits, is seen off line too",
                 "[client]") {
  answer(bob->wait_in_line({part}));
  laptop.go_off_line();
  const auto now = laptop->snapshot();
  const auto waiters = now.waiters(part);
  REQUIRE(waiters.clients.size() == 1);
  CHECK(now.client_name(waiters.clients[0]) == "user of bob, bob");
  CHECK(now.holder(part)->user == "user of ann");
}

TEST_CASE_METHOD(Office, "V1: a line that is over is forgotten", "[client]") {
  answer(bob->wait_in_line({part}));
  CHECK(laptop->snapshot().waiters(part).clients.size() == 1);
  bob.go_off_line();
  CHECK(laptop->snapshot().waiters(part).clients.empty());
  bob.go_on_line();
  answer(bob->wait_in_line({part}));
  laptop.go_off_line();
  bob.go_off_line();
  laptop.go_on_line();
  CHECK(laptop->snapshot().waiters(part).clients.empty());
  bob.go_on_line();
}

TEST_CASE_METHOD(Office, "B11, F34: a broken record is kept for who waits, a minute, then the next",
                 "[client]") {
  answer(bob->wait_in_line({part}));
  answer(laptop->wait_in_line({part}));
  answer(bob->break_borrow({part}, "Ann is ill"));
  CHECK(bob.count(Kind::offered) == 1);
  CHECK(laptop.count(Kind::offered) == 0);
  site.now_us += 61'000'000;
  site.settle();
  CHECK(laptop.count(Kind::offered) == 1);
  const auto late = bob->check_out(part);
  site.settle();
  CHECK(code_of(late) == Errc::offered);
  laptop.borrow(part);
}

TEST_CASE_METHOD(Office, "F35: who holds one and waits for another blocks nobody", "[client]") {
  const auto other = bob.make_part("R2");
  site.settle();
  bob.borrow(other);
  answer(bob->wait_in_line({part}));
  answer(ann->wait_in_line({other}));
  // Each can still give back what the other wants, and gets it.
  answer(ann->give_back({part}));
  bob.borrow(part);
  answer(bob->give_back({other}));
  ann.borrow(other);
}

TEST_CASE_METHOD(Office, "breaking, taking over and nudging need the server", "[client]") {
  bob.go_off_line();
  CHECK(code_of(bob->break_borrow({part}, "why")) == Errc::offline);
  CHECK(code_of(bob->take_over({part})) == Errc::offline);
  CHECK(code_of(bob->hand_over({part}, "user of ann")) == Errc::offline);
  CHECK(code_of(bob->accept({part})) == Errc::offline);
  CHECK(code_of(bob->nudge({part})) == Errc::offline);
  CHECK(code_of(bob->revoke_user("user of ann", "why")) == Errc::offline);
}

TEST_CASE_METHOD(Office, "S17: an overdue borrow is told of, and seen", "[client]") {
  site.stop_server();
  site.options().overdue_us = 120'000'000;
  site.start_server();
  site.settle();
  ann.go_off_line();
  bob.events();
  for (int minute = 0; minute < 4; ++minute) {
    site.now_us += 60'000'000;
    site.settle();
  }
  CHECK(bob.count(Kind::overdue) == 1);
  CHECK(bob->snapshot().holder(part)->overdue_us > 0);
  ann.go_on_line();
  CHECK(bob->snapshot().holder(part)->overdue_us == 0);
  CHECK(ann.holds(part));
}

TEST_CASE("K7, S28, F37: a revoked device keeps its work, and is refused", "[client]") {
  Site site;
  Desk ann(site, "ann"), bob(site, "bob");
  ann.go_on_line();
  bob.go_on_line();
  const auto part = ann.make_part("R1");
  site.settle();
  ann.borrow(part);
  REQUIRE(ann.retitle(part, "mine"));
  const auto number = bob->snapshot().holder(part)->client;
  const auto revoked = bob->revoke_device(number, "stolen");
  site.settle();
  REQUIRE(accepted(revoked));
  CHECK(ann->status().connection == Connection::refused);
  CHECK(ann.title(part) == "mine");
  CHECK(bob->snapshot().holder(part) == std::nullopt);
  bob.borrow(part);
  check_equal(site, bob);
}

}  // namespace
}  // namespace coppice::test
