#include "store/index_entries.h"

#include <algorithm>
#include <cstring>

#include "schema/fold.h"

namespace coppice::store {

// Gets the values of one body.
class IndexEntries::Collector final : public IndexSink {
 public:
  Collector(IndexEntries& entries, const IndexPlan& plan, const std::vector<IndexNumber>& numbers,
            AnyKey key, Fate fate)
      : entries_(entries),
        numbers_(numbers),
        search_(number_of(plan, IndexPlan::Kind::search)),
        references_(number_of(plan, IndexPlan::Kind::references)),
        key_(key),
        fate_(fate) {}

  void number(unsigned index, std::uint64_t ordered) override {
    if (!numbers_[index]) return;
    const std::uint64_t value = to_big_endian(ordered);
    entries_.add(Where::values, numbers_[index], bytes_of(value), key_.word, fate_);
  }

  void bytes(unsigned index, std::string_view value) override {
    if (!numbers_[index]) return;
    const auto cut = value.substr(0, IndexTables::kValueBytesMax);
    entries_.add(Where::values, numbers_[index], std::as_bytes(std::span(cut)), key_.word, fate_);
  }

  void text(std::string_view value) override {
    if (!search_) return;
    const std::string folded = fold(value);
    for (WordWalk walk(folded); walk && words_.size() < IndexTables::kWordsMax; walk.next()) {
      // As in the key, so that the best class of a word comes first.
      std::string word(walk.word());
      word += '\0';
      word += static_cast<char>(word_class(walk));
      words_.push_back(std::move(word));
    }
  }

  // After the last value: a word counts once, where it is best.
  void finish() {
    if (words_.empty()) return;
    std::sort(words_.begin(), words_.end());
    std::string_view last;
    for (const std::string& word : words_) {
      const auto without_class = std::string_view(word).substr(0, word.size() - 1);
      if (without_class == last) continue;
      last = without_class;
      entries_.add(Where::words, search_, std::as_bytes(std::span(word)), key_.word, fate_);
    }
  }

  void reference(AnyKey to) override {
    if (references_) entries_.add_reference(to, key_, fate_);
  }

 private:
  IndexNumber number_of(const IndexPlan& plan, IndexPlan::Kind kind) const {
    const auto index = plan.find(kind);
    return index ? numbers_[*index] : IndexNumber{};
  }

