#pragma once

#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "coppice/migration.h"
#include "schema/catalogue.h"

namespace coppice {

// The migrations that a program has, by their trees.
//
// Threads: any; user code is called by one at a time.
class Migrations {
 public:
  Migrations() = default;
  explicit Migrations(std::vector<Migration> migrations);

  bool has(TreeId tree) const { return migrations_.contains(tree); }

  // A body of an earlier generation as one of the tree's newest. REQUIRES: `body` is a trusted body
  // of version `from` of a tree that has(). Errors: invalid, if the migration refuses it, throws,
  // or makes what is no body of the tree.
  Result<std::vector<std::uint64_t>> convert(const TreeInfo& from, const TreeInfo& newest,
                                             AnyKey key, std::span<const std::uint64_t> body) const;

 private:
  std::map<TreeId, Migration> migrations_;
  mutable std::mutex calling_;
};

}  // namespace coppice
