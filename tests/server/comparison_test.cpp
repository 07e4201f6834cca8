#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

using Ask = std::function<void(protocol::Compare::Builder)>;

wire::Frame question(const Ask& fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<protocol::ToServer>().initCompare());
  return frame_of(message);
}

protocol::Compared::Reader ask(TestServer& server, Peer& peer, const Ask& fill) {
  peer.send_bytes(question(fill));
  server.run();
  peer.listen();
  return peer.last(protocol::ToClient::COMPARED).getCompared();
}

void create_parts(Maker& maker, std::uint64_t count) {
  Work work;
  for (std::uint64_t i = 0; i < count; ++i) {
    work.create(part(maker.first_id + i), part_body(std::to_string(i)));
  }
  REQUIRE(outcome(maker.ask(work)) == "accepted");
}

// Everything about parts, in parts of so many records.
Ask about_parts(std::uint64_t records_per_part, std::uint64_t cursor = ~0ull) {
  return [=](protocol::Compare::Builder compare) {
    compare.setCursor(cursor);
    auto range = compare.initRanges(1)[0];
    range.setTree(kParts.value);
    range.setUpTo(~std::uint64_t{0});
    range.setRecordsPerPart(records_per_part);
  };
}

}  // namespace

TEST_CASE("a question without ranges is about every tree", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  create_parts(ann, 10);
  const auto compared =
      ask(server, ann, [](protocol::Compare::Builder compare) { compare.setCursor(~0ull); });
  std::uint64_t records = 0;
  for (const auto range : compared.getRanges()) {
    for (const auto each : range.getParts()) records += each.getCount();
  }
  CHECK(compared.getRanges().size() == server.database().catalogue()->trees().size());
  CHECK(records == 10);
  CHECK(compared.getChanged().size() == 0);
  CHECK(compared.getHead() == server.number("head"));
}

TEST_CASE("a range is answered in parts, the last of which takes the rest", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  create_parts(ann, 100);
  const auto three = ask(server, ann, about_parts(40)).getRanges()[0].getParts();
  REQUIRE(three.size() == 3);
  CHECK(three[0].getCount() == 40);
  CHECK(three[0].getLast() == part(ann.first_id + 39).word.value);
  CHECK(three[2].getCount() == 20);
  CHECK(three[2].getLast() == part(ann.first_id + 99).word.value);
  const auto most = ask(server, ann, about_parts(1)).getRanges()[0].getParts();
  REQUIRE(most.size() == 64);
  CHECK(most[63].getCount() == 37);
}

TEST_CASE("what changed after the cursor is named and left out", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  create_parts(ann, 3);
  const auto before = server.number("head");
  REQUIRE(outcome(ann.ask(Work().create(part(ann.first_id + 50), part_body("x")))) == "accepted");
  const auto compared = ask(server, ann, about_parts(0, before));
  REQUIRE(compared.getChanged().size() == 1);
  CHECK(compared.getChanged()[0].getKey() == part(ann.first_id + 50).word.value);
  CHECK(compared.getRanges()[0].getParts()[0].getCount() == 3);
}

TEST_CASE("an answer is made between other work, whatever else is asked", "[server]") {
  Options options;
  options.compared_per_step = 7;
  TestServer server(options);
  Maker ann(server, "ann");
  create_parts(ann, 50);
  ann.send_bytes(question(about_parts(0)));
  CHECK(server.step());
  REQUIRE(outcome(ann.ask(Work().create(part(ann.first_id + 60), part_body("x")))) == "accepted");
  ann.listen();
  // As it was when the question came.
  const auto compared = ann.last(protocol::ToClient::COMPARED).getCompared();
  CHECK(compared.getRanges()[0].getParts()[0].getCount() == 50);
}

TEST_CASE("a comparison that makes no sense ends the connection", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  SECTION("before the answer to the one before") {
    ann.send_bytes(question(about_parts(0)));
    ann.send_bytes(question(about_parts(0)));
  }
  SECTION("an empty range") {
    ann.send_bytes(question([](auto compare) { compare.initRanges(1)[0].setAfter(5); }));
  }
  SECTION("too many ranges") {
    ann.send_bytes(question([](auto compare) { compare.initRanges(65); }));
  }
  SECTION("before the welcome") {
    ann.session = {500};
    server.core().opened(ann.session, "main", "ann", server.now_us);
    ann.send_bytes(question(about_parts(0)));
  }
  server.run();
  CHECK(ann.closed().has_value());
}

TEST_CASE("a tree that the server does not have is an empty one", "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  const auto compared = ask(server, ann, [](protocol::Compare::Builder compare) {
    auto range = compare.initRanges(1)[0];
    range.setTree(12345);
    range.setUpTo(1);
  });
  CHECK(compared.getRanges()[0].getParts().size() == 0);
}

}  // namespace coppice::server::test
