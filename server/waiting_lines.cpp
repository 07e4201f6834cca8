#include "server/waiting_lines.h"

#include <algorithm>

namespace coppice::server {

std::uint32_t WaitingLines::join(AnyKey record, Waiter waiter) {
  auto& waiters = lines_[record].waiters;
  auto place = std::find_if(waiters.begin(), waiters.end(),
                            [&](const Waiter& w) { return w.client == waiter.client; });
  if (place == waiters.end()) place = waiters.insert(waiters.end(), waiter);
  // The same client in a new session keeps its place.
  place->session = waiter.session;
  return static_cast<std::uint32_t>(place - waiters.begin()) + 1;
}

std::optional<WaitingLines::Kept> WaitingLines::kept(AnyKey record) const {
  const auto line = lines_.find(record);
  return line == lines_.end() ? std::nullopt : line->second.kept;
}

void WaitingLines::freed(AnyKey record, std::int64_t now_us) {
  const auto line = lines_.find(record);
  if (line == lines_.end()) return;
  offer_to_next(record, line->second, now_us);
  drop_if_empty(record);
}

void WaitingLines::taken(AnyKey record, ClientNumber client) {
  const auto line = lines_.find(record);
  if (line == lines_.end()) return;
  line->second.kept.reset();
  std::erase_if(line->second.waiters, [&](const Waiter& w) { return w.client == client; });
  drop_if_empty(record);
}

void WaitingLines::leave(AnyKey record, ClientNumber client, std::int64_t now_us) {
  const auto found = lines_.find(record);
  if (found == lines_.end()) return;
  Line& line = found->second;
  std::erase_if(line.waiters, [&](const Waiter& w) { return w.client == client; });
  if (line.kept && line.kept->waiter.client == client) offer_to_next(record, line, now_us);
  drop_if_empty(record);
}

void WaitingLines::drop(AnyKey record) { lines_.erase(record); }

void WaitingLines::leave_all(wire::SessionId session, std::int64_t now_us) {
  for (auto next = lines_.begin(); next != lines_.end();) {
    const AnyKey record = next->first;
    Line& line = next->second;
    ++next;
    std::erase_if(line.waiters, [&](const Waiter& w) { return w.session == session; });
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
