#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coppice/error.h"
#include "coppice/explanation.h"
#include "coppice/index_view.h"
#include "coppice/key.h"
#include "coppice/query_view.h"
#include "coppice/record.h"

namespace coppice {

class Catalogue;
class Indexer;
namespace client {
class SnapshotState;
class TreeWalk;
}  // namespace client

// A walk over the records of one tree in key order, tombstones left out. Move-only: it is a cursor.
//
// It reads some records ahead, so that most steps are a step in an array: one first, for those who
// want no more, then twice as many each time.
class AnyIterator {
 public:
  AnyIterator(const client::SnapshotState& snapshot, TreeId tree, KeyWord from);
  AnyIterator(AnyIterator&&) noexcept;
  ~AnyIterator();

  // The record it stands at; nullptr at the end. Valid until it moves.
  const Entry* current() const { return at_ != end_ ? at_ : nullptr; }
  // REQUIRES: not at the end.
  void advance() {
    if (++at_ == end_) read_ahead();
  }
  // The record it stands at, and moves on. Nothing at the end.
  std::optional<AnyRecord> next() {
    if (at_ == end_) return std::nullopt;
    const AnyRecord record{AnyKey(tree_, at_->key), at_->record};
    advance();
    return record;
  }

 private:
  void read_ahead();

  TreeId tree_;
  std::unique_ptr<client::TreeWalk> walk_;
  // What was read ahead and not yet given out. The walk's; equal: the tree ended.
  const Entry* at_ = nullptr;
  const Entry* end_ = nullptr;
};

// The records of the tree of T in one snapshot: `for (auto part : now.tree<shop::Part>()) ...`.
template <typename T>
class TreeView {
 public:
  class Iterator {
   public:
    using value_type = Record<T>;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(AnyIterator walk) : walk_(std::move(walk)) {}
    Record<T> operator*() const {
      return Record<T>(Key<T>(walk_.current()->key), walk_.current()->record);
    }
    Iterator& operator++() {
      walk_.advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !walk_.current(); }

   private:
    AnyIterator walk_;
  };

  TreeView(const client::SnapshotState& snapshot, KeyWord from)
      : snapshot_(&snapshot), from_(from) {}
  Iterator begin() const { return Iterator(AnyIterator(*snapshot_, TreeOf<T>::id, from_)); }
  std::default_sentinel_t end() const { return {}; }

 private:
  const client::SnapshotState* snapshot_;
  KeyWord from_;
};

// Who waits for a record that somebody has. Clients are named by Snapshot::client_name.
struct Waiters {
  std::vector<std::uint32_t> clients;  // the next one first
  std::uint32_t kept_for = 0;          // it is free, and kept for this client; 0: it is not
  std::int64_t until_us = 0;
};

// Everything as it was at one moment: consistent across trees and indexes, never blocked, never
// changing, read in place.
//
// A body of an earlier generation is given as the program's migration makes it, and with the
// version of that in its header; the snapshot keeps it. Where the migration refuses one,
// RefusedError is thrown.
//
// Valid as long as it lives, on any thread, one at a time; what it hands out is valid as long as it
// is. While it lives it pins the pages it sees, and the file grows with every change: take one per
// frame or per question, and let it go.
class Snapshot {
 public:
  explicit Snapshot(std::unique_ptr<client::SnapshotState> state);
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  // A floating key gives the newest released revision, else the newest. Nothing: no such record, or
  // it was removed.
  template <typename T>
  std::optional<Record<T>> get(Key<T> key) const {
    auto found = get(AnyKey(key));
    if (!found) return std::nullopt;
    return Record<T>(Key<T>(found->key.word), found->view);
  }
  std::optional<AnyRecord> get(AnyKey key) const;
  // The newest revision, released or not: what a check_out is about. Of AnyKey also a removed one,
  // which has no body.
  std::optional<AnyRecord> head(AnyKey key) const;
  template <typename T>
  std::optional<Record<T>> head(Key<T> key) const {
    auto found = head(AnyKey(key));
    if (!found || found->header().removed()) return std::nullopt;
    return Record<T>(Key<T>(found->key.word), found->view);
  }

  // Not of a temporary: `for (auto part : client.snapshot().tree<Part>())` would walk in a snapshot
  // that has ended.
  template <typename T>
  TreeView<T> tree(Key<T> from = {}) const& {
    return TreeView<T>(*state_, from.word);
  }
  template <typename T>
  TreeView<T> tree(Key<T> from = {}) && = delete;
  AnyIterator walk(TreeId tree, KeyWord from = KeyWord{}) const& {
    return AnyIterator(*state_, tree, from);
  }
  AnyIterator walk(TreeId tree, KeyWord from = KeyWord{}) && = delete;
  // Records of the tree, tombstones included.
  std::uint64_t count(TreeId tree) const;
  template <typename T>
  std::uint64_t count() const {
    return count(TreeOf<T>::id);
  }

