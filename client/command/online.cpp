#include "client/command/online.h"

#include <filesystem>
#include <iostream>
#include <system_error>

#include "client/command/access_token.h"

namespace coppice::command {
namespace {

// How long Ctrl-C waits to be noticed, at worst.
constexpr auto kLook = std::chrono::milliseconds(100);

Client open(const Place& place, Client::Access access, const std::string& application = {}) {
  Client::Options options;
  options.application = application;
  options.access = access;
  return Client::open(place.replica, std::move(options));
}

std::string in_progress(const Status& status) {
  std::string line = to_string(status.connection);
  if (status.first_sync) {
    line += ": " + std::to_string(status.records_done) + " of " +
            std::to_string(status.records_total) + " records";
  } else if (status.cursor < status.head) {
    line += ": at " + std::to_string(status.cursor) + " of " + std::to_string(status.head);
  }
  if (status.outbox > 0) line += ", " + std::to_string(status.outbox) + " to send";
  return line;
}

bool has_session(const Status& status) {
  return status.connection == Connection::live || status.connection == Connection::syncing;
}

Error unreachable(const std::string& url, const Status& status) {
  std::string sentence = "No connection to " + url + ".";
  if (!status.reason.empty()) sentence += " " + status.reason;
  if (status.outbox > 0) {
    sentence += " What was written here is safe, and " + std::to_string(status.outbox) +
                " transactions wait to be sent.";
  }
  return error(Errc::offline, sentence);
}

}  // namespace

bool is_new_or_empty(const std::filesystem::path& folder) {
  std::error_code unreadable;
  if (!std::filesystem::exists(folder, unreadable)) return !unreadable;
  return std::filesystem::is_empty(folder, unreadable) && !unreadable;
}

Client open_to_read(const Place& place) { return open(place, Client::Access::read_only); }

Client open_to_write(const Place& place) {
  // Opening to write would make a replica where there is none; opening to read says that there is
  // none.
  open_to_read(place);
  return open(place, Client::Access::read_write);
}

Client open_or_make(const Place& place, const std::string& application) {
  // Only to see that it is a replica, not something else in the way of one.
  if (!is_new_or_empty(place.replica)) open_to_read(place);
  return open(place, Client::Access::read_write, application);
}

Result<std::string> connect_to(Client& client, const Place& place, const std::string& url) {
  const std::string target = url.empty() ? client.status().url : url;
  if (target.empty()) {
    return error(Errc::offline,
                 "This replica was never connected: say where its server is, "
                 "as in ws://shop.local:7400/shop.");
  }
  if (const auto connecting = client.connect(target, access_token(place)); !connecting)
    return connecting.error();
  return target;
}

Result<Done> OnlineWork::connect(const Place& place, const std::string& url) {
  const auto connecting = connect_to(client_, place, url);
  if (!connecting) return connecting.error();
  url_ = *connecting;
  last_connected_ = std::chrono::steady_clock::now();
  return Done{};
}

Result<Done> OnlineWork::check(const Status& status) {
  const auto now = std::chrono::steady_clock::now();
  if (has_session(status)) last_connected_ = now;
  if (interrupts_.pending()) return error(Errc::cancelled, "Interrupted.");
  if (status.connection == Connection::refused) {
    return error(Errc::bad_request, url_ + " refused this replica. " + status.reason);
  }
  if (now - last_connected_ > patience_) return unreachable(url_, status);
  return Done{};
}

Result<Done> OnlineWork::wait_until(const std::function<bool(const Status&)>& reached) {
  for (;;) {
    const Status status = client_.status();
    if (reached(status)) {
      progress_.clear();
      return Done{};
    }
    if (auto going = check(status); !going) {
      progress_.clear();
      return going;
    }
    progress_.show(in_progress(status));
    client_.wait_for_events(kLook);
    for (const Event& event : client_.poll()) {
      seen_.insert(event.kind);
      if (event.kind == Event::Kind::warning)
        std::cerr << "Warning: " << event.error.message << '\n';
    }
  }
}

Result<Done> OnlineWork::wait_until_settled() {
  const std::uint64_t conflicts_before = client_.status().conflicts;
  auto settled = wait_until([](const Status& status) {
    return status.connection == Connection::live && status.outbox == 0;
  });
  if (!settled) return settled;
  if (client_.status().conflicts <= conflicts_before) return Done{};
  const auto conflicts = client_.conflicts();
  const auto& reasons = conflicts[conflicts_before].reasons;
  return error(reasons.empty() ? Errc::none : reasons.front().code,
               std::to_string(conflicts.size() - conflicts_before) +
                   " transactions were refused and are kept as conflicts: " +
                   (reasons.empty() ? std::string() : reasons.front().message));
}

}  // namespace coppice::command
