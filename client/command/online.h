#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "client/command/interrupts.h"
#include "client/command/progress.h"
#include "coppice/client.h"

namespace coppice::command {

// Whether a replica may be made there.
bool is_new_or_empty(const std::filesystem::path& folder);
// Opens a replica to look at it, while an application may be using it. Throws as Client::open does.
Client open_to_read(const Place& place);
// Opens a replica that is there already to work with it; nobody else may be.
Client open_to_write(const Place& place);
// The same, but makes it in a folder that is new or empty; never among files of somebody else's.
// `application` empty: the replica's own.
Client open_or_make(const Place& place, const std::string& application);

// A connection that a verb needs to come to its end. Gives up when there has been none for
// `patience`, when the server does not want the replica, or at Ctrl-C; what the replica holds is
// not touched by any of it.
class OnlineWork {
 public:
  OnlineWork(Client& client, std::chrono::seconds patience, const Interrupts& interrupts,
             Progress& progress)
      : client_(client), patience_(patience), interrupts_(interrupts), progress_(progress) {}

  // To `url`, or if that is empty to where the replica was connected before.
  Result<Done> connect(const Place& place, const std::string& url);
  // Errors: offline, cancelled (Ctrl-C), or what the server said.
  Result<Done> wait_until(const std::function<bool(const Status&)>& reached);
  // Everything the server has is here, and everything of ours has its answer. Errors: as
  // wait_until, and the first reason if the server refused work of ours meanwhile.
  Result<Done> wait_until_settled();
  // Whether such an event has come while one of these waited. Told once.
  bool take_seen(Event::Kind kind) { return seen_.erase(kind) > 0; }

 private:
  Result<Done> check(const Status& status);

  Client& client_;
  const std::chrono::seconds patience_;
  const Interrupts& interrupts_;
  Progress& progress_;
  std::string url_;
  std::chrono::steady_clock::time_point last_connected_;
  std::set<Event::Kind> seen_;
};

// Connects to `url`, or if that is empty to where the replica was connected before; returns that
// URL.
Result<std::string> connect_to(Client& client, const Place& place, const std::string& url);

}  // namespace coppice::command
