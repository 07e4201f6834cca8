#include "store/gate.h"

#include <algorithm>

#include "coppice/error.h"

namespace coppice::store {
namespace {

std::string describe(const Gate::Visitor& visitor) {
  const auto held =
      std::chrono::duration_cast<std::chrono::seconds>(Gate::Clock::now() - visitor.since);
  const std::string name = visitor.name.empty() ? "without a name" : "'" + visitor.name + "'";
  return name + ", held for " + std::to_string(held.count()) + " s";
}

}  // namespace

Gate::Place Gate::enter(std::string_view name) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !closed_; });
  return inside_.insert(inside_.end(),
                        {std::this_thread::get_id(), Clock::now(), std::string(name)});
}

void Gate::leave(Place place) {
  std::lock_guard lock(mutex_);
  inside_.erase(place);
  if (inside_.empty()) changed_.notify_all();
}

std::vector<Gate::Visitor> Gate::visitors() const {
  std::lock_guard lock(mutex_);
  return {inside_.begin(), inside_.end()};
}

void Gate::wait_until_empty(std::unique_lock<std::mutex>& lock,
                            std::chrono::milliseconds patience) {
  const auto own = std::ranges::find(inside_, std::this_thread::get_id(), &Visitor::thread);
  if (own != inside_.end()) {
    throw StorageError(
        "The database is full and must be made larger, which has to wait for all snapshots to end; "
        "and this thread itself holds one (" +
        describe(*own) + "). End it, and write again.");
  }
  if (changed_.wait_for(lock, patience, [&] { return inside_.empty(); })) return;
  throw StorageError(
      "The database is full and must be made larger, which has to wait for all snapshots to end; "
      "the oldest did not (" +
      describe(inside_.front()) + "). End it, and write again.");
}

}  // namespace coppice::store
