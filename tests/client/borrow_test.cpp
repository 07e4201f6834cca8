#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Desk bob{site, "bob"};
  Key<shop::Part> part;
  Shop() {
    ann.go_on_line();
    bob.go_on_line();
    part = ann.make_part("P1");
    site.settle();
  }
};

}  // namespace

TEST_CASE("an edit of a record that nobody holds is refused: borrow it first", "[client]") {
  Shop shop;
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  CHECK(code_of(edited) == Errc::not_borrowed);
  CHECK(edited.error().message == "parts:1.1 is not borrowed. Check it out first.");
  CHECK(edited.error().key == AnyKey(shop.part));
}

TEST_CASE("an edit of a record that somebody holds is refused and names them", "[client]") {
  Shop shop;
  shop.bob.borrow(shop.part);
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  REQUIRE(code_of(edited) == Errc::held);
  REQUIRE(edited.error().holder);
  CHECK(edited.error().holder->device == "bob");
  CHECK(edited.error().message ==
        "parts:1.1 is borrowed by user of bob on bob. Ask for it, or wait in line.");
  // Off line too, as far as is known.
  shop.ann.go_off_line();
  CHECK(code_of(shop.ann.retitle(shop.part, "Bolt")) == Errc::held);
}

TEST_CASE("off line an edit without a borrow, and a check-out, are refused at once", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  CHECK(code_of(edited) == Errc::offline);
  CHECK_THAT(edited.error().message, ContainsSubstring("off line"));
  const auto asked = shop.ann->check_out(shop.part);
  CHECK(code_of(asked) == Errc::offline);
  CHECK(asked.result()->error().message ==
        "We are off line, and only the server can lend records. Try again when it can be reached.");
  CHECK(code_of(shop.ann->wait_in_line({shop.part})) == Errc::offline);
  CHECK(shop.ann->status().outbox == 0);
}

TEST_CASE("B4: a borrow is granted only after its data is here", "[client]") {
  Shop shop;
  shop.bob.borrow(shop.part);
  REQUIRE(shop.bob.retitle(shop.part, "Bolt"));
  REQUIRE(shop.bob.check_in(shop.part));
  shop.site.settle();
  bool granted = false;
  std::string title_then;
  auto pending = shop.ann->check_out(shop.part, {.reason = "wrong title"});
  pending.then([&](const Result<Borrow>& borrow) {
    REQUIRE(borrow);
    REQUIRE(borrow->keys.size() == 1);
    granted = true;
    CHECK(borrow->keys[0] == AnyKey(shop.part));
    title_then = shop.ann.title(shop.part);
    CHECK(shop.ann.holds(shop.part));
    CHECK(shop.ann.retitle(shop.part, "Nut"));
  });
  shop.site.settle();
  // The first was too early, and says who has it; the second is not.
  if (code_of(pending) == Errc::held) {
    auto again = shop.ann->check_out(shop.part);
    shop.site.settle();
    REQUIRE(accepted(again));
  } else {
    CHECK(granted);
    CHECK(title_then == "Bolt");
  }
  CHECK(shop.bob->snapshot().holder(shop.part)->device == "ann");
}

TEST_CASE("asking again for what one holds gives the same borrow", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  const auto token = shop.ann.header(shop.part).token;
  shop.ann.borrow(shop.part);
  CHECK(shop.ann.header(shop.part).token == token);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("B5: records are borrowed all together or not at all", "[client]") {
  Shop shop;
  const auto other = shop.ann.make_part("P2");
  shop.site.settle();
  shop.bob.borrow(other);
  const auto asked = shop.ann->check_out({shop.part, other});
  shop.site.settle();
  CHECK(code_of(asked) == Errc::held);
  CHECK(asked.result()->error().holder->device == "bob");
  CHECK(shop.ann->borrowed().empty());
}

TEST_CASE("who waits in line is told the place, and then that it is their turn", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  const auto line = shop.bob->wait_in_line({shop.part});
  shop.site.settle();
  REQUIRE(accepted(line));
  CHECK((*line.result())->place == 1);
  CHECK(shop.bob.count(Event::Kind::queued) == 1);
  shop.ann->give_back({shop.part});
  shop.site.settle();
  std::size_t offers = 0;
  for (const Event& event : shop.bob.events()) {
    if (event.kind != Event::Kind::offered) continue;
    ++offers;
    CHECK(event.key == AnyKey(shop.part).record());
    CHECK(event.until_us > shop.site.now_us);
  }
  CHECK(offers == 1);
  CHECK(code_of(shop.ann->check_out(shop.part)) == Errc::none);
  shop.bob.borrow(shop.part);
  CHECK(shop.bob.holds(shop.part));
}

TEST_CASE("C7: giving back throws away edits that were not checked in, and nothing else",
          "[client]") {
  Shop shop;
  const auto other = shop.ann.make_part("P2");
  shop.site.settle();
  shop.ann.borrow(shop.part);
  shop.ann.borrow(other);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann.retitle(other, "Nut"));
  const auto returned = shop.ann->give_back({shop.part});
  CHECK(shop.ann.title(shop.part).empty());
  CHECK(shop.ann.title(other) == "Nut");
  shop.site.settle();
  REQUIRE(accepted(returned));
  CHECK_FALSE(shop.ann.holds(shop.part));
  CHECK(shop.ann.holds(other));
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(shop.part).iteration == 1);
  CHECK(shop.ann.header(shop.part) == shop.site.header(shop.part));
}

