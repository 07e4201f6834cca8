#include "store/value_writer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "store/format.h"
#include "store/index_entries.h"

namespace coppice::store {
namespace {

// Facts: the newest run of the drain under way (0: there is none), and the last entry that it has
// put into the table: its key, and behind that its word.
constexpr std::string_view kDrainedTo = "index_runs.drained_to";
constexpr std::string_view kDrained = "index_runs.drained";

std::string text_of(const ValueEntry& entry) {
  std::array<std::byte, kValueKeyBytesMax> room;
  const Bytes key = key_of(entry, room);
  std::string text(reinterpret_cast<const char*>(key.data()), key.size());
  text.append(reinterpret_cast<const char*>(&entry.word), sizeof entry.word);
  return text;
}

// A view of the text.
ValueEntry entry_of(const std::string& text) {
  std::uint64_t word;
  if (text.size() < sizeof word) throw CorruptionError("The mark of a drained index is damaged.");
  const Bytes bytes = std::as_bytes(std::span(text));
  std::memcpy(&word, bytes.data() + bytes.size() - sizeof word, sizeof word);
  return ValueEntry::of(bytes.first(bytes.size() - sizeof word), word);
}

}  // namespace

void ValueWriter::begin(const Txn& txn) {
  if (filter_is_made_ && !filter_is_old_) return;
  filter_.clear();
  for (const StoredRun& stored : tables_.runs(txn)) note(stored.run);
  filter_is_made_ = true;
  filter_is_old_ = false;
}

const RunFilter& ValueWriter::filter(const Txn& txn) {
  if (!filter_is_made_) begin(txn);
  return filter_;
}

void ValueWriter::note(RunView run) {
  for (std::size_t i = 0; i < run.size(); ++i) filter_.add(run.at(i).hash());
}

void ValueWriter::write(WriteTxn& txn, IndexEntries& entries) {
  new_.clear();
  entries.settle_values([&](const ValueEntry& entry, Fate fate) { new_.add(entry, fate); });
  if (new_.size() == 0) return;
  const auto runs = tables_.runs(txn);
  const std::size_t new_bytes = new_.view().stored_bytes();
  // A large one shares the pages that it changes among its own entries.
  const bool is_large = new_bytes > limits_.bytes_max / 4;
  if (runs.empty() && (new_.size() <= limits_.direct_max || is_large))
    return apply(txn, new_.view());
  std::size_t bytes = new_bytes;
  for (const StoredRun& stored : runs) bytes += stored.run.stored_bytes();
  note(new_.view());
  if (new_.size() > limits_.direct_max) ++changes_;
  put(txn, runs);
  if (bytes <= limits_.bytes_max) return;
  filter_is_old_ = true;
  while (drain(txn, kPieceEntries)) continue;
}

void ValueWriter::apply(WriteTxn& txn, RunView run) {
  IndexCursor cursor = tables_.below_runs(txn);
  std::array<std::byte, kValueKeyBytesMax> room;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const ValueEntry entry = run.at(i);
    if (run.fate(i) == Fate::comes) {
      cursor.add(key_of(entry, room), bytes_of(entry.word));
    } else {
      cursor.erase(key_of(entry, room), bytes_of(entry.word));
    }
  }
}

unsigned ValueWriter::level(std::size_t entries) const {
  unsigned level = 0;
  for (; entries >= limits_.fan_out; entries /= limits_.fan_out) ++level;
  return level;
}

std::size_t ValueWriter::first_to_merge(const Txn& txn, const std::vector<StoredRun>& runs) const {
  // Those that are being drained stay what they are.
  const std::uint64_t drained_to = tables_.meta_.number(txn, kDrainedTo);
  std::size_t begin = runs.size();
  while (begin > 0 && runs[begin - 1].number > drained_to) --begin;
  const auto level_of = [&](std::size_t i) { return level(runs[i].run.size()); };
  std::size_t first = runs.size(), entries = new_.size();
  for (;;) {
    const std::size_t before = first;
    while (first > begin && level_of(first - 1) < level(entries))
      entries += runs[--first].run.size();
    std::size_t same = first;
    while (same > begin && level_of(same - 1) == level(entries)) --same;
    if (first - same + 1 >= limits_.fan_out) {
      while (first > same) entries += runs[--first].run.size();
    }
    if (first == before) return first;
  }
}

void ValueWriter::put(WriteTxn& txn, const std::vector<StoredRun>& runs) {
  const std::size_t first = first_to_merge(txn, runs);
  RunView run = new_.view();
  if (first < runs.size()) {
    // Whole, before anything is written: views do not outlive that.
    std::vector<RunView> parts;
    for (std::size_t i = first; i < runs.size(); ++i) parts.push_back(runs[i].run);
    parts.push_back(new_.view());
    made_.clear();
    for (RunsCursor merged(parts); merged; merged.next()) made_.add(merged.entry(), merged.fate());
    run = made_.view();
  }
  const std::uint64_t number = runs.empty() ? 1 : runs.back().number + 1;
  for (std::size_t i = first; i < runs.size(); ++i) txn.erase(*tables_.runs_, runs[i].number);
  const std::size_t size_bytes = (run.stored_bytes() + 7) / 8 * 8;
  run.copy_to(txn.reserve_append(*tables_.runs_, number, size_bytes));
  if (runs.empty()) tables_.meta_.set_number(txn, kFormatFact, kFormatWithRuns);
}

bool ValueWriter::drain(WriteTxn& txn, std::size_t entries_max) {
  const auto runs = tables_.runs(txn);
  if (runs.empty()) return false;
  const Meta& meta = tables_.meta_;
  const std::uint64_t begun_to = meta.number(txn, kDrainedTo);
  const std::uint64_t to = begun_to != 0 ? begun_to : runs.back().number;
  std::vector<RunView> parts;
  for (const StoredRun& stored : runs) {
    if (stored.number <= to) parts.push_back(stored.run);
  }
  RunsCursor cursor(parts);
  const std::string done_before = meta.text(txn, kDrained);
  if (begun_to != 0) {
    const ValueEntry last = entry_of(done_before);
    cursor.seek(last);
    if (cursor && compare_values(cursor.entry(), last) == 0) cursor.next();
  }
  // Copies: views do not outlive the writing.
  made_.clear();
  for (; cursor && made_.size() < entries_max; cursor.next())
    made_.add(cursor.entry(), cursor.fate());
  const bool goes_on = static_cast<bool>(cursor);
  apply(txn, made_.view());
  if (goes_on) {
    meta.set_number(txn, kDrainedTo, to);
    meta.set_text(txn, kDrained, text_of(made_.view().at(made_.size() - 1)));
    return true;
  }
  for (const StoredRun& stored : runs) {
    if (stored.number <= to) txn.erase(*tables_.runs_, stored.number);
  }
  if (begun_to != 0) {
    meta.set_number(txn, kDrainedTo, 0);
    meta.set_text(txn, kDrained, {});
  }
  if (runs.back().number > to) return true;
  meta.set_number(txn, kFormatFact, kFormat);
  return false;
}

void ValueWriter::drained() {
  filter_.clear();
  filter_is_old_ = false;
  filter_is_made_ = true;
}

}  // namespace coppice::store
