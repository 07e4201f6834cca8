#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/reading.h"
#include "coppice/client.h"
#include "coppice/indexer.h"
#include "store/database.h"

namespace coppice::client {

// An indexer with its table. Constant but for what the lock of Indexers guards.
struct Follower {
  std::shared_ptr<Indexer> indexer;
  std::string name;
  std::optional<store::Table> table;  // none: a read-only replica in which nobody made it
  std::vector<TreeId> trees;
  // Writer only.
  std::string set_aside;         // why; empty: it has followed everything
  std::int64_t retry_at_us = 0;  // 0: not decided yet
  std::int64_t retry_pause_us = 0;
  // Under Indexers::mutex_, for those that live in memory.
  std::shared_ptr<const void> committed;
  std::shared_ptr<const void> prepared;  // by a transaction that may be committed at any moment
  std::uint64_t prepared_number = 0;     // of that transaction; 0: there is none

  // How many migrations lie behind the schemas by which it reads its trees. Constant: what becomes
  // of a tree while it is open is read the same.
  std::uint32_t migrations_behind = 0;

  bool follows(TreeId tree) const;
  std::string version_fact() const { return "index." + name + ".version"; }
};

// Why a local transaction cannot be: one of the application's indexers threw.
class IndexerFailed : public std::runtime_error {
 public:
  explicit IndexerFailed(Error error)
      : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

// The application's indexers in one replica (coppice/indexer.h says what they are promised).
//
// Threads: writer only, except memory_at() and set_aside().
class Indexers {
 public:
  using Progress = std::function<void(const BuildProgress&)>;
  // How the program reads the trees at the moment.
  using ReadingNow = std::function<std::shared_ptr<const Reading>()>;

  // Opens their tables. REQUIRES: trees are opened already. In a replica that is only read, nothing
  // is built, and what its owner keeps is asked.
  Indexers(store::Database& database, ReadingNow reading,
           const std::vector<std::shared_ptr<Indexer>>& indexers, Client::Access access,
           Progress progress);

  const std::vector<std::unique_ptr<Follower>>& followers() const { return followers_; }
  const Follower* find(std::string_view name) const;
  bool follow(TreeId tree) const;
  // Whether the table holds what the indexer of this version files, in this transaction's view.
  bool is_current(const store::Txn& txn, const Follower& follower) const;

  // Tries again to build what was set aside, where it is time to. Returns the events to tell.
  std::vector<Event> rebuild_due(std::int64_t now_us);
  std::optional<std::int64_t> deadline_us() const;

  // Any thread. Begins a read transaction, and gives with it the states in memory that agree with
  // it, in the order of followers().
  std::pair<store::ReadTxn, std::vector<std::shared_ptr<const void>>> read(
      std::string_view name = {}) const;
  // Any thread. The names of those that are set aside.
  std::vector<std::string> set_aside() const;

 private:
  friend class IndexerTransaction;
  // Returns why not; empty: built.
  std::string build(Follower& follower);
  // Tells the indexer of every record of a tree. Returns why it could not follow; empty: it did.
  std::string build_tree(Follower& follower, TreeId id, store::WriteTxn& txn,
                         BuildProgress& progress) const;
  void mark_set_aside(Follower& follower, std::string why);
  void mark_ready(Follower& follower);

  store::Database& database_;
  const ReadingNow reading_;
  const Progress progress_;
  std::vector<std::unique_ptr<Follower>> followers_;
  bool in_memory_ = false;  // one of them lives there
  mutable std::mutex mutex_;
  std::vector<std::string> set_aside_;  // under mutex_
};

// What indexers see of one write transaction. They are told of its beginning (each attempt), its
// changes and its end; what they have in memory becomes visible with the commit, and is forgotten
// without one.
class IndexerTransaction {
 public:
  explicit IndexerTransaction(Indexers& indexers) : indexers_(indexers) {}
  ~IndexerTransaction();
  IndexerTransaction(const IndexerTransaction&) = delete;

  void begin();
  // Throws IndexerFailed for a local change that an indexer cannot follow. Otherwise such an
  // indexer is set aside, and the event that tells of it is returned.
  std::vector<Event> change(store::WriteTxn& txn, Event::Origin origin, const IndexedChange& change,
                            const Catalogue& catalogue);
  // All changes were told: what each has in memory now, in the order of followers().
  std::vector<std::shared_ptr<const void>> end();
  // end(), and the commit is next.
  void prepare(const store::WriteTxn& txn);
  void commit();

 private:
  Event set_aside(store::WriteTxn& txn, std::size_t which, const std::string& why);

  Indexers& indexers_;
  std::vector<std::pair<std::size_t, std::string>> set_aside_;  // in this transaction, and why
  bool prepared_ = false;
};

}  // namespace coppice::client