TEST_CASE("giving back throws away an edit that lies on unanswered work, and keeps that work",
          "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  shop.ann.go_off_line();
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  REQUIRE(shop.ann.check_in(shop.part, Borrowing::kept));
  REQUIRE(shop.ann.retitle(shop.part, "Nut"));
  const auto made = shop.ann.make_part("P2", Borrowing::kept);
  REQUIRE(shop.ann.retitle(made, "Screw"));
  shop.ann->give_back({shop.part, made});
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann.title(made).empty());
  CHECK(shop.ann->check_invariants().empty());
  shop.ann.go_on_line();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.ann->borrowed().empty());
  CHECK(shop.ann.title(shop.part) == "Bolt");
  CHECK(shop.ann->snapshot().borrows().empty());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("X6: what others do to a returned record is seen whole, before the return is answered",
          "[client]") {
  Site site;
  Desk ann(site, "ann"), bob(site, "bob");
  ann.go_on_line();
  bob.go_on_line();
  const auto one = ann.make_part("P1"), two = ann.make_part("P2");
  site.settle();
  ann.borrow(one);
  // The return is done, and its answer lost.
  ann.on_receive = [](wire::Frame frame) -> std::optional<wire::Frame> {
    capnp::FlatArrayMessageReader reader(
        kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.bytes().data()),
                     frame.size_bytes() / sizeof(capnp::word)));
    if (reader.getRoot<protocol::ToClient>().isAnswers()) return std::nullopt;
    return frame;
  };
  ann->give_back({one});
  site.settle();
  const auto borrowed = bob->check_out({one, two});
  site.settle();
  REQUIRE(accepted(borrowed));
  REQUIRE(bob->write([&](Transaction& t) {
    for (const auto key : {one, two}) {
      t.edit(key).setTitle("Bolt");
      t.check_in(key);
    }
  }));
  site.settle();
  CHECK(ann.title(two) == "Bolt");
  CHECK(ann.title(one) == "Bolt");
  ann.on_receive = nullptr;
  ann.cut();
  site.settle();
  check_equal(site, ann);
}

TEST_CASE("giving back what one does not hold is done already", "[client]") {
  Shop shop;
  const auto returned = shop.ann->give_back({shop.part});
  shop.site.settle();
  CHECK(accepted(returned));
}

TEST_CASE("an edit after the record was given back is kept when the borrow is over", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  shop.ann->give_back({shop.part});
  // The answer has not come, so the replica still shows the borrow; or it refuses at once.
  const auto edited = shop.ann.retitle(shop.part, "Bolt");
  shop.site.settle();
  if (edited) {
    REQUIRE(shop.ann->conflicts().size() == 1);
    CHECK(shop.ann->conflicts()[0].reasons[0].code == Errc::borrow_lost);
    CHECK_FALSE(shop.ann->conflicts()[0].items[0].mine.empty());
  }
  CHECK(shop.ann.title(shop.part).empty());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edit of a made record whose borrow ended before its answer came is kept",
          "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  const auto made = shop.ann.make_part("P2", Borrowing::kept);
  shop.ann->give_back({made});
  const auto edited = shop.ann.retitle(made, "Bolt");
  shop.ann.go_on_line();
  if (edited) CHECK(shop.ann->conflicts().size() == 1);
  CHECK(shop.ann.title(made).empty());
  CHECK(shop.ann->status().unchecked == 0);
  CHECK(shop.ann->snapshot().borrows().empty());
  check_equal(shop.site, shop.ann);
}

}  // namespace coppice::test
