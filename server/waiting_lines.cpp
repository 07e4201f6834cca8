#include "server/waiting_lines.h"

#include <algorithm>

namespace coppice::server {

std::uint32_t WaitingLines::join(AnyKey record, Waiter waiter) {
  auto& waiters = lines_[record].waiters;
  auto place = std::find_if(waiters.begin(), waiters.end(),
                            [&](const Waiter& w) { return w.client == waiter.client; });
  if (place == waiters.end()) {
    place = waiters.insert(waiters.end(), waiter);
    changed_.insert(record);
  }
  // The same client in a new session keeps its place.
  place->session = waiter.session;
  return static_cast<std::uint32_t>(place - waiters.begin()) + 1;
}

std::optional<WaitingLines::Kept> WaitingLines::kept(AnyKey record) const {
  const auto line = lines_.find(record);
  return line == lines_.end() ? std::nullopt : line->second.kept;
}

bool WaitingLines::waits(AnyKey record, ClientNumber client) const {
  const auto line = lines_.find(record);
  return line != lines_.end() && std::ranges::any_of(line->second.waiters, [&](const Waiter& w) {
           return w.client == client;
         });
}

WaitingLines::Standing WaitingLines::standing(AnyKey record) const {
  Standing standing{record, {}, {}};
  const auto line = lines_.find(record);
  if (line == lines_.end()) return standing;
  for (const Waiter& waiter : line->second.waiters) standing.waiting.push_back(waiter.client);
  standing.kept = line->second.kept;
  return standing;
}

std::vector<WaitingLines::Standing> WaitingLines::all() const {
  std::vector<Standing> all;
  for (const auto& [record, line] : lines_) all.push_back(standing(record));
  return all;
}

std::vector<WaitingLines::Standing> WaitingLines::take_changes() {
  std::vector<Standing> changes;
  for (const AnyKey record : std::exchange(changed_, {})) changes.push_back(standing(record));
  return changes;
}

void WaitingLines::freed(AnyKey record, std::int64_t now_us) {
  const auto line = lines_.find(record);
  if (line == lines_.end()) return;
  changed_.insert(record);
  offer_to_next(record, line->second, now_us);
  drop_if_empty(record);
}

void WaitingLines::taken(AnyKey record, ClientNumber client) {
  const auto line = lines_.find(record);
  if (line == lines_.end()) return;
  changed_.insert(record);
  line->second.kept.reset();
  std::erase_if(line->second.waiters, [&](const Waiter& w) { return w.client == client; });
  drop_if_empty(record);
}

void WaitingLines::leave(AnyKey record, ClientNumber client, std::int64_t now_us) {
  const auto found = lines_.find(record);
  if (found == lines_.end()) return;
  Line& line = found->second;
  changed_.insert(record);
  std::erase_if(line.waiters, [&](const Waiter& w) { return w.client == client; });
  if (line.kept && line.kept->waiter.client == client) offer_to_next(record, line, now_us);
  drop_if_empty(record);
}

void WaitingLines::drop(AnyKey record) {
  if (lines_.erase(record) > 0) changed_.insert(record);
}

void WaitingLines::leave_all(wire::SessionId session, std::int64_t now_us) {
  for (auto next = lines_.begin(); next != lines_.end();) {
    const AnyKey record = next->first;
    Line& line = next->second;
    ++next;
    if (std::erase_if(line.waiters, [&](const Waiter& w) { return w.session == session; }) > 0)
      changed_.insert(record);
    if (line.kept && line.kept->waiter.session == session) offer_to_next(record, line, now_us);
    drop_if_empty(record);
  }
}

void WaitingLines::expire(std::int64_t now_us) {
  for (auto next = lines_.begin(); next != lines_.end();) {
    const AnyKey record = next->first;
    Line& line = next->second;
    ++next;
    if (line.kept && line.kept->until_us <= now_us) offer_to_next(record, line, now_us);
    drop_if_empty(record);
  }
}

std::optional<std::int64_t> WaitingLines::deadline_us() const {
  std::optional<std::int64_t> first;
  for (const auto& [record, line] : lines_) {
    if (line.kept && (!first || line.kept->until_us < *first)) first = line.kept->until_us;
  }
  return first;
}

void WaitingLines::offer_to_next(AnyKey record, Line& line, std::int64_t now_us) {
  changed_.insert(record);
  line.kept.reset();
  if (line.waiters.empty()) return;
  line.kept = Kept{line.waiters.front(), now_us + offer_us_};
  line.waiters.pop_front();
  offers_.push_back(
      {line.kept->waiter.session, line.kept->waiter.client, record, line.kept->until_us});
}

void WaitingLines::drop_if_empty(AnyKey record) {
  const auto line = lines_.find(record);
  if (line->second.waiters.empty() && !line->second.kept) lines_.erase(line);
}

}  // namespace coppice::server
