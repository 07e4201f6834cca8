#pragma once

// Internal to wire/: shows Asio.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "wire/inbox.h"

namespace coppice::wire {

// An I/O thread, and the commands that other threads give it.
//
// `Handler::handle(Command&)` is called on the I/O thread for each command, in the order of post().
// Lifetime: the handler must outlive the thread, that is, until join() has returned.
template <class Command, class Handler>
class CommandLoop {
 public:
  explicit CommandLoop(Handler& handler) : handler_(handler) {}

  boost::asio::io_context& io() { return io_; }

  // Call once, when the handler is complete.
  void start() {
    thread_ = std::thread([this] { io_.run(); });
  }

  // Any thread.
  void post(Command command) {
    if (inbox_.push(std::move(command))) boost::asio::post(io_, [this] { handle_all(); });
  }

  // I/O thread: the thread ends as soon as nothing it waits for is left.
  void finish() {
    inbox_.close();
    work_.reset();
  }

  // Posts `last`, whose handling must lead to finish(), and waits for the thread's end. Any thread
  // but the I/O thread; the second call waits as well, and posts nothing.
  void join(Command last) {
    const std::lock_guard lock(join_mutex_);
    if (!thread_.joinable()) return;
    post(std::move(last));
    thread_.join();
  }

 private:
  void handle_all() {
    inbox_.take(commands_);
    for (Command& command : commands_) handler_.handle(command);
    commands_.clear();  // frees frames now, not at the next wake-up
  }

  Handler& handler_;
  boost::asio::io_context io_{1};
  // I/O thread only.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::vector<Command> commands_;
  // Any thread.
  Inbox<Command> inbox_;
  std::mutex join_mutex_;
  std::thread thread_;
};

}  // namespace coppice::wire
