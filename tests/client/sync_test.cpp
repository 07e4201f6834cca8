// First sync, reconnects, lost answers and a server that says what cannot be.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include "client/convert.h"
#include "coppice/protocol.capnp.h"
#include "tests/client/site.h"
#include "tests/schema/bodies.h"

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
    part = bob.make_part("P1");
    site.settle();
  }
};

using ToClient = protocol::ToClient;

wire::Frame message(const std::function<void(ToClient::Builder)>& fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<ToClient>());
  return client::to_frame(message);
}

// What a frame from the server is, for those that have one.
std::optional<ToClient::Which> kind_of(const wire::Frame& frame) {
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(
      reinterpret_cast<const capnp::word*>(frame.bytes().data()), frame.size_bytes() / 8));
  return reader.getRoot<ToClient>().which();
}

// A unit of one change of the part: as the server would say it, but for what `change` does.
wire::Frame change_of(Shop& shop, const std::function<void(protocol::Change::Builder)>& change) {
  return message([&](ToClient::Builder root) {
    auto changes = root.initChanges();
    changes.setUpTo(shop.ann->status().cursor + 1);
    changes.setComplete(true);
    changes.setHead(shop.ann->status().cursor + 1);
    auto record = changes.initRecords(1)[0];
    record.setTree(TreeOf<shop::Part>::id.value);
    record.setKey(shop.part.word.value);
    const auto value = *shop.site.stored(shop.part);
    record.setValue(
        kj::arrayPtr(reinterpret_cast<const kj::byte*>(value.data()), value.size() * 8));
    change(record);
  });
}

// The part's value with another body.
std::vector<std::uint64_t> with_body(Shop& shop, const std::vector<std::uint64_t>& body) {
  RecordHeader header = shop.site.header(shop.part);
  header.body_words = static_cast<std::uint32_t>(body.size());
  std::vector<std::uint64_t> value(8);
  std::memcpy(value.data(), &header, sizeof header);
  value.insert(value.end(), body.begin(), body.end());
  return value;
}

void set_value(protocol::Change::Builder change, const std::vector<std::uint64_t>& words) {
  change.setValue(kj::arrayPtr(reinterpret_cast<const kj::byte*>(words.data()), words.size() * 8));
}

}  // namespace

TEST_CASE("a replica says that it is catching up until the feed has reached the head", "[client]") {
  server::Options options;
  options.part_bytes = 2000;
  options.parts_per_drain = 1;
  Site site(options);
  Desk ann(site, "ann");
  ann.go_on_line();
  for (int i = 0; i < 200; ++i) ann.make_part("P");
  site.settle();
  Desk bob(site, "bob");
  bob.open();
  CHECK_FALSE(bob->snapshot().catching_up());
  bob.connect();
  std::size_t partial = 0;
  bool was_first_sync = false;
  for (int i = 0; i < 1000 && bob->status().connection != Connection::live; ++i) {
    site.network.run_until_idle();
    site.work();
    bob->step(site.now_us);
    const auto now = bob->snapshot();
    const auto count = now.count<shop::Part>();
    if (count > 0 && count < 200) ++partial;
    if (count > 0 && bob->status().connection != Connection::live) {
      CHECK(now.catching_up());
      was_first_sync |= bob->status().first_sync;
    }
  }
  CHECK(partial > 0);
  CHECK(was_first_sync);
  site.settle();
  CHECK_FALSE(bob->snapshot().catching_up());
  CHECK(bob->status().records_done == 200);
  CHECK(bob->snapshot().sequence() == bob->status().head);
  check_equal(site, bob);
}

TEST_CASE("a create whose answer is lost is made once", "[client]") {
  Shop shop;
  bool lose = true;
  shop.ann.on_receive = [&](wire::Frame frame) -> std::optional<wire::Frame> {
    if (lose && kind_of(frame) == ToClient::Which::ANSWERS) return std::nullopt;
    return frame;
  };
  const auto submitted =
      shop.ann->submit([](Transaction& t) { t.create<shop::Part>([](auto) {}); });
  shop.site.settle();
  CHECK_FALSE(submitted.result());
  CHECK(shop.ann->status().outbox == 1);
  CHECK(shop.site.count(TreeOf<shop::Part>::id) == 2);
  lose = false;
  shop.ann.cut();
  shop.site.settle();
  CHECK(accepted(submitted));
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.site.count(TreeOf<shop::Part>::id) == 2);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("a check-in whose answer is lost is made once, over restarts of both sides", "[client]") {
  Shop shop;
  shop.ann.borrow(shop.part);
  REQUIRE(shop.ann.retitle(shop.part, "Bolt"));
  shop.ann.on_receive = [](wire::Frame) { return std::nullopt; };
  REQUIRE(shop.ann.check_in(shop.part));
  shop.site.settle();
  CHECK(shop.site.header(shop.part).iteration == 2);
  shop.ann.close();
  shop.site.stop_server();
  shop.ann.on_receive = nullptr;
  shop.site.start_server();
  shop.ann.go_on_line();
  CHECK(shop.site.header(shop.part).iteration == 2);
  CHECK(shop.ann->status().outbox == 0);
  CHECK(shop.ann->status().conflicts == 0);
  check_equal(shop.site, shop.ann);
}