  IndexEntries& entries_;
  const std::vector<IndexNumber>& numbers_;
  const IndexNumber search_;
  const IndexNumber references_;
  const AnyKey key_;
  const Fate fate_;
  std::vector<std::string> words_;
};

void IndexEntries::collect(const IndexPlan& plan, const std::vector<IndexNumber>& numbers,
                           AnyKey key, std::span<const std::uint64_t> body, Fate fate) {
  Collector collector(*this, plan, numbers, key, fate);
  plan.extract(body, collector);
  collector.finish();
}

void IndexEntries::add(Where where, IndexNumber number, Bytes value, KeyWord word, Fate fate) {
  std::array<std::byte, 16> head{};
  const std::uint32_t big_endian = __builtin_bswap32(number.value);
  std::memcpy(head.data(), &big_endian, sizeof big_endian);
  const std::size_t taken = std::min(value.size(), kBytesInEntry);
  if (taken > 0) std::memcpy(head.data() + 4, value.data(), taken);
  head.back() = static_cast<std::byte>(value.size());
  Entry entry;
  entry.high = load_big_endian(head);
  entry.low = load_big_endian(Bytes(head).subspan(8));
  entry.word = word.value;
  entry.fate = fate;
  push(where, entry, value.subspan(taken));
}

void IndexEntries::add_reference(AnyKey to, AnyKey from, Fate fate) {
  Entry entry;
  entry.high = to.tree.value;
  entry.low = to.word.value;
  entry.word = from.word.value;
  entry.fate = fate;
  const std::uint64_t tree = to_big_endian(from.tree.value);
  push(Where::references, entry, bytes_of(tree));
}

void IndexEntries::push(Where where, Entry entry, Bytes more) {
  entry.order = static_cast<std::uint32_t>(size());
  entry.more = static_cast<std::uint32_t>(more_.size());
  more_.insert(more_.end(), more.begin(), more.end());
  entries_[static_cast<std::size_t>(where)].push_back(entry);
}

std::strong_ordering IndexEntries::compare(Where where, const Entry& a, const Entry& b) const {
  if (a.high != b.high) return a.high <=> b.high;
  if (where == Where::references) {
    if (a.low != b.low) return a.low <=> b.low;
    const int order = std::memcmp(&more_[a.more], &more_[b.more], sizeof(TreeId));
    if (order != 0) return order <=> 0;
  } else {
    // A shorter value is filled with zeros; the lengths, which come last, tell it from others.
    if (a.low >> 8 != b.low >> 8) return a.low <=> b.low;
    if (const auto order = compare_ends(a, b); order != 0) return order;
  }
  return a.word <=> b.word;
}

std::strong_ordering IndexEntries::compare_ends(const Entry& a, const Entry& b) const {
  if (a.length() > kBytesInEntry && b.length() > kBytesInEntry) {
    const auto common = std::min(a.length(), b.length()) - kBytesInEntry;
    const int order = std::memcmp(&more_[a.more], &more_[b.more], common);
    if (order != 0) return order <=> 0;
  }
  return a.length() <=> b.length();
}

void IndexEntries::settle(const std::function<void(const Settled&)>& take) {
  for (Where where : {Where::values, Where::words, Where::references}) settle(where, take);
  more_.clear();
}

void IndexEntries::settle(Where where, const std::function<void(const Settled&)>& take) {
  auto& entries = entries_[static_cast<std::size_t>(where)];
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    const auto order = compare(where, a, b);
    return order != 0 ? order < 0 : a.order < b.order;
  });
  for (std::size_t i = 0; i < entries.size();) {
    const std::size_t first = i;
    while (++i < entries.size() && compare(where, entries[first], entries[i]) == 0) continue;
    // Equal ones came in turns: the first says whether it was there, the last whether it will be.
    const bool was = entries[first].fate == Fate::goes;
    const bool will_be = entries[i - 1].fate == Fate::comes;
    if (was != will_be) take(settled(where, entries[i - 1]));
  }
  entries.clear();
}

IndexEntries::Settled IndexEntries::settled(Where where, const Entry& entry) {
  if (where == Where::references) return settled_reference(entry);
  const std::uint64_t words[2] = {to_big_endian(entry.high), to_big_endian(entry.low)};
  const std::size_t length = entry.length(), taken = std::min(length, kBytesInEntry);
  std::memcpy(key_.data(), words, 4 + taken);
  if (length > taken) std::memcpy(key_.data() + 4 + taken, &more_[entry.more], length - taken);
  return {where, Bytes(key_).first(4 + length), bytes_of(entry.word), entry.fate};
}

IndexEntries::Settled IndexEntries::settled_reference(const Entry& entry) {
  const ReferenceKey to(AnyKey(TreeId{entry.high}, KeyWord(entry.low)));
  const TreeId tree{load_big_endian(Bytes(more_).subspan(entry.more))};
  const ReferenceKey from(AnyKey(tree, KeyWord(entry.word)));
  std::ranges::copy(to.bytes(), key_.begin());
  std::ranges::copy(from.bytes(), reference_.begin());
  return {Where::references, Bytes(key_).first(to.bytes().size()), reference_, entry.fate};
}

void IndexEntries::write(WriteTxn& txn, const IndexTables& tables) {
  if (empty()) return;
  IndexCursor values(txn, tables.values);
  IndexCursor words(txn, tables.words);
  IndexCursor references(txn, tables.references);
  settle([&](const Settled& entry) {
    IndexCursor& cursor = entry.where == Where::values  ? values
                          : entry.where == Where::words ? words
                                                        : references;
    if (entry.fate == Fate::comes) {
      cursor.add(entry.key, entry.value);
    } else {
      cursor.erase(entry.key, entry.value);
    }
  });
}

}  // namespace coppice::store
