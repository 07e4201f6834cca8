#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "coppice/event.h"

namespace coppice::client {

// The records that committed transactions have changed since somebody looked, for live queries.
//
// Threads: the replica's writer.
class Touched {
 public:
  struct One {
    AnyKey key;
    bool body_differs;
  };
  // So many are one by one worth it.
  static constexpr std::size_t kOnesMax = 50'000;

  // false: nobody asks, and nothing is kept.
  bool is_wanted() const { return is_wanted_; }
  void want(bool is_wanted) {
    is_wanted_ = is_wanted;
    if (!is_wanted) clear();
  }

  // After a commit. `everything`: more than are listed.
  void add(std::vector<One> ones, bool everything, Event::Origin origin) {
    if (!is_wanted_ || (ones.empty() && !everything)) return;
    is_everything_ |= everything || ones_.size() + ones.size() > kOnesMax;
    origin_ = origin;
    if (is_everything_) {
      ones_.clear();
    } else {
      ones_.insert(ones_.end(), ones.begin(), ones.end());
    }
  }

  bool empty() const { return ones_.empty() && !is_everything_; }
  // Empty where everything may have changed.
  const std::vector<One>& ones() const { return ones_; }
  bool is_everything() const { return is_everything_; }
  // Of the last transaction.
  Event::Origin origin() const { return origin_; }
  void clear() {
    ones_.clear();
    is_everything_ = false;
  }

 private:
  bool is_wanted_ = false;
  bool is_everything_ = false;
  Event::Origin origin_ = Event::Origin::local;
  std::vector<One> ones_;
};

}  // namespace coppice::client
