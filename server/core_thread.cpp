#include "server/core_thread.h"

#include <chrono>
#include <utility>

namespace coppice::server {
namespace {

std::size_t frame_bytes(const EventInbox::Event& event) {
  const auto* received = std::get_if<EventInbox::Received>(&event);
  return received ? received->frame.size_bytes() : 0;
}

// Hands one event to the core.
struct Dispatcher {
  ServerCore& core;
  std::int64_t now_us;

  void operator()(EventInbox::Opened& e) { core.opened(e.session, e.database, e.peer, now_us); }
  void operator()(EventInbox::Received& e) { core.received(e.session, std::move(e.frame), now_us); }
  void operator()(EventInbox::Drained& e) { core.drained(e.session, now_us); }
  void operator()(EventInbox::Closed& e) { core.closed(e.session, now_us, e.why); }
};

}  // namespace

std::int64_t wall_clock_us() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
}

void EventInbox::opened(wire::SessionId session, const std::string& database,
                        const std::string& peer) {
  push(Opened{session, database, peer});
}
void EventInbox::received(wire::SessionId session, wire::Frame frame) {
  push(Received{session, std::move(frame)});
}
void EventInbox::drained(wire::SessionId session) { push(Drained{session}); }
void EventInbox::closed(wire::SessionId session, const wire::Closed& why) {
  const bool orderly = why.reason == wire::Closed::Reason::orderly;
  push(Closed{session, orderly ? std::string() : why.text});
}

void EventInbox::push(Event event) {
  std::unique_lock lock(mutex_);
  const std::size_t size_bytes = frame_bytes(event);
  if (size_bytes > 0) {
    emptied_.wait(lock, [&] { return stopped_ || inbox_bytes_ + core_bytes_ <= kBacklogBytesMax; });
  }
  inbox_bytes_ += size_bytes;
  events_.push_back(std::move(event));
  if (events_.size() == 1) filled_.notify_one();
}

bool EventInbox::take(std::vector<Event>& events, Wait wait,
                      std::optional<std::int64_t> deadline_us, std::size_t core_bytes) {
  events.clear();
  std::unique_lock lock(mutex_);
  const auto has_something = [&] { return stopped_ || !events_.empty(); };
  core_bytes_ = core_bytes;
  emptied_.notify_one();
  if (wait == Wait::for_events && deadline_us) {
    filled_.wait_for(lock, std::chrono::microseconds(*deadline_us - wall_clock_us()),
                     has_something);
  } else if (wait == Wait::for_events) {
    filled_.wait(lock, has_something);
  }
  events.swap(events_);
  core_bytes_ += std::exchange(inbox_bytes_, 0);
  return !stopped_;
}

void EventInbox::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  filled_.notify_one();
  emptied_.notify_one();
}

CoreThread::CoreThread(ServerCore& core, EventInbox& inbox, std::function<void()> failed)
    : core_(core), inbox_(inbox), failed_(std::move(failed)), thread_([this] { run(); }) {}

CoreThread::~CoreThread() {
  inbox_.stop();
  if (thread_.joinable()) thread_.join();
}

void CoreThread::join() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

void CoreThread::run() {
  try {
    std::vector<EventInbox::Event> events;
    auto wait = EventInbox::Wait::for_events;
    bool goes_on = true;
    while (goes_on) {
      goes_on = inbox_.take(events, wait, core_.deadline_us(), core_.queued_bytes());
      dispatch(events);
      const bool more = core_.step(wall_clock_us());
      wait = more ? EventInbox::Wait::not_at_all : EventInbox::Wait::for_events;
    }
    while (core_.step(wall_clock_us())) {
    }
  } catch (...) {
    failure_ = std::current_exception();
    inbox_.stop();
    failed_();
  }
}

void CoreThread::dispatch(std::vector<EventInbox::Event>& events) {
  Dispatcher dispatcher{core_, wall_clock_us()};
  for (auto& event : events) std::visit(dispatcher, event);
  events.clear();
}

}  // namespace coppice::server
