#include <cstring>
#include <set>

#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

std::string refusal_to(Peer& peer, const std::function<void(Peer::Hello)>& change) {
  peer.forget();
  peer.connect(change);
  CHECK(peer.closed().has_value());
  return to_string(static_cast<Errc>(peer.refusal().getCode()));
}

wire::Frame hello_of(std::uint64_t who, const std::string& application) {
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  std::memcpy(hello.initClient(16).begin(), &who, sizeof who);
  hello.setApplication(application);
  return frame_of(message);
}

// The number that a welcome gives; 0: it is none.
std::uint32_t welcome_in(const wire::Frame& frame) {
  capnp::FlatArrayMessageReader reader(
      {reinterpret_cast<const capnp::word*>(frame.bytes().data()), frame.size_bytes() / 8});
  const auto message = reader.getRoot<protocol::ToClient>();
  return message.isWelcome() ? message.getWelcome().getClientNumber() : 0;
}

TEST_CASE("clients are numbered from 1, and everybody learns who made something", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  Peer bob(server, "bob");
  CHECK(ann.number == 1);
  CHECK(bob.number == 2);
  CHECK(ann.welcome().getEpoch() == 1);
  CHECK(ann.welcome().getDatabase().size() == 16);
  CHECK(bob.last(protocol::ToClient::CLIENTS).getClients().size() == 0);
  ann.forget();
  bob.ask(lease(kParts, 10));
  ann.listen();
  CHECK(ann.last(protocol::ToClient::CLIENTS).getClients()[0].getUser() == "bob");
  Peer eve(server, "eve");
  const auto names = eve.last(protocol::ToClient::CLIENTS).getClients();
  REQUIRE(names.size() == 1);
  CHECK(names[0].getNumber() == 2);
}

TEST_CASE("the name of a client is there before its first record", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Peer bob(server, "bob");
  bob.forget();
  Maker eve(server, "eve");
  eve.ask(Work().create(part(eve.first_id), part_body("R1")));
  bob.listen();
  bool named = false, seen = false;
  for (const auto& message : bob.heard()) {
    if (message.root.isClients() && message.root.getClients().size() > 0) named = true;
    if (message.root.isChanges() && message.root.getChanges().getRecords().size() > 0) {
      CHECK(named);
      seen = true;
    }
  }
  CHECK(seen);
}

TEST_CASE("a client keeps its number, and its new name is told once it has made something",
          "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  Peer bob(server, "bob");
  ann.ask(lease(kParts, 10));
  ann.disconnect();
  bob.listen();
  bob.forget();
  ann.connect([](Peer::Hello hello) { hello.setDevice("lathe"); });
  bob.listen();
  CHECK(ann.number == 1);
  CHECK(bob.last(protocol::ToClient::CLIENTS).getClients()[0].getDevice() == "lathe");
}

TEST_CASE("who comes at once is greeted in one step, each with a number of its own", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  constexpr std::uint64_t kFirst = 1'000, kCrowd = 5;
  for (std::uint64_t i = kFirst; i < kFirst + kCrowd; ++i) {
    server.core().opened({i}, "main", "somewhere", server.now_us);
    server.core().received({i}, hello_of(i, "shop"), server.now_us);
  }
  server.step();
  std::set<std::uint32_t> numbers;
  for (std::uint64_t i = kFirst; i < kFirst + kCrowd; ++i)
    numbers.insert(welcome_in(server.wire().frames[{i}].front()));
  CHECK(numbers.size() == kCrowd);
  CHECK_FALSE(numbers.contains(0));
}

TEST_CASE("the first hello names the application, also for who comes in the same step",
          "[server]") {
  TestServer server;
  server.core().opened({1}, "main", "somewhere", server.now_us);
  server.core().opened({2}, "main", "somewhere", server.now_us);
  server.core().received({1}, hello_of(1, "shop"), server.now_us);
  server.core().received({2}, hello_of(2, "garage"), server.now_us);
  server.step();
  CHECK_FALSE(server.wire().closed.contains({1}));
  CHECK(server.wire().closed.contains({2}));
  server.restart();
  server.core().opened({3}, "main", "somewhere", server.now_us);
  server.core().received({3}, hello_of(2, "garage"), server.now_us);
  server.step();
  CHECK(server.wire().closed.contains({3}));
}

TEST_CASE("D7: a replica of another database is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.initDatabase(16)[3] = 9; }) == "foreign_database");
}

