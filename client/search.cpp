#include <algorithm>
#include <unordered_set>

#include "client/index_walk.h"
#include "schema/fold.h"
#include "store/word_lists.h"

namespace coppice {
namespace {

using client::RevisionFilter;
using client::SnapshotState;
using store::WordLists;

// The words that are asked for, and how well a body answers.
class AskedWords final : public IndexSink {
 public:
  explicit AskedWords(std::string_view text) {
    const std::string folded = fold(text);
    for (WordWalk walk(folded); walk && words_.size() < kWordsMax; walk.next())
      words_.emplace_back(walk.word());
    std::sort(words_.begin(), words_.end());
    words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
  }
  const std::vector<std::string>& words() const { return words_; }

  // The ranks of all words added; nothing: it lacks one.
  std::optional<unsigned> rank(const IndexPlan& plan, std::span<const std::uint64_t> body) {
    best_.assign(words_.size(), kNone);
    plan.extract(body, *this);
    unsigned sum = 0;
    for (unsigned rank : best_) {
      if (rank == kNone) return std::nullopt;
      sum += rank;
    }
    return sum;
  }

  void text(std::string_view value) override {
    const std::string folded = fold(value);
    for (WordWalk walk(folded); walk; walk.next()) {
      for (std::size_t i = 0; i < words_.size(); ++i) {
        if (!walk.word().starts_with(words_[i])) continue;
        const bool is_whole_word = walk.word().size() == words_[i].size();
        const auto word_class = static_cast<unsigned>(coppice::word_class(walk));
        best_[i] = std::min(best_[i], store::hit_rank(word_class, is_whole_word));
      }
    }
  }

 private:
  static constexpr unsigned kNone = ~0u;
  // More only make it slow.
  static constexpr std::size_t kWordsMax = 16;

  std::vector<std::string> words_;
  std::vector<unsigned> best_;  // by word, in the body that is looked at
};

// One question.
class Search {
 public:
  Search(const SnapshotState& snapshot, const SearchQuestion& question)
      : snapshot_(snapshot),
        question_(question),
        asked_(question.text),
        filter_(snapshot, question.tree, question.revisions) {}

  std::vector<AnyRecord> run() {
    if (asked_.words().empty() || question_.limit == 0) return {};
    auto* records = snapshot_.tree(question_.tree);
    if (!records) return {};
    const auto number = prepare();
    if (!info_) return {};
    if (number) {
      ask_index(number);
    } else {
      for (store::RecordCursor cursor(snapshot_.txn(), *records); cursor; cursor.next())
        consider(cursor.key());
    }
    return best();
  }

 private:
  // Words with at most so many lists are asked for the next record that has them; of others the
  // record itself knows.
  static constexpr std::size_t kListsAsked = 12;
  // Keys looked up in lists for one question: some milliseconds.
  static constexpr std::size_t kLookUpsMax = 10'000;

  struct Hit {
    unsigned rank;
    AnyRecord record;
  };

  // Finds out whose fields are searched, and by which index; none: it is not there yet.
  store::IndexNumber prepare() {
    info_ = snapshot_.reading->given_by(question_.tree);
    if (info_) {
      if (const auto index = info_->indexes().find(IndexPlan::Kind::search))
        return snapshot_.ready(*info_, info_->indexes().indexes()[*index]);
    }
    info_ = nullptr;
    if (question_.schema) {
      if (auto parsed = TreeInfo::parse(question_.schema())) info_ = *parsed;
    }
    return {};
  }

  // The rarest word leads; the others say where it may go on.
  void ask_index(store::IndexNumber number) {
    std::vector<WordLists> words;
    for (const std::string& word : asked_.words())
      words.emplace_back(snapshot_.txn(), snapshot_.replica.indexes().tables(), number, word);
    const auto rarest =
        std::min_element(words.begin(), words.end(), [](const auto& a, const auto& b) {
          return std::pair(a.is_cut(), a.count()) < std::pair(b.is_cut(), b.count());
        });
    std::vector<WordLists*> others;
    for (WordLists& word : words) {
      if (&word != &*rarest) others.push_back(&word);
    }
    // A single word's lists are in the order of ranks already.
    enough_ = others.empty() ? question_.limit : 2 * question_.limit;
    for (const WordLists::List& list : rarest->lists()) {
      if (!walk(list, others)) return;
    }
  }

  // false: it is enough.
  bool walk(const WordLists::List& list, const std::vector<WordLists*>& others) {
    store::Cursor cursor(snapshot_.txn(), snapshot_.replica.indexes().tables().words);
    KeyWord next;
    for (bool more = cursor.seek_value(list.bytes(), store::bytes_of(next.value)); more;) {
      const KeyWord here(cursor.value_number());
      const auto meeting = meet(here, others);
      if (!meeting) return true;
      if (*meeting == here) consider(here);
      if (hits_.size() >= enough_ || ++looked_up_ > kLookUpsMax) return false;
      more = *meeting == here ? cursor.next_value()
                              : cursor.seek_value(list.bytes(), store::bytes_of(meeting->value));
    }
    return true;
  }

  // The first key from here on that may have all the other words; nothing: none has.
  std::optional<KeyWord> meet(KeyWord here, const std::vector<WordLists*>& others) {
    for (WordLists* other : others) {
      if (other->is_cut() || other->lists().size() > kListsAsked) continue;
      looked_up_ += other->lists().size();
      const auto found = other->seek(here);
      if (!found || *found != here) return found;
    }
    return here;
  }

  void consider(KeyWord key) {
    if (!seen_.insert(key.value).second) return;
    const auto stored = filter_.admit(key);
    if (!stored) return;
    const AnyKey found(question_.tree, key);
    const auto body = snapshot_.indexable(found, *stored, room_);
    if (const auto rank = asked_.rank(info_->indexes(), body)) {
      snapshot_.tree(question_.tree);
      hits_.push_back({*rank, AnyRecord{found, snapshot_.readable(found, *stored)}});
    }
  }

  std::vector<AnyRecord> best() {
    std::sort(hits_.begin(), hits_.end(), [](const Hit& a, const Hit& b) {
      return std::pair(a.rank, a.record.key) < std::pair(b.rank, b.record.key);
    });
    std::vector<AnyRecord> records;
    for (std::size_t i = 0; i < std::min(hits_.size(), question_.limit); ++i)
      records.push_back(hits_[i].record);
    return records;
  }

  const SnapshotState& snapshot_;
  const SearchQuestion& question_;
  AskedWords asked_;
  RevisionFilter filter_;
  TreeInfoPtr info_;
  std::size_t enough_ = 0;
  std::size_t looked_up_ = 0;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<Hit> hits_;
  std::vector<std::uint64_t> room_;
};

}  // namespace

std::vector<AnyRecord> Snapshot::search(const SearchQuestion& question) const {
  return Search(*state_, question).run();
}

}  // namespace coppice
