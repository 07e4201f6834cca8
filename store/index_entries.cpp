#include "store/index_entries.h"

#include <algorithm>
#include <cstring>

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
    auto& [folded, words] = entries_.words_;
    const std::size_t begin = folded.size();
    folded += fold(value);
    const auto added = std::string_view(folded).substr(begin);
    for (WordWalk walk(added); walk && words.size() < IndexTables::kWordsMax; walk.next()) {
      const auto at = static_cast<std::size_t>(walk.word().data() - folded.data());
      words.push_back({static_cast<std::uint32_t>(at),
                       static_cast<std::uint8_t>(walk.word().size()), word_class(walk)});
    }
  }

  // After the last value: a word counts once, where it is best.
  void finish() {
    auto& [folded, words] = entries_.words_;
    const auto text_of = [&text = folded](const Words::Word& word) {
      return std::string_view(text).substr(word.at, word.length);
    };
    std::ranges::sort(words, [&](const auto& a, const auto& b) {
      const int order = text_of(a).compare(text_of(b));
      return order != 0 ? order < 0 : a.word_class < b.word_class;
    });
    std::string_view last;
    for (const auto& word : words) {
      if (text_of(word) == last) continue;
      last = text_of(word);
      add_word(last, word.word_class);
    }
    words.clear();
    folded.clear();
  }

  void reference(AnyKey to) override {
    if (references_) entries_.add_reference(to, key_, fate_);
  }

 private:
  void add_word(std::string_view word, WordClass word_class) {
    std::array<std::byte, WordWalk::kWordBytesMax + 2> key;
    std::memcpy(key.data(), word.data(), word.size());
    key[word.size()] = std::byte{0};
    key[word.size() + 1] = static_cast<std::byte>(word_class);
    entries_.add(Where::words, search_, Bytes(key).first(word.size() + 2), key_.word, fate_);
  }

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
