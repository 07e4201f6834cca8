#pragma once

#include <string>
#include <vector>

#include "office.coppice.h"
#include "schema/body_shape.h"
#include "tests/server/fixture.h"

// A server of the drawing office, whose trees declare lifecycles.
namespace coppice::server::test {

inline constexpr TreeId kDrawings = TreeOf<office::Drawing>::id;
inline constexpr TreeId kMaterials = TreeOf<office::Material>::id;
inline constexpr TreeId kSketches = TreeOf<office::Sketch>::id;
inline constexpr TreeId kIndexes = TreeOf<office::Index>::id;

inline AnyKey drawing(std::uint64_t id, std::uint32_t revision = 1) {
  return {kDrawings, KeyWord(RecordId{id}, Revision{revision})};
}
inline AnyKey material(std::uint64_t id) {
  return {kMaterials, KeyWord(RecordId{id}, Revision{1})};
}
inline AnyKey sketch(std::uint64_t id) { return {kSketches, KeyWord(RecordId{id}, Revision{1})}; }
inline AnyKey index(std::uint64_t id) { return {kIndexes, KeyWord(RecordId{id}, Revision{1})}; }

// Keys of no record are left out.
inline Words drawing_body(const std::string& number, AnyKey material = {},
                          const std::vector<AnyKey>& parts = {}) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<office::Drawing>();
  body.setNumber(number);
  if (material != AnyKey{}) body.initMaterial().setKey(material.word.value);
  auto list = body.initParts(static_cast<unsigned>(parts.size()));
  for (unsigned i = 0; i < list.size(); ++i) list[i].setKey(parts[i].word.value);
  return canonical_words(body.asReader());
}

inline Words material_body(const std::string& name) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<office::Material>();
  body.setName(name);
  return canonical_words(body.asReader());
}

inline Words sketch_body(AnyKey of) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<office::Sketch>();
  body.initOf().setKey(of.word.value);
  return canonical_words(body.asReader());
}

inline Words index_body(AnyKey of) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<office::Index>();
  body.initOf(1)[0].setKey(of.word.value);
  return canonical_words(body.asReader());
}

// A peer that brings the office's trees, and has ids 1 to 100 of each, or the next hundred.
class Draughtsman : public Peer {
 public:
  Draughtsman(TestServer& server, std::string user, std::optional<AccessToken> token = std::nullopt)
      : Peer(server, std::move(user), "desk", token) {
    connect([](Hello hello) {
      const std::span<const std::uint64_t> trees[] = {
          TreeOf<office::Drawing>::schema(), TreeOf<office::Material>::schema(),
          TreeOf<office::Sketch>::schema(), TreeOf<office::Index>::schema()};
      auto schemas = hello.initSchemas(4);
      for (unsigned i = 0; i < 4; ++i) {
        schemas.setWithCaveats(i, capnp::readMessageUnchecked<protocol::TreeSchema>(
                                      reinterpret_cast<const capnp::word*>(trees[i].data())));
      }
    });
    for (const TreeId tree : {kDrawings, kMaterials, kSketches, kIndexes}) ask(lease(tree, 100));
  }
  // Borrows the record of this key, and gives the token.
  std::uint64_t token(AnyKey key) { return token_of(ask(borrow({key.record()}))); }
};

struct Office {
  TestServer server;
  Draughtsman ann{server, "ann"};
  Draughtsman bob{server, "bob"};
  ~Office() { CHECK(server.faults() == std::vector<std::string>{}); }

  void make(AnyKey key, Words body) {
    REQUIRE(outcome(ann.ask(Work().create(key, std::move(body)))) == "accepted");
  }
  void release(AnyKey key) {
    REQUIRE(outcome(ann.ask(Work().release(key, ann.token(key), 1))) == "accepted");
  }
  std::string state(AnyKey key) {
    return server.database().catalogue()->find(key.tree)->lifecycle().name(
        server.header(key)->state);
  }
  std::string said(protocol::Answer::Reader answer, unsigned index = 0) {
    return std::string(answer.getRefused()[index].getText());
  }
};

}  // namespace coppice::server::test
