#include "tests/simulation/server_host.h"

#include "server/invariants.h"

namespace coppice::simulation {
namespace {

store::Environment::Options store_options() {
  store::Environment::Options options;
  options.map_bytes = std::size_t{64} << 20;
  options.wait_for_disk = false;
  return options;
}

}  // namespace

ServerHost::ServerHost(World& world)
    : world_(world), folder_(world.folder.path() / "server"), crash_point_(folder_) {
  start();
}

ServerHost::~ServerHost() {
  if (running()) stop();
}

void ServerHost::start() {
  if (running()) return;
  database_ = std::make_unique<store::Database>(folder_, store::Role::authority, store_options());
  sessions_ = &world_.network.attach_server(*this);
  server::Options options = world_.server_options;
  options.database_name = kDatabaseName;
  core_ = std::make_unique<server::ServerCore>(*database_, options, mouth_,
                                               [this] { return world_.random(); });
  observe();
}

// The order is a crash's: nobody is told.
void ServerHost::stop() {
  world_.network.detach_server();
  core_.reset();
  database_.reset();
}

void ServerHost::crash() {
  if (!running()) return;
  stop();
  crash_point_.restore();
}

void ServerHost::bury() {
  if (crash_point_.reached()) crash();
}

bool ServerHost::step() {
  if (!running()) return false;
  // What the time has brought is to be seen, too.
  if (const auto deadline = core_->deadline_us(); deadline && *deadline <= world_.now_us)
    busy_ = true;
  const bool more = core_->step(world_.now_us);
  if (busy_) observe();
  busy_ = more;
  return more;
}

std::optional<std::int64_t> ServerHost::deadline_us() const {
  return running() ? core_->deadline_us() : std::nullopt;
}

std::vector<std::string> ServerHost::check_invariants() {
  if (!running()) return {};
  return server::check_invariants(*database_);
}

void ServerHost::opened(wire::SessionId session, const std::string& database,
                        const std::string& peer) {
  busy_ = true;
  world_.tap.opened(session);
  core_->opened(session, database, peer, world_.now_us);
}

void ServerHost::received(wire::SessionId session, wire::Frame frame) {
  busy_ = true;
  world_.tap.to_server(session, frame);
  core_->received(session, std::move(frame), world_.now_us);
}

void ServerHost::drained(wire::SessionId session) { core_->drained(session, world_.now_us); }

void ServerHost::closed(wire::SessionId session, const wire::Closed&) {
  busy_ = true;
  core_->closed(session, world_.now_us);
}

// After its crash point the process does what never happened.
void ServerHost::observe() {
  if (!crash_point_.reached()) world_.history.observe(*database_);
}

void ServerHost::Mouth::send(wire::SessionId session, wire::Frame frame) {
  if (host_.crash_point_.reached()) return;
  // The frame that meets the crash point is lost, but what it says must be durable by now: the tap
  // hears it, and the store that is found after the crash is held against it.
  host_.world_.tap.to_client(session, frame);
  if (host_.crash_point_.survives_send()) host_.sessions_->send(session, std::move(frame));
}

void ServerHost::Mouth::close(wire::SessionId session, const std::string& text) {
  if (!host_.crash_point_.reached()) host_.sessions_->close(session, text);
}

void ServerHost::Mouth::consumed(wire::SessionId session, std::size_t size_bytes) {
  host_.sessions_->consumed(session, size_bytes);
}

}  // namespace coppice::simulation
