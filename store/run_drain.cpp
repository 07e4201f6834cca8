#include "store/run_drain.h"

#include <algorithm>

namespace coppice::store {

bool RunDrain::step(std::int64_t now_us) {
  if (!indexes_.has_runs()) {
    due_us_.reset();
    return false;
  }
  if (!due_us_ || changes_seen_ != indexes_.run_changes()) {
    changes_seen_ = indexes_.run_changes();
    due_us_ = now_us + kQuietUs;
  }
  // A clock that was set back.
  due_us_ = std::min(*due_us_, now_us + kQuietUs);
  if (now_us < *due_us_) return false;
  try {
    indexes_.drain();
    due_us_ = now_us;
    return true;
  } catch (const NoSpaceError&) {
    // Nothing is lost by waiting until there is room, and whoever writes is told by himself.
    due_us_ = now_us + kQuietUs;
    return false;
  }
}

std::optional<std::int64_t> RunDrain::deadline_us() const {
  return indexes_.has_runs() ? due_us_ : std::nullopt;
}

}  // namespace coppice::store
