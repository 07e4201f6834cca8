#pragma once

#include <cstdint>
#include <optional>

#include "store/indexes.h"

namespace coppice::store {

// Drains runs of indexes when nobody has written much for a while: a load would go on slower, and
// the drain is cheapest when all of it has come.
//
// Knows no clock: whoever owns it steps it and says the time, in microseconds. Threads: the
// database's writer.
class RunDrain {
 public:
  explicit RunDrain(Indexes& indexes) : indexes_(indexes) {}

  // Drains a piece if it is time. Returns whether it did.
  bool step(std::int64_t now_us);
  // When step() is due. Nothing: there is nothing to be drained, or step() has not seen it yet.
  std::optional<std::int64_t> deadline_us() const;

 private:
  // A load makes its next transaction much sooner.
  static constexpr std::int64_t kQuietUs = 500'000;

  Indexes& indexes_;
  std::uint64_t changes_seen_ = 0;
  std::optional<std::int64_t> due_us_;
};

}  // namespace coppice::store
