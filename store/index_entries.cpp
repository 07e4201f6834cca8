#include "store/index_entries.h"

#include <algorithm>

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
  Entry entry;
  entry.where = where;
  entry.number = number.value;
  entry.word = word.value;
  entry.fate = fate;
  std::uint64_t head = 0;
  entry.head_bytes = static_cast<std::uint8_t>(std::min(value.size(), sizeof head));
  std::memcpy(&head, value.data(), entry.head_bytes);
  entry.head = to_big_endian(head);
  push(entry, value.subspan(entry.head_bytes));
}

void IndexEntries::add_reference(AnyKey to, AnyKey from, Fate fate) {
  Entry entry;
  entry.where = Where::references;
  // Part of the tree's id, so that entries are nearly in the order of their keys.
  entry.number = static_cast<std::uint32_t>(to.tree.value >> 32);
  entry.head = to.word.value;
  entry.word = from.word.value;
  entry.fate = fate;
  const std::uint64_t trees[2] = {to.tree.value, from.tree.value};
  push(entry, bytes_of(trees));
}

void IndexEntries::push(Entry entry, Bytes rest) {
  entry.order = static_cast<std::uint32_t>(entries_.size());
  entry.rest = static_cast<std::uint32_t>(rest_.size());
  entry.rest_bytes = static_cast<std::uint16_t>(rest.size());
  rest_.insert(rest_.end(), rest.begin(), rest.end());
  entries_.push_back(entry);
}

Bytes IndexEntries::rest_of(const Entry& entry) const {
  return Bytes(rest_).subspan(entry.rest, entry.rest_bytes);
}

std::strong_ordering IndexEntries::compare(const Entry& a, const Entry& b) const {
  if (a.where != b.where) return a.where <=> b.where;
  if (a.number != b.number) return a.number <=> b.number;
  if (a.head != b.head) return a.head <=> b.head;
  if (const auto common = std::min(a.rest_bytes, b.rest_bytes)) {
    const int order = std::memcmp(rest_of(a).data(), rest_of(b).data(), common);
    if (order != 0) return order <=> 0;
  }
  if (a.head_bytes != b.head_bytes) return a.head_bytes <=> b.head_bytes;
  if (a.rest_bytes != b.rest_bytes) return a.rest_bytes <=> b.rest_bytes;
  return a.word <=> b.word;
}

void IndexEntries::settle(const std::function<void(const Settled&)>& take) {
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    const auto order = compare(a, b);
    return order != 0 ? order < 0 : a.order < b.order;
  });
  for (std::size_t i = 0; i < entries_.size();) {
    const std::size_t first = i;
    while (++i < entries_.size() && compare(entries_[first], entries_[i]) == 0) continue;
    // Equal ones came in turns: the first says whether it was there, the last whether it will be.
    const bool was = entries_[first].fate == Fate::goes;
    const bool will_be = entries_[i - 1].fate == Fate::comes;
    if (was != will_be) hand_out(entries_[i - 1], take);
  }
  entries_.clear();
  rest_.clear();
}

void IndexEntries::hand_out(const Entry& entry,
                            const std::function<void(const Settled&)>& take) const {
  const Bytes rest = rest_of(entry);
  if (entry.where == Where::references) {
    std::uint64_t trees[2];
    std::memcpy(trees, rest.data(), sizeof trees);
    const ReferenceKey to(AnyKey(TreeId{trees[0]}, KeyWord(entry.head)));
    const ReferenceKey from(AnyKey(TreeId{trees[1]}, KeyWord(entry.word)));
    return take({entry.where, to.bytes(), from.bytes(), entry.fate});
  }
  std::array<std::byte, 4 + IndexTables::kValueBytesMax> key;
  const std::uint32_t number = __builtin_bswap32(entry.number);
  const std::uint64_t head = to_big_endian(entry.head);
  std::memcpy(key.data(), &number, sizeof number);
  std::memcpy(key.data() + 4, &head, sizeof head);
  if (!rest.empty()) std::memcpy(key.data() + 12, rest.data(), rest.size());
  const Bytes whole(key.data(), 4u + entry.head_bytes + rest.size());
  take({entry.where, whole, bytes_of(entry.word), entry.fate});
}

void IndexEntries::write(WriteTxn& txn, const IndexTables& tables) {
  if (entries_.empty()) return;
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
