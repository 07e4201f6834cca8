#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "client/commit.h"
#include "client/event_queue.h"
#include "client/inbox.h"
#include "client/live_queries.h"
#include "client/replica.h"
#include "client/sync.h"
#include "client/transport.h"
#include "coppice/client.h"
#include "store/pin_watch.h"

namespace coppice {

// What is behind a Client: the replica, the sync state machine, and the lock and the thread that
// drive it.
class Client::Implementation {
 public:
  Implementation(const std::filesystem::path& folder, Options options,
                 client::TransportFactory transport, std::function<std::uint64_t()> random,
                 const store::RunLimits& runs);
  ~Implementation();

  // Runs `fn` as the one writer. Errors: bad_request if this thread is the writer already, no_space
  // if the disk is full: then nothing was changed.
  template <typename F>
  auto as_writer(F&& fn) -> decltype(fn()) {
    if (writing_thread_ == std::this_thread::get_id()) {
      return error(Errc::bad_request,
                   "A transaction is being written on this thread. End it first, then ask again.");
    }
    std::lock_guard lock(writer_);
    struct Mark {
      std::atomic<std::thread::id>& owner;
      explicit Mark(std::atomic<std::thread::id>& o) : owner(o) {
        owner = std::this_thread::get_id();
      }
      ~Mark() { owner = std::thread::id(); }
    } mark(writing_thread_);
    try {
      auto done = fn();
      tell_live_queries();
      return done;
    } catch (const NoSpaceError& e) {
      return error(Errc::no_space, e.what());
    }
  }
  Result<Done> writable() const;
  std::int64_t now_us() const;
  template <typename T>
  Promise<T> promise() {
    // Answers may outlive the client; then there is nobody to run their callbacks.
    return Promise<T>([queue = std::weak_ptr(events_owner)](std::function<void()> callback) {
      if (auto events = queue.lock()) events->push_callback(std::move(callback));
    });
  }
  void step(std::int64_t now_us);
  void wake() { inbox.wake(); }
  std::vector<Pin> pins();

  const Options options;
  const std::shared_ptr<client::EventQueue> events_owner;
  client::EventQueue& events;
  client::Inbox inbox;
  client::Replica replica;
  client::Sync sync;
  client::LiveQueries live;

 private:
  // What was written, told by those whose answer it changes.
  void tell_live_queries();
  void run();
  void warn_of_pins();

  std::unique_ptr<client::Transport> transport_;
  std::mutex pins_mutex_;
  store::PinWatch pin_watch_;  // with pins_mutex_
  std::chrono::steady_clock::time_point pins_looked_at_{};
  std::mutex writer_;
  std::atomic<std::thread::id> writing_thread_{};
  std::atomic<std::int64_t> stepped_now_us_ = 0;
  std::thread thread_;
};

}  // namespace coppice
