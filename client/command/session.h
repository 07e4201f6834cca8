#pragma once

#include <string>
#include <vector>

#include "client/command/borrowing_verbs.h"
#include "client/command/online.h"

namespace coppice::command {

// A replica that a verb works with, alone, and its line to the server.
class Session {
 public:
  // Throws as Client::open does.
  Session(const Place& place, const Line& line);

  Client& client() { return client_; }
  Chatter chatter() const { return place_.chatter; }

  // Errors: offline, cancelled, or what the server said.
  Result<Done> go_live();
  // The answer to something that was asked for. Errors: the same, and the answer's own.
  template <typename T>
  Result<T> answer(const Pending<T>& pending) {
    const auto come = work_.wait_until([&](const Status&) { return pending.result().has_value(); });
    if (!come) return come.error();
    return *pending.result();
  }
  // Errors: as above.
  Result<Done> wait_for(Event::Kind kind);
  // Everything written here has its answer. Errors: as above, and the first reason of a refusal.
  Result<Done> settle() { return work_.wait_until_settled(); }

  // Errors: bad_request, unknown_tree.
  Result<std::vector<AnyKey>> parse(const std::vector<std::string>& texts) const;
  // The newest revisions of these records. Errors: the same, unknown_record.
  Result<std::vector<AnyKey>> heads(const std::vector<std::string>& texts) const;

 private:
  const Place& place_;
  const Line& line_;
  Client client_;
  const Interrupts interrupts_;
  Progress progress_;
  OnlineWork work_;
};

// "parts:4711, parts:4712".
std::string listed(const Client& client, const std::vector<AnyKey>& keys);

// The newest revision of the record that a key means. Errors: bad_request, unknown_tree,
// unknown_record.
Result<AnyRecord> find_head(const Snapshot& now, const std::string& text);

}  // namespace coppice::command
