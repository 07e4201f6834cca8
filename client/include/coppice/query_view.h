#pragma once

#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "coppice/index_view.h"
#include "coppice/query.h"

namespace coppice {

namespace client {
class QueryWalk;
}

// The answer to a query, record by record. Move-only; valid as long as its snapshot.
//
// Where the records come in the order of an index or of keys, they are looked for as they are asked
// for; else all are found first, and only their places are kept.
class AnyQueryIterator {
 public:
  explicit AnyQueryIterator(std::unique_ptr<client::QueryWalk> walk);
  AnyQueryIterator(AnyQueryIterator&&) noexcept;
  ~AnyQueryIterator();
  // The next record, or nothing at the end.
  std::optional<AnyRecord> next();

 private:
  std::unique_ptr<client::QueryWalk> walk_;
};
// Errors: as Snapshot::select.
Result<AnyQueryIterator> begin_query(const client::SnapshotState& snapshot, const AnyQuery& query);

// The same for one type: `for (auto part : now.select(cheap)) ...`.
template <typename T>
class QueryView {
 public:
  class Iterator {
   public:
    using value_type = Record<T>;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(AnyQueryIterator walk) : walk_(std::move(walk)) { ++*this; }
    Record<T> operator*() const { return Record<T>(Key<T>(current_->key.word), current_->view); }
    Iterator& operator++() {
      current_ = walk_.next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !current_; }

   private:
    AnyQueryIterator walk_;
    std::optional<AnyRecord> current_;
  };

  QueryView(const client::SnapshotState& snapshot, Query<T> query)
      : snapshot_(&snapshot), query_(std::move(query)) {}
  Iterator begin() const { return Iterator(begin_query(*snapshot_, query_.any()).value()); }
  std::default_sentinel_t end() const { return {}; }

 private:
  const client::SnapshotState* snapshot_;
  Query<T> query_;
};

}  // namespace coppice
