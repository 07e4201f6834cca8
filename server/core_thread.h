#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "server/server_core.h"
#include "wire/session.h"

namespace coppice::server {

// What the wire tells, on its way from the wire's thread to the core's.
//
// Bounded: while more than kBacklogBytesMax of frames are undecided, the wire's thread waits in
// received(), and with it every socket. Normally no session gets there: each is stopped by its own
// inbound window first.
//
// Threads: events from the wire's; the rest from the core's, stop() from any.
class EventInbox final : public wire::ServerEvents {
 public:
  static constexpr std::size_t kBacklogBytesMax = std::size_t{256} << 20;

  struct Opened {
    wire::SessionId session;
    std::string database;
    std::string peer;
  };
  struct Received {
    wire::SessionId session;
    wire::Frame frame;
  };
  struct Drained {
    wire::SessionId session;
  };
  struct Closed {
    wire::SessionId session;
    std::string why;  // empty: in good order
  };
  using Event = std::variant<Opened, Received, Drained, Closed>;

  void opened(wire::SessionId session, const std::string& database,
              const std::string& peer) override;
  void received(wire::SessionId session, wire::Frame frame) override;
  void drained(wire::SessionId session) override;
  void closed(wire::SessionId session, const wire::Closed& why) override;

  // Waits for events or stop(), at most until `deadline_us` if there is one, and takes all events.
  // `core_bytes` is what the core holds undecided from before. Returns whether it goes on.
  enum class Wait { for_events, not_at_all };
  bool take(std::vector<Event>& events, Wait wait, std::optional<std::int64_t> deadline_us,
            std::size_t core_bytes);
  void stop();

 private:
  void push(Event event);

  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  // Under mutex_.
  std::vector<Event> events_;
  std::size_t inbox_bytes_ = 0;
  std::size_t core_bytes_ = 0;
  bool stopped_ = false;
};

// Runs a ServerCore on a thread of its own, from events to answers.
//
// Lifetime: core and inbox must outlive it. Failure: an exception of the core ends the thread;
// `failed` is called on it, and join() throws the exception.
class CoreThread {
 public:
  CoreThread(ServerCore& core, EventInbox& inbox, std::function<void()> failed);
  ~CoreThread();

  // Waits until the inbox was stopped, and all that had been received is decided and answered.
  void join();

 private:
  void run();
  void dispatch(std::vector<EventInbox::Event>& events);

  ServerCore& core_;
  EventInbox& inbox_;
  const std::function<void()> failed_;
  // The core's thread until it is joined.
  std::exception_ptr failure_;
  std::thread thread_;
};

// Microseconds since 1970 UTC.
std::int64_t wall_clock_us();

}  // namespace coppice::server
