#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "coppice/tree_move.h"
#include "schema/migrations.h"
#include "server/migration_plan.h"

namespace coppice::server {

// What the trees of a database become in one run: by migrations, by newer schemas that moves bring,
// and new ones that records move into.
class TreePlans {
 public:
  explicit TreePlans(std::shared_ptr<const Catalogue> catalogue)
      : catalogue_(std::move(catalogue)) {}

  // Errors: as plan_for().
  Result<void> add(const Migration& migration, std::int64_t now_us);
  // Both trees of the move. Errors: unknown_tree, incompatible_schema, bad_request. REQUIRES: the
  // migrations were added.
  Result<void> add(const TreeMove& move, std::int64_t now_us);

  // Those of migrations, in their order, and of trees of moves that get a newer schema.
  const std::vector<TreePlan>& plans() const { return plans_; }
  // Trees that the database does not have yet, each as its first version.
  const std::map<TreeId, TreeInfoPtr>& new_trees() const { return new_trees_; }
  // The tree when the migrations are done.
  TreeInfoPtr after(TreeId tree) const;
  const std::shared_ptr<const Catalogue>& catalogue() const { return catalogue_; }

 private:
  const TreePlan* find(TreeId tree) const;
  Result<void> fit(const TreeInfo& program, std::int64_t now_us);
  Result<void> make(const TreeInfoPtr& program, std::int64_t now_us);

  const std::shared_ptr<const Catalogue> catalogue_;
  std::vector<TreePlan> plans_;
  std::map<TreeId, TreeInfoPtr> new_trees_;
  std::set<TreeId> sources_;
  std::set<TreeId> targets_;
};

// Reads bodies as they are when the migrations of a run are done, whether they are done in this
// transaction or only looked at.
class MigratedBodies {
 public:
  // Both are to live as long as this.
  MigratedBodies(const TreePlans& trees, const Migrations& migrations)
      : trees_(trees), migrations_(migrations) {}

  struct Body {
    TreeInfoPtr schema;
    std::vector<std::uint64_t> words;
  };
  // A body of an earlier generation that cannot be migrated here is what its own schema says.
  // REQUIRES: the record is not removed. Throws CorruptionError.
  Body read(AnyKey key, const RecordView& record) const;

 private:
  const TreePlans& trees_;
  const Migrations& migrations_;
};

}  // namespace coppice::server