TEST_CASE("F24: ids are asked for once, however often the connection is lost", "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.on_receive = [](wire::Frame frame) -> std::optional<wire::Frame> {
    if (kind_of(frame) == ToClient::Which::ANSWERS) return std::nullopt;
    return frame;
  };
  ann.go_on_line();
  CHECK(ann->status().outbox == ann.options.trees.size());
  for (int i = 0; i < 5; ++i) {
    ann.cut();
    site.settle();
  }
  CHECK(ann->status().outbox == ann.options.trees.size());
  ann.reopen();
  ann.go_on_line();
  CHECK(ann->status().outbox == ann.options.trees.size());
  ann.on_receive = nullptr;
  ann.cut();
  site.settle();
  CHECK(ann->status().outbox == 0);
  CHECK(ann->ids_left(TreeOf<shop::Part>::id) == 1000);
}

TEST_CASE("damaged messages change nothing, and the client connects again", "[client]") {
  Shop shop;
  const auto before = shop.ann.value(shop.part);
  const auto cursor = shop.ann->status().cursor;
  std::vector<wire::Frame> damaged;
  // No message at all, and one that ends early.
  damaged.push_back(wire::Frame::copy_of(std::as_bytes(std::span("no message.....", 16))));
  const auto good = change_of(shop, [](auto) {});
  damaged.push_back(wire::Frame::copy_of(good.bytes().first(good.size_bytes() - 16)));
  // Records of no tree and of no revision.
  damaged.push_back(change_of(shop, [](auto change) { change.setTree(1); }));
  damaged.push_back(
      change_of(shop, [&](auto change) { change.setKey(shop.part.floating().word.value); }));
  // Values that contradict themselves.
  damaged.push_back(change_of(shop, [](auto change) { change.initValue(7); }));
  damaged.push_back(change_of(shop, [](auto change) { change.initValue(64); }));
  damaged.push_back(change_of(shop, [](auto change) { change.setHeaderOnly(true); }));
  damaged.push_back(change_of(shop, [](auto change) {
    change.setKey(KeyWord(RecordId{999}, Revision{1}).value);
    change.setHeaderOnly(true);
    change.initValue(64);
  }));
  // Bodies that are none, or not in the form in which they are stored.
  damaged.push_back(change_of(shop, [&](auto change) {
    set_value(change, with_body(shop, {~std::uint64_t{0}, 5}));
  }));
  capnp::MallocMessageBuilder other_order;
  auto part = other_order.initRoot<shop::Part>();
  part.setTitle("Bolt");
  part.setNumber("P1");
  damaged.push_back(change_of(
      shop, [&](auto change) { set_value(change, with_body(shop, raw_words(other_order))); }));

  for (const auto& frame : damaged) {
    INFO("message " << &frame - damaged.data());
    shop.ann.inject(frame);
    shop.ann->step(shop.site.now_us);
    CHECK(shop.ann->status().connection == Connection::connecting);
    CHECK_FALSE(shop.ann->status().reason.empty());
    CHECK(shop.ann.value(shop.part) == before);
    CHECK(shop.ann->status().cursor == cursor);
    shop.site.settle();
    CHECK(shop.ann->status().connection == Connection::live);
  }
  check_equal(shop.site, shop.ann);
}

TEST_CASE("the reason for which a connection was given up is told until it is there again",
          "[client]") {
  Shop shop;
  shop.ann.inject(change_of(shop, [](auto change) { change.setTree(1); }));
  for (int i = 0; i < 3; ++i) {
    shop.ann->step(shop.site.now_us);
    shop.site.network.run_until_idle();
  }
  CHECK(shop.ann->status().connection == Connection::connecting);
  CHECK_THAT(shop.ann->status().reason, ContainsSubstring("The server sent what cannot be"));
  shop.site.settle();
  CHECK(shop.ann->status().reason.empty());
}

