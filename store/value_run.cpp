#include "store/value_run.h"

#include <algorithm>
#include <limits>

namespace coppice::store {
namespace {

constexpr std::size_t kHeadBytes = 16;

[[noreturn]] void damaged() { throw CorruptionError("A run of index entries is damaged."); }

}  // namespace

RunView RunView::of(Bytes stored) {
  std::uint64_t head[2];
  if (stored.size() < kHeadBytes || stored.size() % 8 != 0) damaged();
  std::memcpy(head, stored.data(), sizeof head);
  const std::size_t room = stored.size() - kHeadBytes;
  if (head[0] > room / sizeof(StoredValue)) damaged();
  const std::size_t entries_bytes = head[0] * sizeof(StoredValue);
  if (head[1] > room - entries_bytes) damaged();
  const auto* entries = reinterpret_cast<const StoredValue*>(stored.data() + kHeadBytes);
  return {{entries, head[0]}, stored.subspan(kHeadBytes + entries_bytes, head[1])};
}

std::size_t RunView::stored_bytes() const {
  return kHeadBytes + entries_.size_bytes() + tail_.size();
}

void RunView::copy_to(std::span<std::byte> room) const {
  const std::uint64_t head[2] = {entries_.size(), tail_.size()};
  std::memcpy(room.data(), head, sizeof head);
  std::byte* at = room.data() + sizeof head;
  if (!entries_.empty()) std::memcpy(at, entries_.data(), entries_.size_bytes());
  at += entries_.size_bytes();
  if (!tail_.empty()) std::memcpy(at, tail_.data(), tail_.size());
  std::fill(at + tail_.size(), room.data() + room.size(), std::byte{0});
}

ValueEntry RunView::at(std::size_t index) const {
  const StoredValue& stored = entries_[index];
  ValueEntry entry{stored.high, stored.low, stored.word, nullptr};
  if (entry.length() > kValueKeyBytesMax - 4) damaged();
  if (entry.more_bytes() > 0) {
    if (stored.more > tail_.size() || entry.more_bytes() > tail_.size() - stored.more) damaged();
    entry.more = tail_.data() + stored.more;
  }
  return entry;
}

std::size_t RunView::lower_bound(const ValueEntry& entry) const {
  std::size_t begin = 0, count = entries_.size();
  while (count > 0) {
    const std::size_t half = count / 2;
    if (compare_values(at(begin + half), entry) < 0) {
      begin += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return begin;
}

void RunBuilder::add(const ValueEntry& entry, Fate fate) {
  entries_.push_back({entry.high, entry.low, entry.word, static_cast<std::uint32_t>(tail_.size()),
                      fate == Fate::goes});
  if (const std::size_t more = entry.more_bytes(); more > 0)
    tail_.insert(tail_.end(), entry.more, entry.more + more);
}

void RunBuilder::clear() {
  entries_.clear();
  tail_.clear();
}

RunsCursor::RunsCursor(std::span<const RunView> runs) {
  heads_.reserve(runs.size());
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    heads_.push_back({{}, 0, *run});
    place(heads_.back(), 0);
  }
  find_least();
}

void RunsCursor::place(Head& head, std::size_t at) {
  constexpr auto kAbove = std::numeric_limits<std::uint64_t>::max();
  head.at = at;
  head.entry = is_end(head) ? ValueEntry{kAbove, kAbove & ~std::uint64_t{0xff}, kAbove, nullptr}
                            : head.run.at(at);
}

void RunsCursor::find_least() {
  least_ = 0;
  for (std::size_t i = 1; i < heads_.size(); ++i) {
    if (compare_values(heads_[i].entry, heads_[least_].entry) < 0) least_ = i;
  }
}

void RunsCursor::next() {
  const ValueEntry passed = entry();
  // Those before it are newer, and would have been chosen if they were equal.
  for (std::size_t i = heads_.size(); i-- > least_;) {
    Head& head = heads_[i];
    if (!is_end(head) && compare_values(head.entry, passed) == 0) place(head, head.at + 1);
  }
  find_least();
}

void RunsCursor::seek(const ValueEntry& entry) {
  for (Head& head : heads_) place(head, head.run.lower_bound(entry));
  find_least();
}

}  // namespace coppice::store
