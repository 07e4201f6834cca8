#include <set>

#include "server/incoming.h"
#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

std::uint64_t hash_of(const std::string& comment, std::uint64_t acknowledged) {
  capnp::MallocMessageBuilder message;
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(7);
  request.setAcknowledged(acknowledged);
  request.initTransaction().setComment(comment);
  const auto incoming = Incoming::open(frame_of(message));
  REQUIRE(incoming != nullptr);
  return incoming->request_hash();
}

TEST_CASE("C3: the hash of a request has every byte of it but what is acknowledged", "[server]") {
  // Longer than the blocks that are hashed side by side, and of every length within one.
  for (std::size_t length = 60; length < 100; ++length) {
    const std::string comment(length, 'a');
    std::set<std::uint64_t> hashes{hash_of(comment, 1)};
    CHECK(hashes.contains(hash_of(comment, 2)));
    for (std::size_t at = 0; at < length; ++at) {
      std::string other = comment;
      other[at] = 'b';
      hashes.insert(hash_of(other, 1));
    }
    CHECK(hashes.size() == length + 1);
  }
}

TEST_CASE("C3: words of a request that changed places give another hash", "[server]") {
  CHECK(hash_of("first--;second-;" + std::string(64, 'x'), 1) !=
        hash_of("second-;first--;" + std::string(64, 'x'), 1));
}

}  // namespace
}  // namespace coppice::server::test
