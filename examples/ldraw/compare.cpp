#include "examples/ldraw/compare.h"

#include <algorithm>
#include <cstddef>

namespace ldraw {
namespace {

// Enough to see what kind of difference it is.
constexpr std::size_t kDifferencesMax = 5;

std::string header_difference(const coppice::RecordHeader& a, const coppice::RecordHeader& b) {
  std::string text;
  const auto compare = [&](const char* field, auto in_a, auto in_b) {
    if (in_a == in_b) return;
    text += std::string(" ") + field + " " + std::to_string(in_a) + "/" + std::to_string(in_b);
  };
  compare("sequence", a.sequence, b.sequence);
  compare("body_sequence", a.body_sequence, b.body_sequence);
  compare("token", a.token, b.token);
  compare("borrower", a.borrower, b.borrower);
  compare("author", a.author, b.author);
  compare("created_us", a.created_us, b.created_us);
  compare("changed_us", a.changed_us, b.changed_us);
  compare("iteration", a.iteration, b.iteration);
  compare("state", a.state, b.state);
  compare("flags", a.flags, b.flags);
  compare("schema_version", a.schema_version, b.schema_version);
  compare("body_words", a.body_words, b.body_words);
  return text;
}

// Walks one tree in all replicas side by side.
class TreeComparison {
 public:
  TreeComparison(const std::vector<NamedSnapshot>& replicas, coppice::TreeId tree,
                 Comparison& result)
      : replicas_(replicas), result_(result) {
    for (const NamedSnapshot& replica : replicas) {
      walks_.push_back(replica.snapshot.walk(tree));
      current_.push_back(walks_.back().next());
    }
  }

  void run() {
    while (const auto key = smallest_key()) {
      if (current_[0] && current_[0]->key == *key) ++result_.records;
      compare_at(*key);
      for (std::size_t i = 0; i < walks_.size(); ++i) {
        if (current_[i] && current_[i]->key == *key) current_[i] = walks_[i].next();
      }
    }
  }

 private:
  std::optional<coppice::AnyKey> smallest_key() const {
    std::optional<coppice::AnyKey> smallest;
    for (const auto& record : current_) {
      if (record && (!smallest || record->key < *smallest)) smallest = record->key;
    }
    return smallest;
  }

  void compare_at(coppice::AnyKey key) {
    const auto& first = current_[0];
    for (std::size_t i = 1; i < current_.size(); ++i) {
      const auto& other = current_[i];
      const bool in_first = first && first->key == key;
      const bool in_other = other && other->key == key;
      if (!in_first && !in_other) continue;
      if (in_first != in_other) {
        differ(key, i, " is only in " + replicas_[in_first ? 0 : i].name);
      } else if (!std::ranges::equal(first->view.value(), other->view.value())) {
        const std::string header = header_difference(first->header(), other->header());
        differ(key, i, header.empty() ? " differs in its body" : " differs:" + header);
      }
    }
  }

  void differ(coppice::AnyKey key, std::size_t other, const std::string& how) {
    if (result_.differences.size() >= kDifferencesMax) return;
    result_.differences.push_back(to_string(key.word) + how + " (" + replicas_[0].name + "/" +
                                  replicas_[other].name + ")");
  }

  const std::vector<NamedSnapshot>& replicas_;
  Comparison& result_;
  std::vector<coppice::AnyIterator> walks_;
  std::vector<std::optional<coppice::AnyRecord>> current_;
};

}  // namespace

Comparison compare(const std::vector<NamedSnapshot>& replicas,
                   const std::vector<coppice::TreeId>& trees) {
  Comparison result;
  for (const coppice::TreeId tree : trees) TreeComparison(replicas, tree, result).run();
  return result;
}

}  // namespace ldraw
