#include "client/comparing.h"

namespace coppice::client {
namespace {

// The server takes no more at once.
constexpr std::size_t kRangesMax = 64;
// Into how many parts a range that differs is cut.
constexpr std::uint64_t kPartsWanted = 64;
// More differences are not listed: it is the replica that is wrong then, not records.
constexpr std::size_t kDifferencesMax = 1'000;
constexpr std::uint64_t kAllKeys = ~std::uint64_t{0};

RecordDigest digest_of(KeyWord key, store::Bytes value) {
  RecordDigest digest;
  digest.add(key, value);
  return digest;
}

bool same(const RecordDigest& ours, protocol::Compared::Part::Reader theirs) {
  return ours.count() == theirs.getCount() && ours.value() == theirs.getDigest();
}

}  // namespace

Comparing::Comparing(Replica& replica)
    : replica_(replica),
      txn_(replica.database().read()),
      cursor_(replica.database().meta().number(txn_, fact::kCursor)) {
  result_.sequence = cursor_;
}

void Comparing::ask(protocol::Compare::Builder question) {
  ++result_.questions;
  asked_.clear();
  while (!to_ask_.empty() && asked_.size() < kRangesMax) {
    asked_.push_back(to_ask_.front());
    to_ask_.pop_front();
  }
  question.setCursor(cursor_);
  auto ranges = question.initRanges(static_cast<unsigned>(asked_.size()));
  for (unsigned i = 0; i < ranges.size(); ++i) {
    ranges[i].setTree(asked_[i].tree.value);
    ranges[i].setAfter(asked_[i].after);
    ranges[i].setUpTo(asked_[i].up_to);
    ranges[i].setRecordsPerPart(asked_[i].records_per_part);
  }
}

Result<bool> Comparing::take(protocol::Compared::Reader answer) {
  if (answer.getTooManyChanged()) {
    return error(Errc::cancelled,
                 "The server changes faster than it can be compared with. Try again when there is "
                 "less going on.");
  }
  for (const auto key : answer.getChanged())
    changed_.insert(AnyKey(TreeId{key.getTree()}, KeyWord(key.getKey())));
  // Once: each look at a peer's list counts as reading all of it.
  const auto ranges = answer.getRanges();
  const bool first = asked_.empty();
  if (first) {
    for (const auto range : ranges) asked_.push_back({TreeId{range.getTree()}, 0, kAllKeys, 0});
  }
  if (ranges.size() != asked_.size())
    return error(Errc::bad_request, "The server answered another question than it was asked.");
  for (unsigned i = 0; i < asked_.size(); ++i) {
    const auto compared = compare(asked_[i], ranges[i].getParts());
    if (!compared) return compared.error();
  }
  if (is_enough() && !to_ask_.empty()) {
    result_.complete = false;
    return false;
  }
  return !to_ask_.empty();
}

Result<void> Comparing::compare(const Range& range,
                                capnp::List<protocol::Compared::Part>::Reader parts) {
  const bool whole = range.records_per_part == 0;
  Range rest = range;
  for (const auto part : parts) {
    if (part.getLast() <= rest.after || part.getLast() > range.up_to || part.getCount() == 0)
      return error(Errc::bad_request, "The server answered with parts that are in no order.");
    const Range here{range.tree, rest.after, part.getLast(), 0};
    const RecordDigest ours = digest(here);
    if (whole) result_.records += ours.count();
    if (!same(ours, part)) descend(here, part);
    rest.after = part.getLast();
  }
  if (rest.after == range.up_to) return {};
  // The server has nothing more in this range.
  visit(rest, [&](KeyWord key, store::Bytes) {
    if (whole) ++result_.records;
    name(result_.surplus, AnyKey(range.tree, key));
  });
  return {};
}

void Comparing::descend(const Range& range, protocol::Compared::Part::Reader part) {
  if (part.getCount() == 1) return name_differences(range, part);
  Range smaller = range;
  // By the server's count, which makes at least two parts of it: each question is a smaller one.
  smaller.records_per_part = (part.getCount() + kPartsWanted - 1) / kPartsWanted;
  to_ask_.push_back(smaller);
}

// The server has one record in the range: its last key.
void Comparing::name_differences(const Range& range, protocol::Compared::Part::Reader part) {
  bool found = false;
  visit(range, [&](KeyWord key, store::Bytes value) {
    if (key.value != part.getLast()) return name(result_.surplus, AnyKey(range.tree, key));
    found = true;
    if (!same(digest_of(key, value), part)) name(result_.different, AnyKey(range.tree, key));
  });
  if (!found) name(result_.missing, AnyKey(range.tree, KeyWord(part.getLast())));
}

RecordDigest Comparing::digest(const Range& range) const {
  RecordDigest digest;
  visit(range, [&](KeyWord key, store::Bytes value) { digest.add(key, value); });
  return digest;
}

void Comparing::visit(const Range& range,
                      const std::function<void(KeyWord, store::Bytes)>& visit) const {
  const auto* tree = replica_.tree(range.tree);
  if (!tree) return;
  store::Cursor cursor(txn_, tree->table());
  for (bool more = cursor.seek(range.after + 1); more && cursor.key_number() <= range.up_to;
       more = cursor.next()) {
    const KeyWord key(cursor.key_number());
    if (const auto value = what_counts(AnyKey(range.tree, key), cursor.value())) visit(key, *value);
  }
}

std::optional<store::Bytes> Comparing::what_counts(AnyKey key, store::Bytes value) const {
  auto record = RecordView::parse(value);
  if (record && LocalMark::is_local(record->header())) {
    const auto base = txn_.find(replica_.tables().bases, PairKey(key).bytes());
    if (!base) return std::nullopt;  // made here, and the server has not been told
    record = RecordView::parse(*base);
  }
  if (!changed_.empty() && changed_.contains(key)) return std::nullopt;
  // A damaged one is as good as an empty one here: it differs from what it should be.
  if (!record) return store::Bytes{};
  if (record->header().sequence > cursor_) return std::nullopt;
  return record->value();
}

void Comparing::name(std::vector<AnyKey>& list, AnyKey key) {
  if (is_enough()) {
    result_.complete = false;
  } else {
    list.push_back(key);
  }
}

bool Comparing::is_enough() const {
  return result_.missing.size() + result_.different.size() + result_.surplus.size() >=
         kDifferencesMax;
}

}  // namespace coppice::client
