// Transactions larger than the server takes never leave the replica.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

server::Options small() {
  server::Options options;
  options.actions_per_transaction = 10;
  options.frame_bytes = 64'000;
  options.body_bytes = 20'000;
  options.requests_in_flight = 2;
  return options;
}

struct Shop {
  Site site{small()};
  Desk ann{site, "ann"};
  Shop() { ann.go_on_line(); }

  Result<Done> make(int count, std::size_t thumbnail_bytes) {
    return ann->write([&](Transaction& t) {
      for (int i = 0; i < count; ++i) {
        t.create<shop::Part>([&](shop::Part::Builder part) {
          part.initThumbnail(static_cast<unsigned>(thumbnail_bytes));
        });
      }
    });
  }
};

}  // namespace

TEST_CASE("a transaction of too many actions is refused here, with the limit", "[client]") {
  Shop shop;
  const auto made = shop.make(11, 0);
  CHECK(code_of(made) == Errc::bad_request);
  CHECK(made.error().message ==
        "The transaction has 11 actions; the server takes at most 10. Split it.");
  CHECK(shop.ann->snapshot().count<shop::Part>() == 0);
  CHECK(shop.make(10, 0));
  shop.site.settle();
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a transaction of too many bytes is refused here, and its ids are free again",
          "[client]") {
  Shop shop;
  const auto ids = shop.ann->ids_left(TreeOf<shop::Part>::id);
  const auto made = shop.make(5, 15'000);
  CHECK(code_of(made) == Errc::bad_request);
  CHECK_THAT(made.error().message, ContainsSubstring("the server takes at most 64000. Split it."));
  CHECK(shop.ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(shop.ann->status().outbox == 0);
}

TEST_CASE("a body that is too large is refused here, with its key", "[client]") {
  Shop shop;
  const auto made = shop.make(1, 21'000);
  CHECK(code_of(made) == Errc::invalid);
  CHECK_THAT(made.error().message, ContainsSubstring("20000"));
  CHECK(made.error().key.tree == TreeOf<shop::Part>::id);
  const auto part = shop.ann.make_part("P1");
  shop.site.settle();
  shop.ann.borrow(part);
  const auto edited = shop.ann->write([&](Transaction& t) { t.edit(part).initThumbnail(21'000); });
  CHECK(code_of(edited) == Errc::invalid);
  CHECK(shop.ann.value(part) == shop.site.stored(part));
}

TEST_CASE("a long outbox is sent as the server takes it", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  for (int i = 0; i < 50; ++i) REQUIRE(shop.make(3, 100));
  CHECK(shop.ann->status().outbox == 50);
  shop.ann.go_on_line();
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.site.count(TreeOf<shop::Part>::id) == 150);
  check_equal(shop.site, shop.ann);
}

}  // namespace coppice::test
