#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coppice/statistics.h"
#include "store/environment.h"

namespace coppice::store {

// Tells who pins pages of an environment, and since when.
//
// LMDB knows which processes read, and at which commit, but not since when: so a watch that looks
// now and then remembers when it first saw each. Threads: one at a time.
class PinWatch {
 public:
  // What is held longer than `too_long` is told once by news().
  PinWatch(Environment& environment, std::chrono::microseconds too_long)
      : environment_(environment), too_long_us_(too_long.count()) {}

  // All that are open, the longest held first.
  std::vector<Pin> pins();
  // Those that have been held too long since the last call.
  std::vector<Pin> news();

 private:
  // Who it is, whatever else is going on.
  using Identity = std::string;
  std::map<Identity, Pin> look();

  Environment& environment_;
  const std::int64_t too_long_us_;
  std::map<Identity, std::chrono::steady_clock::time_point> first_seen_;
  std::set<Identity> told_;
};

}  // namespace coppice::store
