#include "client/usable_index.h"

#include <optional>

#include "client/snapshot_state.h"

namespace coppice::client {
namespace {

std::optional<UsableIndex> of_catalogue(const SnapshotState& snapshot,
                                        const IndexQuestion& question) {
  auto info = snapshot.catalogue->find(question.tree);
  if (!info) return std::nullopt;
  auto place = info->indexes().find(question.field);
  if (!place) return std::nullopt;
  const auto& tables = snapshot.replica.indexes().tables();
  auto row = tables.row(snapshot.txn(), question.tree, info->indexes().indexes()[*place]);
  const bool ready = row && row->complete;
  return UsableIndex{std::move(info), *place, ready ? row->number : store::IndexNumber{}};
}

std::optional<UsableIndex> of_question(const IndexQuestion& question) {
  if (!question.schema) return std::nullopt;
  auto info = TreeInfo::parse(question.schema());
  if (!info) return std::nullopt;
  auto place = (*info)->indexes().find(question.field);
  if (!place) return std::nullopt;
  return UsableIndex{std::move(*info), *place, {}};
}

}  // namespace

const UsableIndex* usable_index(const SnapshotState& snapshot, const IndexQuestion& question) {
  auto& last = snapshot.last_index;
  if (last && last->tree == question.tree && last->field == question.field) return &last->index;
  auto index = of_catalogue(snapshot, question);
  if (!index) index = of_question(question);
  if (!index) return nullptr;
  last = {question.tree, question.field, std::move(*index)};
  return &last->index;
}

}  // namespace coppice::client
