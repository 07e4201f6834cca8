#include "server/comparison.h"

#include <algorithm>
#include <utility>

#include "server/outgoing.h"

namespace coppice::server {
namespace {

// A question asks about so many ranges at most, and each is answered in so many parts at most: an
// answer has at most 100 kB of them.
constexpr unsigned kRangesMax = 64;
constexpr std::size_t kPartsMax = 64;
// Records named as changed since the client's cursor. A client that is further behind catches up
// first.
constexpr std::size_t kChangedMax = 20'000;
constexpr std::uint64_t kAllKeys = ~std::uint64_t{0};

std::size_t expected_bytes(std::size_t ranges, std::size_t changed) {
  return 256 + ranges * (32 + 24 * kPartsMax) + 16 * changed;
}

}  // namespace

Result<Comparison::Question> Comparison::read(protocol::Compare::Reader question) {
  Question checked{.cursor = question.getCursor(), .ranges = {}};
  if (question.getRanges().size() > kRangesMax) {
    return error(Errc::bad_request, "A comparison asks about more than " +
                                        std::to_string(kRangesMax) + " ranges at once.");
  }
  for (const auto range : question.getRanges()) {
    if (range.getAfter() >= range.getUpTo())
      return error(Errc::bad_request, "A comparison asks about an empty range.");
    checked.ranges.push_back(
        {TreeId{range.getTree()}, range.getAfter(), range.getUpTo(), range.getRecordsPerPart()});
  }
  return checked;
}

Comparison::Comparison(store::Database& database, const Tables& tables, Question question)
    : database_(database),
      txn_(database.read()),
      question_(std::move(question)),
      head_(database.meta().number(txn_, "head")) {
  question_.cursor = std::min(question_.cursor, head_);
  if (question_.ranges.empty()) {
    for (const auto& [id, tree] : database.catalogue()->trees())
      question_.ranges.push_back({id, 0, kAllKeys, 0});
  }
  collect_changed(tables);
  if (too_many_changed_) question_.ranges.clear();
}

void Comparison::collect_changed(const Tables& tables) {
  for (store::Feed::Walk walk(txn_, tables.feed, question_.cursor); walk; walk.next()) {
    if (changed_.size() == kChangedMax) {
      too_many_changed_ = true;
      changed_.clear();
      return;
    }
    changed_.push_back(walk.key());
  }
}

std::optional<wire::Frame> Comparison::run(std::uint64_t& records_budget) {
  while (answered_.size() < question_.ranges.size()) {
    if (!cursor_) begin_range();
    if (cursor_ && !run_range(records_budget)) return std::nullopt;
    end_range();
  }
  return encode();
}

void Comparison::begin_range() {
  const Range& range = question_.ranges[answered_.size()];
  // The catalogue knows no such tree: nothing is in it.
  const auto tree = database_.tree(range.tree);
  if (!tree) return;
  cursor_.emplace(txn_, tree->table());
  more_ = cursor_->seek(range.after + 1);
}

bool Comparison::run_range(std::uint64_t& records_budget) {
  const Range& range = question_.ranges[answered_.size()];
  for (; more_ && cursor_->key_number() <= range.up_to; more_ = cursor_->next()) {
    if (records_budget == 0) return false;
    --records_budget;
    const auto record = RecordView::parse(cursor_->value());
    if (record && record->header().sequence > question_.cursor) continue;
    // A part ends when the next one begins: there are no empty ones.
    const bool full = range.records_per_part != 0 && digest_.count() >= range.records_per_part;
    if (full && parts_.size() + 1 < kPartsMax) {
      parts_.push_back({last_key_, std::exchange(digest_, {})});
    }
    last_key_ = cursor_->key_number();
    // A damaged one is as good as an empty one here: it differs from what it should be.
    digest_.add(KeyWord(last_key_), record ? record->value() : store::Bytes{});
  }
  return true;
}

void Comparison::end_range() {
  if (digest_.count() > 0) parts_.push_back({last_key_, std::exchange(digest_, {})});
  answered_.push_back(std::exchange(parts_, {}));
  cursor_.reset();
}

wire::Frame Comparison::encode() const {
  Outgoing out(expected_bytes(answered_.size(), changed_.size()));
  auto compared = out.message().initCompared();
  compared.setHead(head_);
  compared.setTooManyChanged(too_many_changed_);
  auto changed = compared.initChanged(static_cast<unsigned>(changed_.size()));
  for (unsigned i = 0; i < changed.size(); ++i) {
    changed[i].setTree(changed_[i].tree.value);
    changed[i].setKey(changed_[i].word.value);
  }
  auto ranges = compared.initRanges(static_cast<unsigned>(answered_.size()));
  for (unsigned i = 0; i < ranges.size(); ++i) {
    ranges[i].setTree(question_.ranges[i].tree.value);
    auto parts = ranges[i].initParts(static_cast<unsigned>(answered_[i].size()));
    for (unsigned n = 0; n < parts.size(); ++n) {
      parts[n].setLast(answered_[i][n].last);
      parts[n].setCount(answered_[i][n].digest.count());
      parts[n].setDigest(answered_[i][n].digest.value());
    }
  }
  return out.finish();
}

}  // namespace coppice::server
