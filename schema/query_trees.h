#pragma once

#include <functional>
#include <map>
#include <utility>

#include "coppice/any_condition.h"
#include "schema/catalogue.h"
#include "schema/field_map.h"

namespace coppice {

// Finds the fields that a query names: in the catalogue, and where that does not have them yet, in
// the schemas of the program that asks.
//
// Threads: one. Valid as long as the catalogue.
class QueryTrees {
 public:
  // How who asks gets the records of a tree; null: it is not here.
  using Given = std::function<TreeInfoPtr(TreeId)>;

  explicit QueryTrees(const Catalogue& catalogue)
      : QueryTrees(catalogue, [&catalogue](TreeId id) { return catalogue.find(id); }) {}
  // A program that was migrated ahead of its server knows trees by another schema than the
  // catalogue.
  QueryTrees(const Catalogue& catalogue, Given given)
      : catalogue_(catalogue), given_(std::move(given)) {}

  const Catalogue& catalogue() const { return catalogue_; }

  struct Found {
    TreeInfoPtr tree;
    const FieldMap::Field* field = nullptr;
  };
  // Errors: unknown_tree, bad_request (no such field).
  Result<Found> field(TreeId tree, FieldId field, SchemaFunction schema);
  // The tree as the catalogue has it, or else the program. Null: nobody knows it.
  TreeInfoPtr tree(TreeId id, SchemaFunction schema);

 private:
  TreeInfoPtr program(TreeId id, SchemaFunction schema);

  const Catalogue& catalogue_;
  const Given given_;
  std::map<TreeId, TreeInfoPtr> programs_;
};

// The refusal of a question to a tree that nobody here knows.
Error unknown_tree();

}  // namespace coppice