TEST_CASE("a client of another application is refused, and of another protocol version",
          "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setApplication("garage"); }) ==
        "foreign_application");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setProtocol(9); }) == "protocol_version");
}

TEST_CASE("S30: a client of another epoch is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setEpoch(2); }) == "epoch_changed");
}

TEST_CASE("a client that has seen more than the server is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setCursor(1'000); }) == "epoch_changed");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setAcknowledged(5); }) == "epoch_changed");
}

TEST_CASE("a replica that was set back is refused as forked", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setLastOperation(1); }) == "device_forked");
}

TEST_CASE("names that are too long, and a client without a UUID, are refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.setUser(std::string(201, 'x')); }) == "bad_request");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.initClient(3); }) == "bad_request");
}

TEST_CASE("of two connections of one replica the newer one counts", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto first = ann.session;
  ann.connect();
  CHECK(server.wire().closed.contains(first));
  CHECK_FALSE(ann.closed());
  CHECK(outcome(ann.ask(lease(kParts, 1))) == "leased");
}

TEST_CASE("a tree of one name but another struct is refused, and nothing is adopted", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  const auto before = server.database().catalogue()->trees().size();
  const auto change = [](Peer::Hello h) { h.getSchemas()[1].setName("parts"); };
  CHECK(refusal_to(ann, change) == "incompatible_schema");
  CHECK(server.database().catalogue()->trees().size() == before);
}

TEST_CASE("a schema that is none is refused", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(refusal_to(ann, [](Peer::Hello h) { h.getSchemas()[0].initNodes(0); }) ==
        "incompatible_schema");
}

TEST_CASE("trees are adopted as version 1, and the welcome repeats nothing that is known",
          "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  CHECK(ann.welcome().getCatalogue().size() == 2);
  CHECK(ann.welcome().getCatalogue()[0].getVersion() == 1);
  ann.connect([](Peer::Hello h) {
    auto known = h.initKnown(2);
    known[0].setTree(kParts.value);
    known[0].setVersion(1);
    known[1].setTree(kCompanies.value);
    known[1].setVersion(1);
  });
  CHECK(ann.welcome().getCatalogue().size() == 0);
}

TEST_CASE("a tree that somebody brings is told to the others before its records", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  ann.forget();
  Peer bob(server, "bob", "desk");
  bob.connect([](Peer::Hello h) {
    auto schemas = h.initSchemas(1);
    const auto words = TreeOf<shop::Movement>::schema();
    schemas.setWithCaveats(0, capnp::readMessageUnchecked<protocol::TreeSchema>(
                                  reinterpret_cast<const capnp::word*>(words.data())));
  });
  ann.listen();
  const auto told = ann.last(protocol::ToClient::CATALOGUE).getCatalogue();
  REQUIRE(told.size() == 1);
  CHECK(told[0].getName() == "movements");
}

TEST_CASE("who only looks is told what there is, and nothing is remembered", "[server]") {
  TestServer server;
  Peer ann(server, "ann");
  Peer tool(server, "tool");
  tool.disconnect();
  tool.forget();
  tool.look();
  CHECK(tool.closed() == "");
  CHECK(tool.last(protocol::ToClient::CATALOGUE).getCatalogue().size() == 2);
  const auto described = tool.last(protocol::ToClient::DESCRIBED).getDescribed();
  CHECK(described.getApplication() == "shop");
  CHECK(described.getDatabase().size() == 16);
  CHECK(described.getEpoch() == 1);
  CHECK(Peer(server, "eve").number == 3);
}

TEST_CASE("who looks at the wrong place, or too late, is sent away", "[server]") {
  TestServer server;
  Peer tool(server, "tool");
  const auto code = [&] { return to_string(static_cast<Errc>(tool.refusal().getCode())); };
  tool.forget();
  tool.look(9);
  CHECK(code() == std::string("protocol_version"));
  tool.forget();
  tool.look(protocol::VERSION, "garage");
  CHECK(code() == std::string("foreign_database"));
  tool.forget();
  tool.connect();
  tool.look_again();
  CHECK_THAT(tool.closed().value_or(""), Catch::Matchers::ContainsSubstring("said hello"));
}

TEST_CASE("another path than the database's name is refused with both names", "[server]") {
  Options options;
  options.database_name = "garage";
  TestServer server(options);
  Peer ann(server, "ann");
  const std::string text = ann.refusal().getText();
  CHECK(text.find("garage") != std::string::npos);
  CHECK(text.find("main") != std::string::npos);
}

}  // namespace
}  // namespace coppice::server::test
