#include "server/move_plan.h"

#include <algorithm>

#include "schema/compare_schemas.h"
#include "store/old_bodies.h"

namespace coppice::server {

Result<void> TreePlans::add(const Migration& migration, std::int64_t now_us) {
  auto plan = plan_for(*catalogue_, migration, now_us);
  if (!plan) return plan.error();
  plans_.push_back(*plan);
  return {};
}

Result<void> TreePlans::add(const TreeMove& move, std::int64_t now_us) {
  const auto from = TreeInfo::parse(move.from_schema);
  if (!from) return from.error();
  const auto into = TreeInfo::parse(move.into_schema);
  if (!into) return into.error();
  sources_.insert(move.from);
  targets_.insert(move.into);
  for (const TreeInfoPtr& tree : {*from, *into}) {
    if (sources_.contains(tree->id()) && targets_.contains(tree->id())) {
      return error(Errc::bad_request, "Records move out of tree '" + tree->name() +
                                          "' and into it. Do one after the other, with two "
                                          "programs. Nothing was changed.");
    }
  }
  if (auto fits = fit(**from, now_us); !fits) return fits.error();
  if (compare_schemas(*after(move.from), **from).value() == SchemaChange::older) {
    return cannot_be(**from,
                     "the database has a newer schema than this program, and what the program does "
                     "not know would be lost on the way. Build it with the newest.");
  }
  if (catalogue_->find(move.into)) return fit(**into, now_us);
  return make(*into, now_us);
}

Result<void> TreePlans::fit(const TreeInfo& program, std::int64_t now_us) {
  if (const TreePlan* known = find(program.id())) {
    const auto same = compare_schemas(*known->after, program);
    if (!same) return same.error();
    if (*same != SchemaChange::newer) return {};
    return cannot_be(program,
                     "the move knows more of it than the migration does. Build both with one "
                     "schema.");
  }
  auto plan = plan_for(*catalogue_, {program.id(), program.message(), nullptr}, now_us);
  if (!plan) return plan.error();
  if (plan->begins_generation()) {
    return cannot_be(program,
                     "its records are of a schema that Cap'n Proto does not read as this "
                     "program's. Give the program a migration of that tree too.");
  }
  if (plan->has_work()) plans_.push_back(*plan);
  return {};
}

Result<void> TreePlans::make(const TreeInfoPtr& program, std::int64_t now_us) {
  if (new_trees_.contains(program->id())) return {};
  const bool is_named = std::any_of(new_trees_.begin(), new_trees_.end(), [&](const auto& made) {
    return made.second->name() == program->name();
  });
  if (is_named || catalogue_->find(program->name())) {
    return cannot_be(*program, "there is another tree of that name. Choose another.");
  }
  new_trees_.emplace(program->id(),
                     program->as_adopted({.version = 1, .time_us = now_us, .from = "a move"}));
  return {};
}

const TreePlan* TreePlans::find(TreeId tree) const {
  const auto found = std::find_if(plans_.begin(), plans_.end(),
                                  [&](const TreePlan& plan) { return plan.before->id() == tree; });
  return found == plans_.end() ? nullptr : &*found;
}

TreeInfoPtr TreePlans::after(TreeId tree) const {
  if (const TreePlan* plan = find(tree)) return plan->after;
  const auto made = new_trees_.find(tree);
  return made == new_trees_.end() ? catalogue_->find(tree) : made->second;
}

MigratedBodies::Body MigratedBodies::read(AnyKey key, const RecordView& record) const {
  const TreeInfoPtr newest = trees_.after(key.tree);
  const std::uint32_t version = record.header().schema_version;
  const std::vector<std::uint64_t> words(record.body().begin(), record.body().end());
  if (!store::is_of_earlier_generation(*newest, version)) return {newest, words};
  const TreeInfoPtr own = trees_.catalogue()->find(key.tree, version);
  if (!own) {
    throw CorruptionError(trees_.catalogue()->format(key) + " was written by version " +
                          std::to_string(version) + ", which is not in the catalogue.");
  }
  if (!migrations_.has(key.tree)) return {own, words};
  auto made = migrations_.convert(*own, *newest, key, words);
  if (!made) return {own, words};
  return {newest, std::move(*made)};
}

}  // namespace coppice::server
