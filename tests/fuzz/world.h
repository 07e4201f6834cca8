#pragma once

#include <memory>

#include "coppice/client.h"
#include "server/server_core.h"
#include "shop.coppice.h"
#include "store/database.h"
#include "tests/support/temp_folder.h"
#include "wire/loopback.h"

namespace coppice::fuzz {

// A server and one client that is live, in one thread, with a part that both have: what frames are
// thrown at. Made once and used again for each input, since what is refused leaves no trace.
class World final : public wire::ServerEvents {
 public:
  World();
  ~World() override;

  // Lets everything travel until nothing happens any more. False: the client does not come back to
  // where it is live, which is no wonder when its server has lied.
  [[nodiscard]] bool settle();
  bool live() const;
  // As if the server had said it.
  void to_client(wire::Frame frame);
  // As if somebody at the other end of a new connection had said it: before a hello of its own, or
  // after that hello was welcomed.
  enum class When { at_once, after_welcome };
  void to_server(wire::Frame frame, When when);

  Client& client() { return *client_; }
  // What the checks of both sides find wrong, and where the part is not what it was.
  void require_sound();

 private:
  class Line;
  void opened(wire::SessionId session, const std::string& database,
              const std::string& peer) override;
  void received(wire::SessionId session, wire::Frame frame) override;
  void drained(wire::SessionId session) override;
  void closed(wire::SessionId session, const wire::Closed& why) override;

  std::int64_t now_us_ = 1'700'000'000'000'000;
  std::uint64_t random_ = 0;
  std::uint64_t strangers_ = 0;
  test::TempFolder folder_;
  wire::LoopbackNetwork network_;
  Line* line_ = nullptr;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<server::ServerCore> core_;
  std::optional<Client> client_;
  Key<shop::Part> part_;
};

// The one of this process; made anew now and then, since what is accepted stays.
World& world();
// The next one is another one.
void forget_world();

}  // namespace coppice::fuzz
