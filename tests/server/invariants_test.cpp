#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// A sound database, with a borrow in it, to be damaged.
struct Sound {
  TestServer server;
  Maker ann{server, "ann"};
  Tables tables{server.database()};

  Sound() {
    ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
    ann.ask(borrow({part(1)}));
    CHECK(server.faults() == std::vector<std::string>{});
  }

  template <typename F>
  void damage(F&& fn) {
    server.database().write([&](store::WriteTxn& txn) { fn(txn); });
  }
  bool found(const std::string& words) {
    for (const auto& fault : server.faults()) {
      if (fault.find(words) != std::string::npos) return true;
    }
    return false;
  }
};

TEST_CASE_METHOD(Sound, "the check finds a record that the feed does not have", "[server]") {
  damage([&](store::WriteTxn& txn) {
    txn.clear(server.database().table("feed", store::Layout::integer_keys));
  });
  CHECK(found("the feed does not have it"));
}

TEST_CASE_METHOD(Sound, "the check finds an entry of the feed that is no record's", "[server]") {
  damage([&](store::WriteTxn& txn) { tables.feed.advance(txn, 0, 900, part(77)); });
  CHECK(found("entries for"));
}

TEST_CASE_METHOD(Sound, "the check finds a borrow that is only in the header, or only in the table",
                 "[server]") {
  damage([&](store::WriteTxn& txn) { Borrows(tables.borrows).erase(txn, part(1).record()); });
  CHECK(found("the table of borrows disagree"));
  Borrow other;
  other.token = 3;
  other.client = {1};
  damage([&](store::WriteTxn& txn) { Borrows(tables.borrows).put(txn, part(2).record(), other); });
  CHECK(found("carry one") == false);
  damage(
      [&](store::WriteTxn& txn) { Borrows(tables.borrows).put(txn, company(2).record(), other); });
  CHECK(found("carry one"));
}

TEST_CASE_METHOD(Sound, "the check finds an id in no lease, and leases that overlap", "[server]") {
  damage([&](store::WriteTxn& txn) {
    Leases(tables.leases).put(txn, kParts, {50, 60, ClientNumber{1}});
  });
  CHECK(found("overlap"));
  damage([&](store::WriteTxn& txn) { txn.clear(tables.leases); });
  CHECK(found("lies in no lease"));
}

TEST_CASE_METHOD(Sound, "the check finds a head that is too low, and tokens from the future",
                 "[server]") {
  damage([&](store::WriteTxn& txn) {
    server.database().meta().set_number(txn, "head", 1);
    server.database().meta().set_number(txn, "tokens", 0);
  });
  CHECK(found("above the head"));
  CHECK(found("not granted yet"));
}

TEST_CASE_METHOD(Sound, "the check finds an answer that should not be", "[server]") {
  damage([&](store::WriteTxn& txn) {
    Answers(tables.answers).put(txn, ClientNumber{1}, 99, 1, Words(2));
  });
  CHECK(found("answer to operation 99"));
}

}  // namespace
}  // namespace coppice::server::test
