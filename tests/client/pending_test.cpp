#include <future>
#include <thread>

#include "tests/client/site.h"

namespace coppice::test {
namespace {

struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Shop() { ann.go_on_line(); }
};

}  // namespace

TEST_CASE("a callback runs in poll, whether it was given before or after the answer", "[client]") {
  Shop shop;
  int early = 0, late = 0;
  auto pending = shop.ann->submit([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  pending.then([&](const Result<Accepted>& accepted) {
    CHECK(accepted);
    ++early;
  });
  CHECK_FALSE(pending.result());
  shop.site.network.run_until_idle();
  for (int i = 0; i < 10 && !pending.result(); ++i) {
    shop.ann->step(shop.site.now_us);
    shop.site.network.run_until_idle();
    shop.site.work();
  }
  REQUIRE(pending.result());
  CHECK(early == 0);
  shop.ann->poll();
  CHECK(early == 1);
  pending.then([&](const Result<Accepted>&) { ++late; });
  CHECK(late == 0);
  shop.ann->poll();
  shop.ann->poll();
  CHECK(early == 1);
  CHECK(late == 1);
}

TEST_CASE("an answer tells the operation's last change and its time", "[client]") {
  Shop shop;
  const auto part = shop.ann.make_part("P1");
  shop.site.settle();
  shop.ann.borrow(part);
  Desk bob(shop.site, "bob");
  bob.go_on_line();
  REQUIRE(shop.ann.retitle(part, "Bolt"));
  const auto submitted = shop.ann->submit([&](Transaction& t) { t.check_in(part); });
  // Somebody else's change comes with the same unit.
  bob.make_part("P2");
  shop.site.settle();
  REQUIRE(accepted(submitted));
  const Accepted told = **submitted.result();
  CHECK(told.operation > 0);
  CHECK(told.sequence == shop.site.header(part).sequence);
  CHECK(told.time_us == shop.site.header(part).changed_us);
}

TEST_CASE("flushed is settled when what was made before has its answers", "[client]") {
  Shop shop;
  shop.ann.go_off_line();
  shop.ann.make_part("P1");
  const auto flushed = shop.ann->flushed();
  shop.ann->step(shop.site.now_us);
  CHECK_FALSE(flushed.result());
  shop.ann.go_on_line();
  CHECK(accepted(flushed));
  const auto again = shop.ann->flushed();
  shop.ann->step(shop.site.now_us);
  CHECK(accepted(again));
}

TEST_CASE("flushed does not wait for what is made later", "[client]") {
  Shop shop;
  shop.ann.make_part("P1");
  const auto flushed = shop.ann->flushed();
  for (int i = 0; i < 20 && !flushed.result(); ++i) {
    shop.ann.make_part("more");  // there is always something in the outbox
    shop.ann->step(shop.site.now_us);
    shop.site.network.run_until_idle();
    shop.site.work();
  }
  CHECK(accepted(flushed));
}

TEST_CASE("synced is settled when the replica is live, and refused when it is sent away",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.application = "shop";
  ann.open();
  const auto synced = ann->synced();
  ann->step(site.now_us);
  CHECK_FALSE(synced.result());
  ann.go_on_line();
  CHECK(accepted(synced));

  Desk eve(site, "eve");
  eve.options.application = "another";
  eve.open();
  const auto before = eve->synced();
  eve.connect();
  site.settle();
  CHECK(eve->status().connection == Connection::refused);
  CHECK(code_of(before) == Errc::foreign_application);
  // Nothing will change that by itself.
  const auto after = eve->synced();
  eve->step(site.now_us);
  CHECK(code_of(after) == Errc::foreign_application);
}

TEST_CASE("everything that waits is cancelled when the client is closed", "[client]") {
  Shop shop;
  const auto part = shop.ann.make_part("P1");
  shop.site.settle();
  const auto borrow = shop.ann->check_out(part);
  const auto lease = shop.ann->lease<shop::Part>(10);
  const auto submitted =
      shop.ann->submit([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  shop.ann.cut();
  const auto flushed = shop.ann->flushed();
  const auto synced = shop.ann->synced();
  shop.ann.close();
  CHECK(code_of(borrow) == Errc::cancelled);
  CHECK(code_of(lease) == Errc::cancelled);
  CHECK(code_of(submitted) == Errc::cancelled);
  CHECK(code_of(flushed) == Errc::cancelled);
  CHECK(code_of(synced) == Errc::cancelled);
  // What was asked for goes on.
  shop.ann.go_on_line();
  CHECK(shop.site.count(TreeOf<shop::Part>::id) == 2);
}

TEST_CASE("an answer may outlive its client", "[client]") {
  Shop shop;
  auto pending = shop.ann->submit([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  shop.ann.close();
  bool called = false;
  pending.then([&](const Result<Accepted>&) { called = true; });
  CHECK_FALSE(called);
  CHECK(code_of(pending) == Errc::cancelled);
}

TEST_CASE("a client with a thread of its own runs callbacks given after the answer", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.sync = Client::Sync::own_thread;
  ann.options.on_event = [](const Event&) {};
  ann.open();
  const auto key = Key<shop::Part>(RecordId{1}, Revision{1});
  auto pending = ann->check_out(key);  // off line: refused at once
  REQUIRE(pending.result());
  std::promise<Errc> told;
  pending.then([&](const Result<Borrow>& borrow) { told.set_value(code_of(borrow)); });
  auto heard = told.get_future();
  REQUIRE(heard.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  CHECK(heard.get() == Errc::offline);
}

TEST_CASE("a thread that waits for an answer is woken when the client is closed", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.options.sync = Client::Sync::own_thread;
  ann.open();
  const auto synced = ann->synced();
  auto got = std::async(std::launch::async, [&] { return code_of(synced.get()); });
  ann.close();
  CHECK(got.get() == Errc::cancelled);
}

TEST_CASE("events and callbacks go to the program's own function where it gives one", "[client]") {
  Site site;
  Desk ann(site, "ann");
  std::vector<Event::Kind> told;
  ann.options.on_event = [&](const Event& event) { told.push_back(event.kind); };
  ann.go_on_line();
  bool answered = false;
  auto pending = ann->submit([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  pending.then([&](const Result<Accepted>&) { answered = true; });
  site.settle();
  CHECK(answered);
  CHECK(std::count(told.begin(), told.end(), Event::Kind::created) == 1);
  CHECK(std::count(told.begin(), told.end(), Event::Kind::accepted) == 1);
}

}  // namespace coppice::test
