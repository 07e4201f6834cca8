#include "client/command/session.h"

#include "schema/catalogue.h"

namespace coppice::command {

Session::Session(const Place& place, const Line& line)
    : place_(place),
      line_(line),
      client_(open_to_write(place)),
      progress_(place.chatter),
      work_(client_, line.patience, interrupts_, progress_) {}

Result<Done> Session::go_live() {
  if (auto connecting = work_.connect(place_, line_.server); !connecting) return connecting;
  return work_.wait_until(
      [](const Status& status) { return status.connection == Connection::live; });
}

Result<Done> Session::wait_for(Event::Kind kind) {
  return work_.wait_until([&](const Status&) { return work_.take_seen(kind); });
}

Result<std::vector<AnyKey>> Session::parse(const std::vector<std::string>& texts) const {
  std::vector<AnyKey> keys;
  for (const std::string& text : texts) {
    const auto key = client_.parse_key(text);
    if (!key) return key.error();
    keys.push_back(*key);
  }
  return keys;
}

Result<std::vector<AnyKey>> Session::heads(const std::vector<std::string>& texts) const {
  const Snapshot now = client_.snapshot();
  std::vector<AnyKey> keys;
  for (const std::string& text : texts) {
    const auto head = find_head(now, text);
    if (!head) return head.error();
    keys.push_back(head->key);
  }
  return keys;
}

std::string listed(const Client& client, const std::vector<AnyKey>& keys) {
  std::string text;
  for (const AnyKey key : keys) text += (text.empty() ? "" : ", ") + client.format(key);
  return text;
}

Result<AnyRecord> find_head(const Snapshot& now, const std::string& text) {
  const auto key = now.catalogue().parse(text);
  if (!key) return key.error();
  const auto head = now.head(*key);
  if (!head) return error(Errc::unknown_record, "There is no record " + text + " here.", *key);
  return *head;
}

}  // namespace coppice::command
