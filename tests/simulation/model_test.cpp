// The checks themselves: each notices a world that was broken on purpose.

#include <capnp/message.h>

#include <cstring>

#include "tests/simulation/cluster.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/violation.h"
#include "tests/support/catch.h"

using namespace coppice;
using namespace coppice::simulation;

namespace {

// Records of companies as an authority would store them, made by hand.
class HandMade {
 public:
  HandMade& company(std::uint64_t id, RecordHeader header, const std::string& trail) {
    capnp::MallocMessageBuilder message;
    set_trail(message.initRoot<stock::Company>(), trail);
    const auto words = capnp::canonicalize(message.getRoot<stock::Company>().asReader());
    // canonicalize() gives the root struct's words behind a root pointer, as a stored body has
    // them.
    header.body_words = static_cast<std::uint32_t>(words.size());
    std::vector<std::uint64_t> value(sizeof(RecordHeader) / 8 + words.size());
    std::memcpy(value.data(), &header, sizeof header);
    std::memcpy(value.data() + sizeof header / 8, words.begin(), words.size() * 8);
    values_[key(id)] = std::move(value);
    return *this;
  }
  void observe(History& history) const {
    history.begin_observation();
    for (const auto& [key, value] : values_) {
      history.look_at(key, *RecordView::parse(std::as_bytes(std::span(value))));
    }
    history.end_observation();
  }
  static AnyKey key(std::uint64_t id) {
    return {tree_id(Tree::company), KeyWord(RecordId{id}, Revision{1})};
  }

 private:
  std::map<AnyKey, std::vector<std::uint64_t>> values_;
};

RecordHeader header(std::uint64_t sequence, std::uint32_t iteration, std::uint64_t token = 0) {
  RecordHeader header;
  header.sequence = sequence;
  header.body_sequence = sequence;
  header.iteration = iteration;
  header.token = token;
  header.borrower = token == 0 ? 0 : 1;
  return header;
}

// Three transactions of alice: 1 made companies 1 and 2, 2 and 3 checked in company 1.
struct Told {
  Ledger ledger;
  History history{ledger};
  Told() {
    const auto one = HandMade::key(1).record();
    const auto two = HandMade::key(2).record();
    ledger.enter(ledger.next_number(), {"alice", {one, two}, {}, {}, true, Fate::open, false});
    ledger.enter(ledger.next_number(), {"alice", {one}, {}, {}, true, Fate::open, false});
    ledger.enter(ledger.next_number(), {"alice", {one}, {}, {}, true, Fate::open, false});
    HandMade().company(1, header(1, 0), "c1").company(2, header(2, 0), "c1").observe(history);
  }
  void sees(const HandMade& world) { world.observe(history); }
};

auto says(const std::string& text) {
  return Catch::Matchers::Predicate<Violation>(
      [text](const Violation& violation) {
        return std::string(violation.what()).find(text) != std::string::npos;
      },
      text);
}

}  // namespace

TEST_CASE("the history accepts a chain of check-ins", "[simulation]") {
  Told told;
  told.sees(HandMade().company(1, header(3, 1), "c1.t2").company(2, header(2, 0), "c1"));
  told.sees(HandMade().company(1, header(4, 2), "c1.t2.t3").company(2, header(2, 0), "c1"));
  CHECK(told.history.head() == 4);
  CHECK(told.ledger.find(3)->fate == Fate::applied);
}

TEST_CASE("the history notices a lost update", "[simulation]") {
  Told told;
  told.sees(HandMade().company(1, header(3, 1), "c1.t2").company(2, header(2, 0), "c1"));
  CHECK_THROWS_MATCHES(
      told.sees(HandMade().company(1, header(4, 2), "c1.t3").company(2, header(2, 0), "c1")),
      Violation, says("X1: a lost update"));
}

TEST_CASE("the history notices a transaction that is applied twice", "[simulation]") {
  Told told;
  CHECK_THROWS_MATCHES(
      told.sees(HandMade().company(1, header(3, 2), "c1.t2.t2").company(2, header(2, 0), "c1")),
      Violation, says("X5"));
}

TEST_CASE("the history notices half a transaction", "[simulation]") {
  Ledger ledger;
  History history(ledger);
  Deed deed;
  deed.client = "alice";
  deed.touched = {HandMade::key(1).record(), HandMade::key(2).record()};
  deed.sent = true;
  ledger.enter(ledger.next_number(), deed);
  CHECK_THROWS_MATCHES(HandMade().company(1, header(1, 0), "c1").observe(history), Violation,
                       says("X6"));
}

TEST_CASE("the history notices work that was refused and lives on", "[simulation]") {
  Told told;
  told.ledger.refused(2);
  CHECK_THROWS_MATCHES(
      told.sees(HandMade().company(1, header(3, 1), "c1.t2").company(2, header(2, 0), "c1")),
      Violation, says("X5"));
}

TEST_CASE("the history notices a record that is gone without a tombstone", "[simulation]") {
  Told told;
  CHECK_THROWS_MATCHES(told.sees(HandMade().company(1, header(1, 0), "c1")), Violation, says("X3"));
}

TEST_CASE("the history notices a change without a sequence of its own", "[simulation]") {
  Told told;
  CHECK_THROWS_MATCHES(
      told.sees(HandMade().company(1, header(1, 1), "c1.t2").company(2, header(2, 0), "c1")),
      Violation, says("X8"));
}

TEST_CASE("the history notices a token that comes again", "[simulation]") {
  Told told;
  told.sees(HandMade().company(1, header(3, 0, 9), "c1").company(2, header(2, 0), "c1"));
  CHECK_THROWS_MATCHES(
      told.sees(HandMade().company(1, header(4, 0, 8), "c1").company(2, header(2, 0), "c1")),
      Violation, says("X8: the token"));
}

TEST_CASE("a trail that is no trail is noticed", "[simulation]") {
  CHECK(parse_trail("c1.e22.t333").size() == 3);
  CHECK_THROWS_AS(parse_trail("c1.x"), Violation);
  CHECK_THROWS_AS(parse_trail("c1..t2"), Violation);
}

TEST_CASE("a schedule prints as C++", "[simulation]") {
  Failure failure{7, "X1: something", {}};
  Action action;
  action.kind = Action::Kind::write;
  action.work.create = {part(1), company(2)};
  action.work.borrowing = Borrowing::kept;
  failure.actions.push_back(action);
  const std::string text = report(failure);
  CHECK(text.find("seed 7: X1: something\n") == 0);
  CHECK(
      text.find("alice.write({.create = {part(1), company(2)}, .borrowing = Borrowing::kept});") !=
      std::string::npos);
}

TEST_CASE("the same seed makes the same schedule", "[simulation]") {
  const auto frames = [] {
    Cluster cluster(5, Settings::of(5));
    auto& alice = cluster.client("alice");
    alice.connect();
    cluster.deliver(300, 17);
    alice.create({part(1)});
    cluster.deliver(300, 18);
    return std::pair(cluster.world().tap.counts().frames, cluster.world().random());
  };
  CHECK(frames() == frames());
}
