#pragma once

#include <string>
#include <vector>

#include "server/audit.capnp.h"
#include "tests/server/fixture.h"

// What peers say and hear where borrows end by another's will.
namespace coppice::server::test {

using Ask = std::function<void(protocol::Request::Builder)>;

Ask break_borrow(std::vector<AnyKey> records, std::string reason,
                 std::vector<std::uint64_t> tokens = {});
Ask take_over(std::vector<AnyKey> records);
Ask hand_over(std::vector<AnyKey> records, std::string user, std::string reason = {});
Ask accept(std::vector<AnyKey> records);
Ask nudge(std::vector<AnyKey> records, std::string text = {});
Ask revoke_device(std::uint32_t client, std::string reason);
Ask revoke_user(std::string user, std::string reason);

struct Audited {
  audit::Entry::Kind kind;
  std::uint32_t client = 0;
  std::string text;
  std::vector<std::uint64_t> tokens;
};
Audited audited(TestServer& server, std::uint64_t number);

}  // namespace coppice::server::test