TEST_CASE("a unit that comes in parts is seen whole or not at all", "[client]") {
  server::Options options;
  options.part_bytes = 200;
  options.parts_per_drain = 1;
  Site site(options);
  Desk ann(site, "ann");
  Desk bob(site, "bob");
  ann.go_on_line();
  bob.go_on_line();
  REQUIRE(ann->write([](Transaction& t) {
    for (int i = 0; i < 30; ++i) t.create<shop::Part>([](auto part) { part.setNumber("P"); });
  }));
  std::size_t parts = 0;
  bob.on_receive = [&](wire::Frame frame) -> std::optional<wire::Frame> {
    parts += kind_of(frame) == ToClient::Which::CHANGES;
    return frame;
  };
  for (int i = 0; i < 500 && bob->snapshot().count<shop::Part>() == 0; ++i) {
    ann->step(site.now_us);
    site.network.step();
    site.work();
    bob->step(site.now_us);
  }
  CHECK(parts > 5);
  CHECK(bob->snapshot().count<shop::Part>() == 30);
}

TEST_CASE("half a unit is forgotten with its connection", "[client]") {
  server::Options options;
  options.part_bytes = 200;
  options.parts_per_drain = 1;
  Site site(options);
  Desk ann(site, "ann");
  Desk bob(site, "bob");
  ann.go_on_line();
  bob.go_on_line();
  std::size_t parts = 0;
  bob.on_receive = [&](wire::Frame frame) -> std::optional<wire::Frame> {
    if (kind_of(frame) == ToClient::Which::CHANGES && ++parts == 3) bob.cut();
    return frame;
  };
  REQUIRE(ann->write([](Transaction& t) {
    for (int i = 0; i < 30; ++i) t.create<shop::Part>([](auto part) { part.setNumber("P"); });
  }));
  site.settle();
  CHECK(parts > 3);
  check_equal(site, bob);
}

TEST_CASE("connecting again to where one is connected changes nothing", "[client]") {
  Shop shop;
  shop.ann.connect();
  shop.site.settle();
  CHECK(shop.ann->status().connection == Connection::live);
  CHECK(shop.ann->status().url == "ws://server:7400/shop");
}

TEST_CASE("connecting to somewhere else leaves where one was", "[client]") {
  Shop shop;
  REQUIRE(shop.ann->connect("ws://server:7400/elsewhere"));
  shop.site.settle();
  CHECK(shop.ann->status().connection == Connection::refused);
  CHECK_THAT(shop.ann->status().reason, ContainsSubstring("'elsewhere'"));
  shop.ann.go_on_line();
  CHECK(shop.ann->status().reason.empty());
}

TEST_CASE("a replica of another database is refused, and says so", "[client]") {
  Shop shop;
  Site elsewhere;
  Desk eve(elsewhere, "eve");
  eve.go_on_line();
  eve.close();
  shop.ann.close();
  std::filesystem::copy(eve.folder, shop.ann.folder / "eve");
  std::filesystem::copy_file(shop.ann.folder / "eve" / "data.mdb", shop.ann.folder / "data.mdb",
                             std::filesystem::copy_options::overwrite_existing);
  shop.ann.open();
  shop.ann.connect();
  shop.site.settle();
  CHECK(shop.ann->status().connection == Connection::refused);
  CHECK_THAT(shop.ann->status().reason, ContainsSubstring("another database"));
  shop.site.now_us += 100'000'000;
  shop.site.settle();
  CHECK(shop.ann->status().connection == Connection::refused);
}

TEST_CASE("a server that is not there is tried again, ever more seldom", "[client]") {
  Shop shop;
  shop.site.stop_server();
  std::vector<std::int64_t> attempts;
  shop.ann.on_connect = [&] { attempts.push_back(shop.site.now_us); };
  const auto start = shop.site.now_us;
  for (; shop.site.now_us < start + 120'000'000; shop.site.now_us += 50'000) {
    shop.site.network.run_until_idle();
    shop.ann->step(shop.site.now_us);
  }
  REQUIRE(attempts.size() > 5);
  CHECK(attempts.size() < 25);
  CHECK(attempts.back() - attempts[attempts.size() - 2] > 10 * (attempts[1] - attempts[0]));
  CHECK(shop.ann->status().connection == Connection::connecting);
  CHECK_FALSE(shop.ann->status().reason.empty());
  shop.site.start_server();
  shop.site.settle();
  CHECK(shop.ann->status().connection == Connection::live);
}

}  // namespace coppice::test
