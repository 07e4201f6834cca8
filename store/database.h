#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/catalogue.h"
#include "store/environment.h"
#include "store/feed.h"
#include "store/meta.h"
#include "store/record_tree.h"

namespace coppice::store {

// What a stored database is for. Stored in it; opening it for anything else is refused.
enum class Role { authority, replica };

// An environment with trees, their catalogue and the facts about it: what an authority's database
// and a client's replica have in common. Each adds tables of its own through table().
//
// Threads: any, as Environment says; the catalogue and the trees are handed out as immutable
// copies.
class Database {
 public:
  // Opens or makes the database in `folder`. Throws StorageError if it is of another role, of a
  // newer format, another program's, or cannot be used; then nothing was changed, and the message
  // says what to do.
  Database(const std::filesystem::path& folder, Role role,
           const Environment::Options& options = {});

  Environment& environment() { return environment_; }
  ReadTxn read(std::string_view name = {}) { return environment_.read(name); }
  template <typename F>
  auto write(F&& fn, Durability durability = Durability::full) {
    return environment_.write(std::forward<F>(fn), durability);
  }

  const Meta& meta() const { return meta_; }
  // Opens one of the caller's own tables, or makes it. Throws StorageError where it may not be made
  // (read-only).
  Table table(const std::string& name, Layout layout);

  std::shared_ptr<const Catalogue> catalogue() const;
  // Adds versions of trees' schemas to the catalogue, and makes the tables of new trees. What has a
  // version of that number already is replaced. A schema without a number is dropped where one got
  // it, and where the authority turns out to have a generation that it does not belong to: nothing
  // must be written by it then. In a transaction of its own: not within write().
  void adopt(std::span<const TreeInfoPtr> versions);
  void adopt(const TreeInfoPtr& version) { adopt(std::span(&version, 1)); }
  // The same for one version, as part of a write. The caller calls reload_catalogue() after the
  // commit. REQUIRES: the tree is in the catalogue.
  void adopt(WriteTxn& txn, const TreeInfoPtr& version) const;
  // Forgets the schema of a tree that has no number yet. REQUIRES: the tree has versions with
  // numbers.
  void drop_pending(TreeId id);
  // A tree of the catalogue.
  std::optional<RecordTree> tree(TreeId id) const;
  // Reads the catalogue again: for a read-only database that another process writes.
  void reload_catalogue();

 private:
  void store_tree(WriteTxn& txn, TreeId id, const Catalogue& before, const Catalogue& after) const;
  void store_version(WriteTxn& txn, const TreeInfo& version, const Catalogue& after) const;

  Environment environment_;
  Meta meta_;
  Table catalogue_table_;
  // Nothing: made before histories were kept, and opened only to read.
  std::optional<Table> history_table_;
  // Any thread.
  mutable std::mutex mutex_;
  std::shared_ptr<const Catalogue> catalogue_;
  std::map<TreeId, RecordTree> trees_;
};

// The name of the table that holds a tree's records.
std::string tree_table_name(TreeId id);

}  // namespace coppice::store