  // The first record with this value in an indexed field (docs/indexes.md): of a unique one, the
  // only one.
  template <typename T, typename V>
  std::optional<Record<T>> find(IndexedField<T, V> field, typename Field<T, V>::Argument value,
                                Revisions revisions = Revisions::newest) const {
    auto found = find(question(field, value, value, revisions));
    if (!found) return std::nullopt;
    return Record<T>(Key<T>(found->key.word), found->view);
  }
  // All of them: `for (auto part : now.find_all(shop::PartFields::maker, maker)) ...`. The value is
  // to be valid as long as it is walked.
  template <typename T, typename V>
  IndexView<T> find_all(IndexedField<T, V> field, typename Field<T, V>::Argument value,
                        Revisions revisions = Revisions::newest) const {
    return IndexView<T>(*state_, question(field, value, value, revisions));
  }
  // Records with values from `from` to `to`, both included, in the order of values; nothing: from
  // the first, or to the last.
  template <typename T, typename V>
  IndexView<T> range(IndexedField<T, V> field, std::optional<typename Field<T, V>::Argument> from,
                     std::optional<typename Field<T, V>::Argument> to,
                     Revisions revisions = Revisions::newest) const {
    return IndexView<T>(*state_, question(field, from, to, revisions));
  }
  // Records whose searched fields have all words of `text`, or words that begin with them, best
  // first: where a text is the word, then where it begins with it, then others; whole words before
  // beginnings. Of very many hits it looks at the better ones only.
  template <typename T>
  std::vector<Record<T>> search(std::string_view text, std::size_t limit = 100,
                                Revisions revisions = Revisions::newest) const {
    std::vector<Record<T>> hits;
    for (const auto& hit :
         search(SearchQuestion{TreeOf<T>::id, text, limit, revisions, &TreeOf<T>::schema}))
      hits.emplace_back(Key<T>(hit.key.word), hit.view);
    return hits;
  }

  // The same for tools.
  std::vector<AnyRecord> search(const SearchQuestion& question) const;
  std::optional<AnyRecord> find(const IndexQuestion& question) const;
  AnyIndexIterator walk(const IndexQuestion& question) const {
    return AnyIndexIterator(*state_, question);
  }

  // The records that a query asks for (docs/queries.md): `for (auto part : now.select(cheap)) ...`.
  template <typename T>
  QueryView<T> select(const Query<T>& query) const& {
    return QueryView<T>(*state_, query);
  }
  template <typename T>
  QueryView<T> select(const Query<T>& query) && = delete;
  // How many they are.
  template <typename T>
  std::uint64_t count(const Query<T>& query) const {
    return count(query.any()).value();
  }
  // How it is answered: which indexes serve, and why others do not. Looks into indexes for that.
  template <typename T>
  Explanation explain(const Query<T>& query) const {
    return explain(query.any()).value();
  }
  // The same for tools. Errors: unknown_tree, bad_request (a field that the tree does not have, or
  // of which that cannot be asked).
  Result<AnyQueryIterator> select(const AnyQuery& query) const& {
    return begin_query(*state_, query);
  }
  Result<AnyQueryIterator> select(const AnyQuery& query) && = delete;
  Result<std::uint64_t> count(const AnyQuery& query) const;
  Result<Explanation> explain(const AnyQuery& query) const;

  // The records that refer to this one, in whatever field, ascending: to this very revision, or
  // floating to its record. For a floating key: to any of its revisions.
  std::vector<AnyKey> where_used(AnyKey key, Revisions revisions = Revisions::newest) const;
  // The same, of the tree of S alone.
  template <typename S>
  std::vector<Key<S>> where_used(AnyKey key, Revisions revisions = Revisions::newest) const {
    std::vector<Key<S>> users;
    for (AnyKey user : where_used(key, revisions)) {
      if (user.tree == TreeOf<S>::id) users.emplace_back(user.word);
    }
    return users;
  }

  // What the application's own indexers filed: see Indexer and IndexHandle, which ask for it. The
  // values under this key, ascending. Errors: bad_request if the client has no such indexer;
  // index_set_aside.
  Result<std::vector<std::uint64_t>> index(std::string_view indexer, std::uint64_t key) const;
  // How many values there are under all keys.
  Result<std::uint64_t> index_count(std::string_view indexer) const;
  // For MemoryIndexer::at.
  std::shared_ptr<const void> memory_of(const Indexer& indexer) const;

  // Who holds a record, by the last we know; nothing: nobody.
  std::optional<Holder> holder(AnyKey key) const;
  // All borrows known here, as record keys with their holders.
  std::vector<std::pair<AnyKey, Holder>> borrows() const;
  // Who waits in line for a record, as of the last sync; see docs/borrowing.md.
  Waiters waiters(AnyKey record) const;
  // The name behind a number in a header: "Ann, bench 3".
  std::string client_name(std::uint32_t number) const;

  // The authority's sequence this replica stands at, own unanswered work on top.
  std::uint64_t sequence() const;
  // true: parts of a larger step are still missing; what is seen need not have existed as a whole.
  bool catching_up() const;
  // Names and schemas of all trees; for tools, which include schema/catalogue.h.
  const Catalogue& catalogue() const;

 private:
  template <typename T, typename V>
  static IndexQuestion question(IndexedField<T, V> field,
                                const std::optional<typename Field<T, V>::Argument>& from,
                                const std::optional<typename Field<T, V>::Argument>& to,
                                Revisions revisions) {
    IndexQuestion question{.tree = TreeOf<T>::id, .field = field.id};
    if (from) question.from = FieldValue(*from);
    if (to) question.to = FieldValue(*to);
    question.revisions = revisions;
    question.schema = &TreeOf<T>::schema;
    return question;
  }

  std::unique_ptr<client::SnapshotState> state_;
};

}  // namespace coppice
