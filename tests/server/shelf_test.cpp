#include "tests/server/transfers.h"

namespace coppice::server::test {
namespace {

// Ann holds part 1.
struct Shop {
  TestServer server;
  AccessToken anns = server.add_user("ann", "engineer");
  Maker ann{server, "ann", "desk", anns};
  Peer ann_at_home{server, "ann", "home", anns};
  Maker bob{server, "bob", "desk", server.add_user("bob", "engineer")};
  Peer ada{server, "ada", "desk", server.add_user("ada", "admin")};
  std::uint64_t token = 0;

  Shop() {
    ann.ask(Work().create(part(1), part_body("R1")).create(part(2), part_body("R2")));
    token = token_of(ann.ask(borrow({part(1)})));
  }
  ~Shop() { CHECK(server.faults() == std::vector<std::string>{}); }

  void shelve(Peer& peer, std::uint64_t under, const Words& body, AnyKey key = part(1)) {
    capnp::MallocMessageBuilder message;
    auto item = message.initRoot<protocol::ToServer>().initShelve(1)[0];
    item.setTree(key.tree.value);
    item.setKey(key.word.value);
    item.setToken(under);
    item.setBaseIteration(1);
    item.setSchemaVersion(1);
    item.setBody({reinterpret_cast<const kj::byte*>(body.data()), 8 * body.size()});
    peer.send_bytes(frame_of(message));
    server.run();
  }
  // The titles on the shelves of part 1, as the peer sees them.
  std::vector<std::string> seen_by(Peer& peer) {
    capnp::MallocMessageBuilder message;
    auto name = message.initRoot<protocol::ToServer>().initFetchShelves(1)[0];
    name.setTree(kParts.value);
    name.setId(1);
    peer.send_bytes(frame_of(message));
    server.run();
    peer.listen();
    std::vector<std::string> titles;
    for (const auto shelf : peer.last(protocol::ToClient::SHELVES).getShelves()) {
      const auto body = shelf.getItem().getBody();
      titles.push_back(capnp::readMessageUnchecked<shop::Part>(
                           reinterpret_cast<const capnp::word*>(body.begin()))
                           .getTitle()
                           .cStr());
    }
    return titles;
  }
  using Titles = std::vector<std::string>;
};

TEST_CASE_METHOD(Shop, "S32: a shelf is put, replaced, got and dropped", "[server]") {
  shelve(ann, token, part_body("R1", "one"));
  CHECK(seen_by(ann) == Titles{"one"});
  shelve(ann, token, part_body("R1", "two"));
  CHECK(seen_by(ann) == Titles{"two"});
  shelve(ann, token, {});
  CHECK(seen_by(ann).empty());
}

TEST_CASE_METHOD(Shop, "S32: a shelf is its user's and the administrators', and nobody else's",
                 "[server]") {
  shelve(ann, token, part_body("R1", "secret"));
  CHECK(seen_by(ann_at_home) == Titles{"secret"});
  CHECK(seen_by(ada) == Titles{"secret"});
  CHECK(seen_by(bob).empty());
}

TEST_CASE_METHOD(Shop, "S32: what is under no borrow in force, or no body, is not kept",
                 "[server]") {
  shelve(bob, token, part_body("R1", "Bob's"));
  shelve(ann, token + 1, part_body("R1", "another grant's"));
  shelve(ann, 0, part_body("R1", "no grant's"));
  shelve(ann, token, Words{0xffff'ffff'ffff'ffff, 7});
  shelve(ann, token, part_body("R2", "another record's"), part(2));
  CHECK(seen_by(ann).empty());
}

TEST_CASE_METHOD(Shop, "S32, C8: the shelf goes with the borrow that its holder ends", "[server]") {
  shelve(ann, token, part_body("R1", "one"));
  SECTION("by a return") { ann.ask(give_back(part(1), token)); }
  SECTION("by a check-in") { ann.ask(Work().check_in(part(1), token, 1, part_body("R1", "one"))); }
  CHECK(seen_by(ada).empty());
}

TEST_CASE_METHOD(Shop, "K7: the shelves of a revoked device stay readable to administrators",
                 "[server]") {
  shelve(ann, token, part_body("R1", "one"));
  ada.ask(revoke_device(ann.number, "stolen"));
  server.restart();
  ada.connect();
  CHECK(seen_by(ada) == Titles{"one"});
}

TEST_CASE_METHOD(Shop,
                 "K6: who accepts a hand-over sees the shelf, and then the next holder does not",
                 "[server]") {
  shelve(ann, token, part_body("R1", "one"));
  ann.ask(hand_over({part(1)}, "bob"));
  CHECK(seen_by(bob).empty());
  bob.ask(accept({part(1)}));
  CHECK(seen_by(bob) == Titles{"one"});
  Maker carl(server, "carl", "desk", server.add_user("carl", "engineer"));
  ada.ask(break_borrow({part(1)}, "why"));
  carl.ask(borrow({part(1)}));
  CHECK(seen_by(carl).empty());
}

TEST_CASE_METHOD(Shop, "the shelf of a broken borrow goes when its device has heard of it",
                 "[server]") {
  shelve(ann, token, part_body("R1", "one"));
  ann.disconnect();
  ada.ask(break_borrow({part(1)}, "why"));
  CHECK(seen_by(ada) == Titles{"one"});
  ann.connect();
  CHECK(seen_by(ada) == Titles{"one"});
  ann.acknowledged = ann.last_operation;
  ann.disconnect();
  ann.connect();
  CHECK(seen_by(ada).empty());
}

TEST_CASE("a shelf before the welcome ends the connection", "[server]") {
  TestServer server;
  Peer peer(server, "ann");
  peer.disconnect();
  server.core().opened({99}, "main", "stranger", server.now_us);
  peer.session = {99};
  capnp::MallocMessageBuilder message;
  message.initRoot<protocol::ToServer>().initShelve(1);
  peer.send_bytes(frame_of(message));
  CHECK(peer.closed().has_value());
}

}  // namespace
}  // namespace coppice::server::test
