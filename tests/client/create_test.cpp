#include "client/convert.h"
#include "tests/client/site.h"
#include "tests/schema/bodies.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Shop() { ann.go_on_line(); }
};

}  // namespace

TEST_CASE("a record is visible at once, and durable before write returns", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  const auto before = shop.ann->snapshot();
  const auto key = shop.ann.make_part("P1");
  CHECK_FALSE(before.get(key));
  REQUIRE(shop.ann->snapshot().get(key));
  CHECK(shop.ann->snapshot().get(key)->body().getNumber() == "P1");
  CHECK(shop.ann->status().outbox == 1);
}

TEST_CASE("what was made off line is there after the replica is opened again", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  const auto key = shop.ann.make_part("P1");
  const auto shown = shop.ann.value(key);
  shop.ann.reopen();
  CHECK(shop.ann.value(key) == shown);
  CHECK(shop.ann->status().outbox == 1);
  shop.ann.go_on_line();
  CHECK(shop.ann->status().outbox == 0);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an accepted record has exactly the authority's header, without being sent it",
          "[client]") {
  Shop shop;
  shop.ann.make_part("P0");
  const auto key = shop.ann.make_part("P1");
  CHECK(LocalMark::is_local(shop.ann.header(key)));
  shop.site.settle();
  const RecordHeader header = shop.ann.header(key);
  CHECK(header == shop.site.header(key));
  CHECK(header.iteration == 1);
  CHECK(header.sequence == header.body_sequence);
  CHECK(header.changed_us > 0);
  CHECK(header.fresh());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("several actions in one transaction are one operation, and others see them whole",
          "[client]") {
  Shop shop;
  Desk bob(shop.site, "bob");
  bob.go_on_line();
  Key<shop::Part> part;
  Key<shop::Company> company;
  const auto submitted = shop.ann->submit([&](Transaction& t) {
    t.comment("a part with its maker");
    company = t.create<shop::Company>([](auto body) { body.setName("Smith"); });
    part = t.create<shop::Part>([&](auto body) { refer(body.initMaker(), company); });
    CHECK(t.read(company).getName() == "Smith");
    t.set_state(part, 0, 5);
  });
  CHECK(shop.ann->status().outbox == 1);
  shop.site.settle();
  REQUIRE(accepted(submitted));
  CHECK(shop.site.header(part).state == 5);
  CHECK(bob->snapshot().get(company));
  CHECK(key_of(bob->snapshot().get(part)->body().getMaker()) == company);
  check_equal(shop.site, shop.ann);
  check_equal(shop.site, bob);
}

TEST_CASE("a create inside the filling of another makes both, as it is written", "[client]") {
  Shop shop;
  Key<shop::Company> company;
  const auto part = shop.ann->write([&](Transaction& t) {
    return t.create<shop::Part>([&](shop::Part::Builder body) {
      body.setNumber("P1");
      company = t.create<shop::Company>([&](shop::Company::Builder maker) {
        maker.setName("Smith");
        t.create<shop::Company>([](shop::Company::Builder other) { other.setName("Jones"); });
        maker.setCity("York");
      });
      refer(body.initMaker(), company);
      body.setTitle("Bolt");
    });
  });
  REQUIRE(part);
  shop.site.settle();
  const auto now = shop.ann->snapshot();
  CHECK(now.get(*part)->body().getNumber() == "P1");
  CHECK(now.get(*part)->body().getTitle() == "Bolt");
  CHECK(key_of(now.get(*part)->body().getMaker()) == company);
  CHECK(now.get(company)->body().getName() == "Smith");
  CHECK(now.get(company)->body().getCity() == "York");
  CHECK(now.count<shop::Company>() == 2);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a body in stored form is checked before it is made a record", "[client]") {
  Shop shop;
  const auto good =
      shop.ann->write([](Transaction& t) { return t.create(TreeOf<shop::Part>::id, full_part()); });
  REQUIRE(good);
  const auto bad = shop.ann->write([](Transaction& t) {
    return t.create(TreeOf<shop::Part>::id, std::vector<std::uint64_t>{~std::uint64_t{0}, 1});
  });
  CHECK(code_of(bad) == Errc::invalid);
  CHECK_FALSE(bad.error().message.empty());
  shop.site.settle();
  CHECK(shop.ann->snapshot().count<shop::Part>() == 1);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an edit of what the same transaction made is part of the create", "[client]") {
  Shop shop;
  const auto key = shop.ann->write([](Transaction& t) {
    const auto made = t.create<shop::Part>([](auto part) { part.setNumber("P1"); });
    t.edit(made).setTitle("Bolt");
    t.check_in(made, "and its title");
    return made;
  });
  REQUIRE(key);
  shop.site.settle();
  CHECK(shop.ann.title(*key) == "Bolt");
  CHECK(shop.site.header(*key).iteration == 1);
  CHECK(shop.ann->status().conflicts == 0);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a record that is made and removed in one transaction never was", "[client]") {
  Shop shop;
  const auto written = shop.ann->write([](Transaction& t) {
    const auto made = t.create<shop::Part>([](auto part) { part.setNumber("P1"); });
    t.remove(made);
    t.create<shop::Part>([](auto part) { part.setNumber("P2"); });
  });
  REQUIRE(written);
  shop.site.settle();
  CHECK(shop.site.count(TreeOf<shop::Part>::id) == 1);
  CHECK(shop.ann->status().conflicts == 0);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("an exception from the program's function changes nothing", "[client]") {
  Shop shop;
  CHECK_THROWS_WITH(shop.ann->write([](Transaction& t) {
    t.create<shop::Part>([](auto) {});
    throw std::runtime_error("no");
  }),
                    "no");
  CHECK(shop.ann->snapshot().count<shop::Part>() == 0);
  CHECK(shop.ann->status().outbox == 0);
  shop.ann.make_part("P1");
  shop.site.settle();
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a transaction that does nothing asks nobody", "[client]") {
  Shop shop;
  CHECK(shop.ann->write([](Transaction&) {}));
  const auto submitted = shop.ann->submit([](Transaction&) {});
  CHECK(accepted(submitted));
  CHECK(shop.ann->status().outbox == 0);
}

TEST_CASE("a write inside a write is refused and the outer one goes on", "[client]") {
  Shop shop;
  const auto outer = shop.ann->write([&](Transaction& t) {
    const auto inner = shop.ann->write([](Transaction&) {});
    CHECK(code_of(inner) == Errc::bad_request);
    CHECK(code_of(shop.ann->submit([](Transaction&) {})) == Errc::bad_request);
    CHECK(code_of(shop.ann->lease<shop::Part>(1)) == Errc::bad_request);
    CHECK(code_of(shop.ann->flushed()) == Errc::bad_request);
    return t.create<shop::Part>([](auto) {});
  });
  REQUIRE(outer);
  CHECK(shop.ann->snapshot().get(*outer));
}

TEST_CASE("a record is kept when it is made, edited and checked in before the first answer",
          "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  const auto key = shop.ann.make_part("P1", Borrowing::kept);
  CHECK(shop.ann.holds(key));
  REQUIRE(shop.ann.retitle(key, "Bolt"));
  REQUIRE(shop.ann.check_in(key, Borrowing::kept));
  REQUIRE(shop.ann.retitle(key, "Nut"));
  REQUIRE(shop.ann.check_in(key));
  CHECK_FALSE(shop.ann.holds(key));
  shop.ann.go_on_line();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(key).iteration == 3);
  CHECK(shop.ann.title(key) == "Nut");
  CHECK_FALSE(shop.ann->snapshot().holder(key));
  CHECK(shop.ann->snapshot().borrows().empty());
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a record made and kept is borrowed until it is checked in", "[client]") {
  Shop shop;
  const auto key = shop.ann.make_part("P1", Borrowing::kept);
  REQUIRE(shop.ann.retitle(key, "Bolt"));
  shop.site.settle();
  CHECK(shop.ann.holds(key));
  CHECK(shop.ann.title(key) == "Bolt");
  CHECK(shop.ann->status().unchecked == 1);
  CHECK(shop.site.header(key).token != 0);
  REQUIRE(shop.ann.check_in(key));
  shop.site.settle();
  CHECK(shop.site.header(key).token == 0);
  CHECK(shop.site.header(key).iteration == 2);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a check-in of a record in the transaction that made it ends its borrow", "[client]") {
  Shop shop;
  const auto key = shop.ann->write([](Transaction& t) {
    const auto made = t.create<shop::Part>([](auto) {}, Borrowing::kept);
    t.check_in(made);
    return made;
  });
  REQUIRE(key);
  shop.site.settle();
  CHECK(shop.site.header(*key).token == 0);
  CHECK_FALSE(shop.ann.holds(*key));
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a part is made and released in one transaction", "[client]") {
  Shop shop;
  const auto key = shop.ann->write([](Transaction& t) {
    const auto made =
        t.create<shop::Part>([](auto part) { part.setNumber("P1"); }, Borrowing::kept);
    t.release(made);
    return made;
  });
  REQUIRE(key);
  shop.site.settle();
  CHECK(shop.ann->status().conflicts == 0);
  CHECK(shop.site.header(*key).released());
  CHECK(shop.ann->snapshot().borrows().empty());
  check_equal(shop.site, shop.ann);
}

}  // namespace coppice::test
