#include "store/pin_watch.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace coppice::store {
namespace {

using Time = std::chrono::steady_clock::time_point;

std::int64_t us_between(Time then, Time now) {
  return std::chrono::duration_cast<std::chrono::microseconds>(now - then).count();
}

// A line of LMDB's list of readers: process, thread, number of the commit it sees.
struct Reader {
  long long process = 0;
  unsigned long long thread = 0;
  unsigned long long commit = 0;

  static bool parse(const std::string& line, Reader& reader) {
    return std::sscanf(line.c_str(), "%lld %llx %llu", &reader.process, &reader.thread,
                       &reader.commit) == 3;
  }
};

}  // namespace

std::map<PinWatch::Identity, Pin> PinWatch::look() {
  std::map<Identity, Pin> pins;
  const auto visitors = environment_.readers();
  // One for all, so that who came first is held longest.
  const Time now = std::chrono::steady_clock::now();
  for (const auto& visitor : visitors) {
    const auto since = visitor.since.time_since_epoch().count();
    pins["own " + std::to_string(since)] =
        Pin{.process = ::getpid(), .name = visitor.name, .held_us = us_between(visitor.since, now)};
  }
  std::istringstream lines(environment_.reader_list());
  const std::uint64_t commits = environment_.last_commit();
  for (std::string line; std::getline(lines, line);) {
    Reader reader;
    if (!Reader::parse(line, reader) || reader.process == ::getpid()) continue;
    const auto first = first_seen_.try_emplace(line, now).first;
    pins[line] = Pin{.process = reader.process,
                     .name = {},
                     .held_us = us_between(first->second, now),
                     .behind = commits - std::min<std::uint64_t>(commits, reader.commit)};
  }
  std::erase_if(first_seen_, [&](const auto& seen) { return !pins.contains(seen.first); });
  std::erase_if(told_, [&](const Identity& told) { return !pins.contains(told); });
  return pins;
}

std::vector<Pin> PinWatch::pins() {
  std::vector<Pin> all;
  for (auto& [identity, pin] : look()) all.push_back(std::move(pin));
  std::ranges::stable_sort(all, std::ranges::greater{}, &Pin::held_us);
  return all;
}

std::vector<Pin> PinWatch::news() {
  std::vector<Pin> news;
  for (auto& [identity, pin] : look()) {
    if (pin.held_us >= too_long_us_ && told_.insert(identity).second)
      news.push_back(std::move(pin));
  }
  return news;
}

}  // namespace coppice::store
