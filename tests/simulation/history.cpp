#include "tests/simulation/history.h"

#include <algorithm>
#include <string_view>

#include "store/database.h"
#include "tests/simulation/violation.h"

namespace coppice::simulation {
namespace {

std::string trail_of_record(AnyKey key, RecordView record) {
  return record.header().removed() ? std::string() : trail_of(key.tree, record.body());
}

bool extends(const std::string& after, const std::string& before) {
  return after.starts_with(before) &&
         (before.empty() || after.size() == before.size() || after[before.size()] == '.');
}

std::vector<AnyKey> references_of(AnyKey key, RecordView record) {
  std::vector<AnyKey> references;
  if (key.tree != TreeOf<stock::Part>::id || record.header().removed()) return references;
  const auto part = capnp::readMessageUnchecked<stock::Part>(
      reinterpret_cast<const capnp::word*>(record.body().data()));
  if (const auto maker = key_of(part.getMaker())) references.push_back(maker);
  if (const auto child = key_of(part.getChild())) references.push_back(child);
  return references;
}

std::string_view appended(const std::string& before, const std::string& after) {
  std::string_view rest = std::string_view(after).substr(before.size());
  if (rest.starts_with('.')) rest.remove_prefix(1);
  return rest;
}

}  // namespace

std::uint64_t value_hash(RecordView record) {
  const auto bytes = record.value();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string to_string(const RecordHeader& header) {
  std::string text =
      LocalMark::is_local(header) ? "local" : "sequence " + std::to_string(header.sequence);
  text +=
      " body " + std::to_string(header.body_sequence) + " token " + std::to_string(header.token);
  text +=
      " borrower " + std::to_string(header.borrower) + " author " + std::to_string(header.author);
  text += " created " + std::to_string(header.created_us) + " changed " +
          std::to_string(header.changed_us);
  text +=
      " iteration " + std::to_string(header.iteration) + " state " + std::to_string(header.state);
  text +=
      " flags " + std::to_string(header.flags) + " schema " + std::to_string(header.schema_version);
  return text + " words " + std::to_string(header.body_words);
}

void History::observe(const store::Database& database) {
  auto& writable =
      const_cast<store::Database&>(database);  // read() is not const, and changes nothing
  const auto txn = writable.read();
  begin_observation();
  for (const auto& [id, info] : database.catalogue()->trees()) {
    for (store::RecordCursor cursor(txn, *database.tree(id)); cursor; cursor.next()) {
      look_at(AnyKey(id, cursor.key()), cursor.record());
    }
  }
  end_observation();
}

void History::begin_observation() {
  ++observation_;
  seen_ = 0;
  seen_head_ = 0;
  fresh_.clear();
  holding_.clear();
}

void History::look_at(AnyKey key, RecordView record) {
  ++seen_;
  const RecordHeader& header = record.header();
  seen_head_ = std::max(seen_head_, header.sequence);
  auto found = records_.find(key);
  if (found == records_.end()) {
    appeared(key, record);
  } else if (found->second.header.sequence != header.sequence) {
    changed(key, found->second, record);
  } else {
    require(found->second.versions.back().hash == value_hash(record),
            [&] { return "X8: " + to_string(key) + " changed and kept its sequence"; });
  }
  records_[key].references = references_of(key, record);
  check_state(key, header);
  check_token(key, header);
}

// R6: by declared steps alone, no draft gets a state of released revisions, nor the other way
// round.
void History::check_state(AnyKey key, const RecordHeader& header) const {
  if (key.tree != TreeOf<stock::Part>::id || header.removed()) return;
  const bool of_released = header.state >= 100;
  require(of_released == header.released() && header.state % 10 == 0, [&] {
    return "R6: " + to_string(key) + " is " + (header.released() ? "released" : "a draft") +
           ", and in state " + std::to_string(header.state);
  });
}

// R3, C9: what was released refers to released revisions, and to records that are there.
void History::check_references(AnyKey key, const Record& record) const {
  if (!record.header.released()) return;
  for (const AnyKey to : record.references) {
    const bool is_part = to.tree == TreeOf<stock::Part>::id;
    const auto target =
        records_.find(is_part ? to : AnyKey(to.tree, KeyWord(to.id(), Revision{1})));
    const bool there = target != records_.end() && !target->second.header.removed();
    require(there && (!is_part || target->second.header.released()), [&] {
      return std::string(is_part ? "R3" : "C9") + ": the released " + to_string(key) +
             " refers to " + to_string(to) + ", which is " + (there ? "a draft" : "not there");
    });
  }
}

void History::end_observation() {
  require(seen_ == records_.size(),
          [&] { return "X3: the authority has lost records without a tombstone"; });
  require(seen_head_ >= head_, [&] {
    return "X8: the authority's head went back from " + std::to_string(head_) + " to " +
           std::to_string(seen_head_);
  });
  head_ = seen_head_;
  heads_.insert(head_);
  for (const std::uint64_t number : fresh_) require_whole(number);
  for (const auto& [key, record] : records_) check_references(key, record);
}

bool History::carries(AnyKey record, std::uint64_t number) const {
  const auto found = marks_.find(record.record());
  return found != marks_.end() && found->second.contains(number);
}

void History::appeared(AnyKey key, RecordView record) {
  const RecordHeader& header = record.header();
  const std::string trail = trail_of_record(key, record);
  const std::string before = trail_before(key);
  require(header.sequence > head_,
          [&] { return "X8: " + to_string(key) + " appeared behind the authority's head"; });
  if (!header.removed() && key.revision().value == 1) {
    require(trail.starts_with('c'),
            [&] { return "X1: " + to_string(key) + " has trail " + trail; });
  }
  if (!header.removed()) {
    require(extends(trail, before), [&] {
      return "R1: " + to_string(key) + " began as " + trail + ", and what was released is " +
             before;
    });
    append_marks(key, before, trail);
  }
  Record& stored = records_[key];
  stored.header = header;
  stored.trail = trail;
  stored.hash = record.hash();
  stored.versions.push_back({header.sequence, value_hash(record), header.removed(), header});
}

// What a new revision starts with: the trail of the newest one that was not removed.
std::string History::trail_before(AnyKey key) const {
  for (std::uint32_t number = key.revision().value; --number > 0;) {
    const auto previous = records_.find({key.tree, KeyWord(key.id(), Revision{number})});
    require(previous != records_.end(),
            [&] { return "R5: " + to_string(key) + " skips a revision"; });
    if (previous->second.header.removed()) continue;
    require(previous->second.header.released(),
            [&] { return "R1: " + to_string(key) + " follows an unreleased revision"; });
    return previous->second.trail;
  }
  return {};
}

void History::changed(AnyKey key, Record& before, RecordView record) {
  const RecordHeader& header = record.header();
  const std::string trail = trail_of_record(key, record);
  require(header.sequence > head_,
          [&] { return "X8: " + to_string(key) + " changed behind the authority's head"; });
  // The tombstone of a draft has the borrow of its record, of which earlier revisions live on.
  require(!before.header.removed() || header.removed(),
          [&] { return "C9: " + to_string(key) + " came back after it was removed"; });
  if (before.header.released()) {
    require(header.released() && record.hash() == before.hash && trail == before.trail,
            [&] { return "X4: the released " + to_string(key) + " changed"; });
  }
  if (!header.removed()) body_changed(key, before, header, trail);
  before.header = header;
  before.trail = trail;
  before.hash = record.hash();
  before.versions.push_back({header.sequence, value_hash(record), header.removed(), header});
}

void History::body_changed(AnyKey key, const Record& before, const RecordHeader& header,
                           const std::string& trail) {
  require(header.iteration >= before.header.iteration,
          [&] { return "X1: the iteration of " + to_string(key) + " went back"; });
  require(extends(trail, before.trail), [&] {
    return "X1: a lost update: " + to_string(key) + " was " + before.trail + " and is " + trail;
  });
  const bool moved = trail != before.trail;
  // A release hands in once more what it has pinned.
  const bool pinned = header.released() && !before.header.released();
  require(pinned || moved == (header.iteration != before.header.iteration), [&] {
    return "C5: " + to_string(key) + " went from iteration " +
           std::to_string(before.header.iteration) + " to " + std::to_string(header.iteration) +
           " with " + before.trail + " -> " + trail;
  });
  require(!moved || header.body_sequence > before.header.body_sequence,
          [&] { return "X8: " + to_string(key) + " has a new body and an old body sequence"; });
  append_marks(key, before.trail, trail);
}

void History::append_marks(AnyKey key, const std::string& before, const std::string& after) {
  const Trail trail = parse_trail(appended(before, after));
  auto& known = marks_[key.record()];
  for (const Mark& mark : trail) {
    const Deed* deed = ledger_.find(mark.number);
    require(deed != nullptr, [&] {
      return "X3: " + to_string(key) + " carries " + to_string(mark) +
             ", which no client's write() returned for";
    });
    const auto& expected = mark.kind == Mark::Kind::edited ? deed->edited : deed->touched;
    require(std::ranges::find(expected, key.record()) != expected.end(),
            [&] { return "X5: " + to_string(mark) + " was applied to " + to_string(key); });
    require(known.insert(mark.number).second, [&] {
      return "X5: " + to_string(mark) + " was applied twice to " + to_string(key) + ": " + after;
    });
    if (mark.kind == Mark::Kind::edited || is_carried(key.record(), trail, mark.number)) continue;
    ledger_.applied(mark.number);
    fresh_.insert(mark.number);
  }
}

// C4: work that was refused stays under its borrow, and comes again with the next check-in of the
// same record, whose mark then follows; or which left no mark, for it handed in what was there.
bool History::is_carried(AnyKey record, const Trail& trail, std::uint64_t number) const {
  const Deed& refused = *ledger_.find(number);
  if (refused.fate != Fate::refused) return false;
  return std::ranges::any_of(ledger_.deeds(), [&](const auto& entry) {
    const auto& [later, deed] = entry;
    if (later <= number || deed.client != refused.client || deed.fate == Fate::refused)
      return false;
    const bool handed = std::ranges::find(deed.handed, record) != deed.handed.end();
    return handed || std::ranges::find(trail, later, &Mark::number) != trail.end();
  });
}

void History::check_token(AnyKey key, const RecordHeader& header) {
  if (header.token == 0) return;
  const AnyKey record = key.record();
  require(holding_.emplace(record, header.token).second,
          [&] { return "X2: two revisions of " + to_string(key) + " are borrowed"; });
  auto& last = last_token_[record];
  require(header.token >= last, [&] {
    return "X8: the token of " + to_string(key) + " went back from " + std::to_string(last) +
           " to " + std::to_string(header.token);
  });
  last = header.token;
}

void History::require_whole(std::uint64_t number) const {
  for (const AnyKey& record : ledger_.find(number)->touched) {
    require(carries(record, number) || ledger_.vanishes(record), [&] {
      return "X6: the authority has transaction " + std::to_string(number) + ", but not in " +
             to_string(record);
    });
  }
}

}  // namespace coppice::simulation
