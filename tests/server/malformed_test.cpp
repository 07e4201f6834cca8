#include <random>

#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

wire::Frame frame_from(std::vector<std::uint64_t> words) {
  return wire::Frame::copy_of(std::as_bytes(std::span(words)));
}

TEST_CASE("a frame that is no message ends the connection", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  SECTION("empty") { ann.send_bytes(wire::Frame{}); }
  SECTION("not whole words") {
    const std::byte bytes[5] = {};
    ann.send_bytes(wire::Frame::copy_of(bytes));
  }
  SECTION("noise") { ann.send_bytes(frame_from({~0ull, 1, 2, 3})); }
  SECTION("a segment that is not there") { ann.send_bytes(frame_from({0x0000'1000'0000'0000, 0})); }
  server.run();
  CHECK(ann.closed().has_value());
}

TEST_CASE("a frame over the limit ends the connection", "[server]") {
  Options options;
  options.frame_bytes = 64 << 10;
  TestServer server(options);
  Peer ann(server, "ann");
  ann.send_bytes(frame_from(std::vector<std::uint64_t>(10'000)));
  CHECK(ann.closed().has_value());
}

TEST_CASE("a second hello, and a request before the welcome, end the connection", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  SECTION("second hello") {
    capnp::MallocMessageBuilder message;
    message.initRoot<protocol::ToServer>().initHello();
    ann.send_bytes(frame_of(message));
  }
  SECTION("request first") {
    ann.session = {500};
    server.core().opened(ann.session, "main", "ann", server.now_us);
    ann.send(lease(kParts, 1));
  }
  server.run();
  CHECK(ann.closed().has_value());
}

TEST_CASE("a request of a kind that the server does not know is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(outcome(ann.ask([](protocol::Request::Builder request) {
          request.initLease();
          // The discriminant of the union: a later version's member.
          auto data = capnp::AnyStruct::Builder(kj::mv(request)).getDataSection();
          for (std::size_t i = 16; i < data.size(); i += 2) {
            if (data[i] == 4) data[i] = 99;
          }
        })) == "bad_request");
  CHECK(outcome(ann.ask(lease(kParts, 1))) == "leased");
}

TEST_CASE("a message that points at the same words again and again is refused", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  capnp::MallocMessageBuilder message;
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(++ann.last_operation);
  Work work;
  work.create(part(1), part_body(std::string(2000, 'x')));
  for (std::uint64_t id = 2; id <= 100; ++id) work.create(part(id), Words(1));
  work(request);
  auto flat = capnp::messageToFlatArray(message);
  // Every body of one word becomes a pointer to the first one's bytes.
  auto* words = reinterpret_cast<std::uint64_t*>(flat.begin());
  std::size_t large = 0;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const std::uint64_t count = words[i] >> 35;
    if ((words[i] & 3) == 1 && ((words[i] >> 32) & 7) == 2 && count > 2000 && large == 0) large = i;
  }
  REQUIRE(large > 0);
  const std::int64_t target =
      static_cast<std::int64_t>(large) + 1 + static_cast<std::int32_t>(words[large]) / 4;
  for (std::size_t i = large + 1; i < static_cast<std::size_t>(target); ++i) {
    if ((words[i] & 3) != 1 || words[i] >> 32 != (8 << 3 | 2)) continue;
    const auto offset = static_cast<std::uint32_t>(target - static_cast<std::int64_t>(i) - 1);
    words[i] = (words[large] & 0xffff'ffff'0000'0000) | std::uint64_t{offset} << 2 | 1;
  }
  ann.send_bytes(wire::Frame::copy_of(std::as_bytes(std::span(flat.begin(), flat.size()))));
  server.run();
  ann.listen();
  CHECK(outcome(ann.answer(ann.last_operation)) == "bad_request");
  CHECK(server.records().empty());
}

// Valid requests with some bytes changed: whatever they say, the server goes on, and what it stores
// is whole.
TEST_CASE("no mutation of a request harms the server", "[server]") {
  const auto seed = GENERATE(range(1u, 9u));
  std::mt19937 random(seed);
  TestServer server;
  Maker ann(server, "ann");
  Peer watcher(server, "watcher");
  ann.keeps_records = false;
  const auto token = token_of(ann.ask(Work().create(part(1), part_body("R1"), true)));
  const std::vector<std::function<void(protocol::Request::Builder)>> requests = {
      Work().create(part(2), part_body("R2")).create(company(1), company_body("Acme")),
      Work().create(part(3), part_body("R3"), true).comment("why"),
      Work().check_in(part(1), token, 1, part_body("R1b"), true).set_state(part(1), 0, 3),
      Work().release(part(1), token, 1).next_revision(part(1, 2), token),
      borrow({part(1), part(2)}, "purpose"),
      wait_for({part(1)}),
      give_back(part(1), token),
      lease(kParts, 10),
  };
  for (int round = 0; round < 300; ++round) {
    if (ann.closed()) ann.connect([](Peer::Hello h) { h.setLastOperation(~0ull >> 1); });
    capnp::MallocMessageBuilder message;
    auto request = message.initRoot<protocol::ToServer>().initRequest();
    request.setOperation(++ann.last_operation);
    requests[random() % requests.size()](request);
    auto flat = capnp::messageToFlatArray(message);
    auto* bytes = reinterpret_cast<unsigned char*>(flat.begin());
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      bytes[random() % (flat.size() * 8)] ^= static_cast<unsigned char>(1 + random() % 255);
    }
    ann.send_bytes(wire::Frame::copy_of(std::as_bytes(std::span(flat.begin(), flat.size()))));
    server.run();
    ann.last_operation = [&] {
      const Clients clients(server.database().read(), Tables(server.database()));
      return clients.find(ClientNumber{ann.number})->last_operation;
    }();
    ann.listen();
    ann.forget();
  }
  CHECK(server.faults() == std::vector<std::string>{});
  watcher.listen();
  CHECK(watcher.records == server.records());
}

TEST_CASE("no mutation of a hello harms the server", "[server]") {
  const auto seed = GENERATE(range(1u, 5u));
  std::mt19937 random(seed);
  TestServer server;
  Maker ann(server, "ann");
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  hello.initClient(16);
  hello.setUser("mallory");
  hello.setApplication("shop");
  const auto words = TreeOf<shop::Part>::schema();
  hello.initSchemas(1).setWithCaveats(0, capnp::readMessageUnchecked<protocol::TreeSchema>(
                                             reinterpret_cast<const capnp::word*>(words.data())));
  const auto flat = capnp::messageToFlatArray(message);
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::vector<std::uint64_t> changed(flat.size());
    std::memcpy(changed.data(), flat.begin(), 8 * flat.size());
    auto* bytes = reinterpret_cast<unsigned char*>(changed.data());
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      bytes[random() % (changed.size() * 8)] ^= static_cast<unsigned char>(1 + random() % 255);
    }
    const wire::SessionId session{10'000 + round};
    server.core().opened(session, "main", "mallory", server.now_us);
    server.core().received(session, frame_from(changed), server.now_us);
    server.run();
    server.core().closed(session, server.now_us);
    server.wire().frames.erase(session);
  }
  CHECK(server.faults() == std::vector<std::string>{});
  CHECK(outcome(ann.ask(Work().create(part(1), part_body("R1")))) == "accepted");
  server.restart();
  CHECK(server.faults() == std::vector<std::string>{});
}

}  // namespace
}  // namespace coppice::server::test
