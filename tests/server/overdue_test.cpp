#include "tests/server/transfers.h"

namespace coppice::server::test {
namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kHour = 60 * kMinute;

Options quickly_overdue() {
  Options options;
  options.overdue_us = kHour;
  options.waiters_break_us = kHour;
  return options;
}

// Ann holds part 1.
struct Shop {
  TestServer server{quickly_overdue()};
  Maker ann{server, "ann", "desk", server.add_user("ann", "engineer")};
  Maker bob{server, "bob", "desk", server.add_user("bob", "engineer")};
  std::uint64_t token = 0;

  Shop() {
    ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
    token = token_of(ann.ask(borrow({part(1)})));
  }
  ~Shop() { CHECK(server.faults() == std::vector<std::string>{}); }

  // The server runs on, and looks once a minute.
  void run_for(std::int64_t us) {
    for (std::int64_t run = 0; run < us; run += kMinute) server.wait_us(kMinute);
  }
  std::int64_t overdue_since() {
    const auto answer = bob.ask(borrow({part(1)}));
    REQUIRE(outcome(answer) == "held");
    return answer.getRefused()[0].getHolder().getOverdue();
  }
};

TEST_CASE_METHOD(Shop, "S17, B7, F38: a borrow whose holder is silent is marked overdue, once",
                 "[server]") {
  ann.disconnect();
  run_for(kHour - 2 * kMinute);
  CHECK(overdue_since() == 0);
  run_for(3 * kMinute);
  const auto since = overdue_since();
  CHECK(since > 0);
  const auto head = server.number("head");
  const auto audit = server.number("audit");
  CHECK(audited(server, audit).kind == audit::Entry::Kind::OVERDUE);
  CHECK(audited(server, audit).client == ann.number);
  run_for(3 * kHour);
  CHECK(overdue_since() == since);
  CHECK(server.number("head") == head);
  CHECK(server.number("audit") == audit);
}

TEST_CASE_METHOD(Shop, "B7, F5: silence never ends a borrow", "[server]") {
  ann.disconnect();
  run_for(5 * kHour);
  CHECK(server.header(part(1))->token == token);
  ann.connect();
  CHECK(overdue_since() == 0);
  CHECK(outcome(ann.ask(Work().check_in(part(1), token, 1, part_body("R1b")))) == "accepted");
}

TEST_CASE_METHOD(Shop, "S17: after a sign of life, a new silence is marked anew", "[server]") {
  ann.disconnect();
  run_for(2 * kHour);
  ann.connect();
  ann.disconnect();
  CHECK(overdue_since() == 0);
  run_for(kHour + 2 * kMinute);
  CHECK(overdue_since() > 0);
}

TEST_CASE_METHOD(Shop, "F17: what the clock jumps and the server rests makes nothing overdue",
                 "[server]") {
  ann.disconnect();
  run_for(10 * kMinute);
  server.wait_us(1000 * kHour);
  CHECK(overdue_since() == 0);
  server.stop();
  server.now_us += 1000 * kHour;
  server.start();
  bob.connect();
  run_for(10 * kMinute);
  CHECK(overdue_since() == 0);
}

TEST_CASE_METHOD(Shop, "silence is counted over restarts", "[server]") {
  ann.disconnect();
  for (int i = 0; i < 3; ++i) {
    run_for(30 * kMinute);
    server.restart();
    bob.connect();
  }
  run_for(2 * kMinute);
  CHECK(overdue_since() > 0);
  server.restart();
  bob.connect();
  CHECK(overdue_since() > 0);
  ann.connect();
  CHECK(overdue_since() == 0);
}

TEST_CASE_METHOD(Shop, "B7, B13: a return that is late is overdue, whoever is there", "[server]") {
  const auto late = server.now_us + 10 * kMinute;
  const auto answer = ann.ask([&](protocol::Request::Builder request) {
    borrow({part(2)}, "for a moment")(request);
    request.getBorrow().setExpectedReturn(late);
  });
  REQUIRE(outcome(answer) == "borrowed");
  run_for(8 * kMinute);
  const auto holder = [&] { return bob.ask(borrow({part(2)})).getRefused()[0].getHolder(); };
  CHECK(holder().getOverdue() == 0);
  CHECK(holder().getExpectedReturn() == late);
  CHECK(std::string(holder().getPurpose().cStr()) == "for a moment");
  run_for(4 * kMinute);
  CHECK(holder().getOverdue() > 0);
}

TEST_CASE_METHOD(Shop, "S13, X9: who waits may break what is overdue for long", "[server]") {
  ann.disconnect();
  bob.ask(wait_for({part(1)}));
  CHECK(outcome(bob.ask(break_borrow({part(1)}, "why"))) == "not_overdue");
  run_for(kHour + 10 * kMinute);
  const auto early = bob.ask(break_borrow({part(1)}, "why"));
  CHECK(outcome(early) == "not_overdue");
  CHECK(early.getRefused()[0].getActual() > static_cast<std::uint64_t>(server.now_us));
  run_for(kHour + 30 * kMinute);
  Peer carl(server, "carl", "desk", server.add_user("carl", "engineer"));
  CHECK(outcome(carl.ask(break_borrow({part(1)}, "why"))) == "no_right");
  CHECK(outcome(bob.ask(break_borrow({part(1)}, "Ann is away"))) == "done");
  CHECK(outcome(bob.ask(borrow({part(1)}))) == "borrowed");
}

}  // namespace
}  // namespace coppice::server::test
