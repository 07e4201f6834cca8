#include "client/id_pool.h"

#include <algorithm>

#include "coppice/check.h"

namespace coppice::client {

void IdPool::add(TreeId tree, IdRange range) {
  COPPICE_CHECK(range.next <= range.end);
  std::lock_guard lock(mutex_);
  auto& entry = trees_[tree];
  if (range.next < range.end) entry.ranges.push_back(range);
  if (entry.taken && range.next < range.end) entry.before.push_back(range);
}

std::optional<RecordId> IdPool::take(TreeId tree) {
  std::lock_guard lock(mutex_);
  auto found = trees_.find(tree);
  if (found == trees_.end()) return std::nullopt;
  for (auto& range : found->second.ranges) {
    if (range.next == range.end) continue;
    if (!found->second.taken) {
      found->second.before = found->second.ranges;
      found->second.taken = true;
    }
    return RecordId{range.next++};
  }
  return std::nullopt;
}

void IdPool::give_back() {
  std::lock_guard lock(mutex_);
  for (auto& [id, tree] : trees_) {
    if (tree.taken) tree.ranges = std::move(tree.before);
    tree.before.clear();
    tree.taken = false;
  }
}

std::vector<std::pair<TreeId, IdRange>> IdPool::changed() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<TreeId, IdRange>> changed;
  for (const auto& [id, tree] : trees_) {
    if (!tree.taken) continue;
    for (std::size_t i = 0; i < tree.ranges.size() && i < tree.before.size(); ++i) {
      if (tree.ranges[i].next != tree.before[i].next) changed.emplace_back(id, tree.ranges[i]);
    }
  }
  return changed;
}

void IdPool::keep() {
  std::lock_guard lock(mutex_);
  for (auto& [id, tree] : trees_) {
    if (!tree.taken) continue;
    std::erase_if(tree.ranges, [](const IdRange& range) { return range.next == range.end; });
    tree.before.clear();
    tree.taken = false;
  }
}

std::uint64_t IdPool::left(TreeId tree) const {
  std::lock_guard lock(mutex_);
  std::uint64_t left = 0;
  if (auto found = trees_.find(tree); found != trees_.end()) {
    for (const auto& range : found->second.ranges) left += range.end - range.next;
  }
  return left;
}

std::uint64_t IdPool::capacity(TreeId tree) const {
  std::lock_guard lock(mutex_);
  std::uint64_t size = 0;
  if (auto found = trees_.find(tree); found != trees_.end()) {
    for (const auto& range : found->second.ranges) size += range.end - range.begin;
  }
  return size;
}

std::vector<TreeId> IdPool::trees() const {
  std::lock_guard lock(mutex_);
  std::vector<TreeId> ids;
  for (const auto& [id, tree] : trees_) ids.push_back(id);
  return ids;
}

}  // namespace coppice::client
