#include "client/client_implementation.h"

#include <unistd.h>

#include <algorithm>

#include "coppice/check.h"

namespace coppice {

Client::Implementation::Implementation(const std::filesystem::path& folder, Options given,
                                       client::TransportFactory transport,
                                       std::function<std::uint64_t()> random,
                                       const store::RunLimits& runs)
    : options(std::move(given)),
      events_owner(std::make_shared<client::EventQueue>(options.on_event)),
      events(*events_owner),
      replica(folder, options, random, runs),
      sync(replica, {options.name, options.user, replica.application()}, events, random),
      live(replica),
      transport_(transport ? transport(inbox) : nullptr),
      pin_watch_(replica.database().environment(), options.snapshot_age_warning) {
  if (transport_) sync.set_transport(*transport_);
  // Who is told by the sync thread is told at once, whatever thread the news came from.
  if (options.on_event) events.set_wake([this] { inbox.wake(); });
  if (options.sync == Sync::own_thread && options.access == Access::read_write) {
    thread_ = std::thread([this] { run(); });
  }
}

Client::Implementation::~Implementation() {
  events.set_wake(nullptr);
  inbox.stop();
  if (thread_.joinable()) thread_.join();
  // The transport tells the inbox until it is gone.
  transport_.reset();
  sync.refuse_waiting(
      error(Errc::cancelled,
            "The client was closed. What was asked for goes on when it is opened again."));
}

Result<Done> Client::Implementation::writable() const {
  if (options.access == Access::read_write) return Done{};
  return error(Errc::not_supported, "This replica was opened to look at only.");
}

std::int64_t Client::Implementation::now_us() const {
  if (options.sync == Sync::stepped) return stepped_now_us_;
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void Client::Implementation::tell_live_queries() {
  try {
    events.push(live.tell());
  } catch (const std::exception& e) {
    // What was written stays so, and everything is looked at with the next change.
    replica.touched().add({}, true, Event::Origin::local);
    Event event;
    event.kind = Event::Kind::missed;
    event.error = error(Errc::none, std::string("Live queries could not look: ") + e.what());
    events.push(std::move(event));
  }
}

void Client::Implementation::step(std::int64_t now_us) {
  stepped_now_us_ = now_us;
  auto stepped = as_writer([&]() -> Result<Done> {
    try {
      sync.step(inbox.take(), now_us);
      events.push(replica.indexers().rebuild_due(now_us));
    } catch (const StorageError& e) {
      sync.suspend(std::string("The replica cannot be written: ") + e.what(), now_us);
    } catch (const std::exception& e) {
      sync.suspend(std::string("What the server sent cannot be taken in: ") + e.what(), now_us);
    }
    return Done{};
  });
  COPPICE_CHECK(stepped.has_value());
  warn_of_pins();
  events.deliver();
}

std::vector<Pin> Client::Implementation::pins() {
  std::lock_guard lock(pins_mutex_);
  return pin_watch_.pins();
}

void Client::Implementation::warn_of_pins() {
  const auto now = std::chrono::steady_clock::now();
  if (now - pins_looked_at_ < options.snapshot_age_warning / 4) return;
  pins_looked_at_ = now;
  std::vector<Pin> news;
  {
    std::lock_guard lock(pins_mutex_);
    news = pin_watch_.news();
  }
  for (const Pin& pin : news) {
    Event event;
    event.kind = Event::Kind::pinned;
    event.origin = pin.process == ::getpid() ? Event::Origin::local : Event::Origin::remote;
    event.error = error(Errc::none, pin.sentence());
    events.push(std::move(event));
  }
}

void Client::Implementation::run() {
  auto deadline = [&]() -> std::optional<std::chrono::system_clock::time_point> {
    std::lock_guard lock(writer_);
    // Now and then for the sake of pins, too, though nothing happens.
    const auto look = std::chrono::system_clock::now() +
                      std::max(options.snapshot_age_warning / 2, std::chrono::seconds(1));
    auto due = sync.deadline_us();
    if (auto rebuild = replica.indexers().deadline_us())
      due = due ? std::min(*due, *rebuild) : *rebuild;
    if (!due) return look;
    return std::min<std::chrono::system_clock::time_point>(
        look, std::chrono::system_clock::time_point(std::chrono::microseconds(*due)));
  };
  while (inbox.wait(deadline())) step(now_us());
}

}  // namespace coppice
