#include "server/migration_plan.h"

#include "schema/compare_schemas.h"
#include "schema/schema_diff.h"

namespace coppice::server {

Error cannot_be(const TreeInfo& tree, const std::string& why) {
  return error(Errc::incompatible_schema,
               "Tree '" + tree.name() + "': " + why + " Nothing was changed.");
}

Result<TreePlan> plan_for(const Catalogue& catalogue, const Migration& migration,
                          std::int64_t now_us) {
  const auto program = TreeInfo::parse(migration.schema);
  if (!program) return program.error();
  const auto stored = catalogue.find(migration.tree);
  if (!stored) {
    return error(Errc::unknown_tree, "The database has no tree '" + (*program)->name() +
                                         "', so there is nothing to migrate. Nothing was changed.");
  }
  Adoption adoption{.version = stored->version() + 1,
                    .generation = stored->generation(),
                    .time_us = now_us,
                    .from = "a migration"};
  if (compare_schemas(*stored, **program)) {
    if (catalogue.version_known_to(**program) != 0) return TreePlan{stored, stored};
    return TreePlan{stored, (*program)->as_adopted(adoption)};
  }
  if (catalogue.is_behind(**program)) {
    return cannot_be(*stored,
                     "it was migrated past the schema of this program already, by version " +
                         std::to_string(stored->generation()) +
                         ". Use the program that was built for that.");
  }
  for (const SchemaDifference& one : schema_diff(*stored, **program)) {
    if (one.verdict == Verdict::impossible) return cannot_be(*stored, one.sentence());
  }
  adoption.generation = adoption.version;
  return TreePlan{stored, (*program)->as_adopted(adoption)};
}

}  // namespace coppice::server
