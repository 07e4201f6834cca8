#include "tests/fuzz/world.h"

#include <capnp/message.h>

#include "client/convert.h"
#include "client/transport.h"
#include "server/invariants.h"
#include "tests/fuzz/targets.h"

namespace coppice::fuzz {
namespace {

constexpr char kUrl[] = "ws://server:7400/shop";
// More than a client that waits to connect again needs.
constexpr int kRoundsMax = 200;
// Inputs for one world.
constexpr int kInputsEach = 2'000;

store::Environment::Options quick() {
  store::Environment::Options options;
  options.map_bytes = std::size_t{64} << 20;
  options.wait_for_disk = false;
  return options;
}

server::Options server_options() {
  server::Options options;
  options.database_name = "shop";
  return options;
}

}  // namespace

// The loopback, into which frames can be slipped.
class World::Line final : public client::Transport, wire::ClientEvents {
 public:
  Line(World& world, wire::ClientEvents& events)
      : world_(world), events_(events), connection_(world.network_.client(*this)) {
    world.line_ = this;
  }
  ~Line() override { world_.line_ = nullptr; }

  void connect(const std::string&) override { connection_->connect("shop"); }
  void send(wire::Frame frame) override { connection_->send(std::move(frame)); }
  void consumed(std::size_t size_bytes) override {
    // What was slipped in was never the network's.
    const std::size_t own = std::min(size_bytes, slipped_in_bytes_);
    slipped_in_bytes_ -= own;
    if (size_bytes > own) connection_->consumed(size_bytes - own);
  }
  void close() override { connection_->close(); }

  void opened() override { events_.opened(); }
  void received(wire::Frame frame) override { events_.received(std::move(frame)); }
  void drained() override { events_.drained(); }
  void closed(const wire::Closed& why) override { events_.closed(why); }

  void slip_in(wire::Frame frame) {
    slipped_in_bytes_ += frame.size_bytes();
    events_.received(std::move(frame));
  }

 private:
  World& world_;
  wire::ClientEvents& events_;
  std::unique_ptr<wire::LoopbackConnection> connection_;
  std::size_t slipped_in_bytes_ = 0;
};

World::World() {
  database_ =
      std::make_unique<store::Database>(folder_ / "server", store::Role::authority, quick());
  auto& sessions = network_.attach_server(*this);
  core_ = std::make_unique<server::ServerCore>(*database_, server_options(), sessions,
                                               [this] { return ++random_; });
  Client::Options options;
  options.name = "bench";
  options.user = "Ann";
  options.trees = trees<shop::Part, shop::Company>();
  options.sync = Client::Sync::stepped;
  options.wait_for_disk = false;
  client_.emplace(client::open_client(
      folder_ / "client", options,
      [this](wire::ClientEvents& events) { return std::make_unique<Line>(*this, events); },
      [this] { return ++random_; }));
  if (!client_->connect(kUrl) || !settle()) fail("The client does not connect.");
  const auto key = client_->write([&](Transaction& t) {
    return t.create<shop::Part>([](shop::Part::Builder part) { part.setNumber("P1"); });
  });
  if (!key) fail("The client cannot create a part: " + key.error().message);
  part_ = *key;
  if (!settle()) fail("The client is not live.");
  require_sound();
}

World::~World() {
  client_.reset();
  network_.detach_server();
}

bool World::settle() {
  for (int round = 0; round < kRoundsMax; ++round) {
    bool busy = network_.run_until_idle() > 0;
    busy |= core_->step(now_us_);
    client_->step(now_us_);
    busy |= network_.run_until_idle() > 0;
    if (!busy && live()) return true;
    // Whoever waits to connect again does so soon.
    if (!busy) now_us_ += 1'000'000;
  }
  return false;
}

bool World::live() const { return client_->status().connection == Connection::live; }

void World::to_client(wire::Frame frame) {
  if (line_ != nullptr) line_->slip_in(std::move(frame));
  client_->step(now_us_);
  static_cast<void>(client_->poll());
}

void World::to_server(wire::Frame frame, When when) {
  // Far above what the loopback counts.
  const wire::SessionId session{(std::uint64_t{1} << 40) + ++strangers_};
  core_->opened(session, "shop", "a stranger", now_us_);
  if (when == When::after_welcome) {
    capnp::MallocMessageBuilder message;
    auto hello = message.initRoot<protocol::ToServer>().initHello();
    hello.setProtocol(protocol::VERSION);
    std::memcpy(hello.initClient(16).begin(), &strangers_, sizeof strangers_);
    hello.setApplication("coppice");
    core_->received(session, client::to_frame(message), now_us_);
    core_->step(now_us_);
  }
  core_->received(session, std::move(frame), now_us_);
  core_->step(now_us_);
  core_->closed(session, now_us_);
  core_->step(now_us_);
}

void World::require_sound() {
  for (const auto& fault : server::check_invariants(*database_)) fail("The server: " + fault);
  for (const auto& fault : client_->check_invariants()) fail("The client: " + fault);
  const auto now = client_->snapshot();
  const auto part = now.get(part_);
  if (!part || (*part)->getNumber() != "P1") fail("The part is not what it was.");
}

void World::opened(wire::SessionId session, const std::string& database, const std::string& peer) {
  core_->opened(session, database, peer, now_us_);
}
void World::received(wire::SessionId session, wire::Frame frame) {
  core_->received(session, std::move(frame), now_us_);
}
void World::drained(wire::SessionId session) { core_->drained(session, now_us_); }
void World::closed(wire::SessionId session, const wire::Closed& why) {
  core_->closed(session, now_us_, why.text);
}

namespace {

std::unique_ptr<World>& the_world() {
  static std::unique_ptr<World> one;
  return one;
}

}  // namespace

World& world() {
  static int inputs = 0;
  if (++inputs % kInputsEach == 0) forget_world();
  if (!the_world()) the_world() = std::make_unique<World>();
  return *the_world();
}

void forget_world() { the_world().reset(); }

}  // namespace coppice::fuzz
