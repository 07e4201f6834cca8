#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "coppice/condition.h"
#include "coppice/record.h"
#include "coppice/revisions.h"

namespace coppice {

namespace client {
class IndexWalk;
class SnapshotState;
}  // namespace client

// A record of any tree.
struct AnyRecord {
  AnyKey key;
  RecordView view;
  const RecordHeader& header() const { return view.header(); }
};

// A question to the index of one field: the records with a value from `from` to `to`, both
// included; without one of them, from the first or to the last. Texts and data are views, to be
// valid as long as the question is asked.
struct IndexQuestion {
  TreeId tree;
  FieldId field;
  std::optional<FieldValue> from = std::nullopt;
  std::optional<FieldValue> to = std::nullopt;
  Revisions revisions = Revisions::newest;
  // The schema that has the field, for a replica whose catalogue does not have it yet: then, and
  // until the index is built, all records are looked through. Null: the catalogue has it.
  std::span<const std::uint64_t> (*schema)() = nullptr;
};

// A question to the searched fields of a tree: the records that have all words of `text`, or words
// that begin with them, in whatever order and fields. Case and accents do not matter.
struct SearchQuestion {
  TreeId tree;
  std::string_view text;
  std::size_t limit = 100;
  Revisions revisions = Revisions::newest;
  // As in IndexQuestion.
  std::span<const std::uint64_t> (*schema)() = nullptr;
};

// The answer, record by record, in the order of values, and for one value in the order of keys. A
// record with several values in the range comes with each. Move-only; valid as long as its
// snapshot.
class AnyIndexIterator {
 public:
  AnyIndexIterator(const client::SnapshotState& snapshot, const IndexQuestion& question);
  AnyIndexIterator(AnyIndexIterator&&) noexcept;
  ~AnyIndexIterator();
  // The next record, or nothing at the end.
  std::optional<AnyRecord> next();

 private:
  std::unique_ptr<client::IndexWalk> walk_;
};

// The same for one type: `for (auto part : now.find_all(shop::PartFields::maker, maker)) ...`.
template <typename T>
class IndexView {
 public:
  class Iterator {
   public:
    using value_type = Record<T>;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(AnyIndexIterator walk) : walk_(std::move(walk)) { ++*this; }
    Record<T> operator*() const { return Record<T>(Key<T>(current_->key.word), current_->view); }
    Iterator& operator++() {
      current_ = walk_.next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !current_; }

   private:
    AnyIndexIterator walk_;
    std::optional<AnyRecord> current_;
  };

  IndexView(const client::SnapshotState& snapshot, const IndexQuestion& question)
      : snapshot_(&snapshot), question_(question) {}
  Iterator begin() const { return Iterator(AnyIndexIterator(*snapshot_, question_)); }
  std::default_sentinel_t end() const { return {}; }

 private:
  const client::SnapshotState* snapshot_;
  IndexQuestion question_;
};

}  // namespace coppice
