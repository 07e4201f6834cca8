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
    entries_.add_number(numbers_[index], ordered, key_.word, fate_);
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
  const ValueEntry one = ValueEntry::of_bytes(number.value, value);
  push(where, number, {one.high, one.low, word.value}, value.last(one.more_bytes()), fate);
}

void IndexEntries::add_number(IndexNumber number, std::uint64_t ordered, KeyWord word, Fate fate) {
  const ValueEntry one = ValueEntry::of_number(number.value, ordered);
  push(Where::values, number, {one.high, one.low, word.value}, {}, fate);
}

void IndexEntries::add_reference(AnyKey to, AnyKey from, Fate fate) {
  Entry entry;
  entry.high = to.tree.value;
  entry.low = to.word.value;
  entry.word = from.word.value;
  const std::uint64_t tree = to_big_endian(from.tree.value);
  push(Where::references, {}, entry, bytes_of(tree), fate);
}

void IndexEntries::push(Where where, IndexNumber number, Entry entry, Bytes more, Fate fate) {
  Group& into = group(where, number);
  entry.order = static_cast<std::uint32_t>(into.entries.size()) << 1 | (fate == Fate::goes);
  entry.more = static_cast<std::uint32_t>(more_.size());
  if (!more.empty()) more_.insert(more_.end(), more.begin(), more.end());
  if (into.is_sorted && !into.entries.empty())
    into.is_sorted = compare(where, into.entries.back(), entry) <= 0;
  into.entries.push_back(entry);
  ++count_;
}

IndexEntries::Group& IndexEntries::group(Where where, IndexNumber number) {
  auto& groups = groups_[static_cast<std::size_t>(where)];
  std::size_t& last = last_group_[static_cast<std::size_t>(where)];
  const std::size_t next = last + 1 < groups.size() ? last + 1 : 0;
  if (next < groups.size() && groups[next].number == number) return groups[last = next];
  if (last < groups.size() && groups[last].number == number) return groups[last];
  auto found = std::lower_bound(groups.begin(), groups.end(), number,
                                [](const Group& one, IndexNumber n) { return one.number < n; });
  if (found == groups.end() || found->number != number)
    found = groups.insert(found, Group{number, {}, true});
  last = static_cast<std::size_t>(found - groups.begin());
  return *found;
}

int IndexEntries::compare(Where where, const Entry& a, const Entry& b) const {
  if (where != Where::references) return compare_values(view_of(a), view_of(b));
  if (a.high != b.high) return a.high < b.high ? -1 : 1;
  if (a.low != b.low) return a.low < b.low ? -1 : 1;
  const int order = std::memcmp(&more_[a.more], &more_[b.more], sizeof(TreeId));
  return order != 0 ? order : a.word < b.word ? -1 : a.word > b.word;
}

void IndexEntries::sort(Where where, Group& group) {
  std::sort(group.entries.begin(), group.entries.end(), [&](const Entry& a, const Entry& b) {
    const int order = compare(where, a, b);
    return order != 0 ? order < 0 : a.order < b.order;
  });
}

void IndexEntries::settle(const std::function<void(const Settled&)>& take) {
  for (Where where : {Where::values, Where::words, Where::references}) settle(where, take);
}

void IndexEntries::settle(Where where, const std::function<void(const Settled&)>& take) {
  settle_entries(where, [&](const Entry& entry) { take(settled(where, entry)); });
}

IndexEntries::Settled IndexEntries::settled(Where where, const Entry& entry) {
  if (where == Where::references) return settled_reference(entry);
  return {where, key_of(view_of(entry), key_), bytes_of(entry.word), entry.fate()};
}

IndexEntries::Settled IndexEntries::settled_reference(const Entry& entry) {
  const ReferenceKey to(AnyKey(TreeId{entry.high}, KeyWord(entry.low)));
  const TreeId tree{load_big_endian(Bytes(more_).subspan(entry.more))};
  const ReferenceKey from(AnyKey(tree, KeyWord(entry.word)));
  std::ranges::copy(to.bytes(), key_.begin());
  std::ranges::copy(from.bytes(), reference_.begin());
  return {Where::references, Bytes(key_).first(to.bytes().size()), reference_, entry.fate()};
}

void IndexEntries::write(WriteTxn& txn, const IndexTables& tables, ValueWriter* values) {
  if (empty()) return;
  if (values) values->write(txn, *this);
  IndexCursor straight = tables.values.below_runs(txn);
  IndexCursor words(txn, tables.words);
  IndexCursor references(txn, tables.references);
  settle([&](const Settled& entry) {
    IndexCursor& cursor = entry.where == Where::values  ? straight
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
