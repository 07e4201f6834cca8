#include "client/reading.h"

#include <cstring>
#include <set>

#include "schema/compare_schemas.h"

namespace coppice::client {
namespace {

Error behind(const TreeInfo& newest) {
  return error(Errc::needs_newer_client,
               "Tree '" + newest.name() + "' was migrated since this program was built (version " +
                   std::to_string(newest.generation()) +
                   " began a new generation). Update the program. Everything that was written here "
                   "is kept.");
}

Error needs_migration(const TreeInfo& newest) {
  return error(
      Errc::not_supported,
      "Tree '" + newest.name() +
          "' was migrated, and this program has no migration of it, through which it could "
          "read what is older. Name it in Client::Options::migrations.");
}

}  // namespace

Result<Standing> standing(const Catalogue& catalogue, const TreeInfo& program, bool has_migration) {
  const TreeInfoPtr newest = catalogue.find(program.id());
  const auto change = compare_schemas(*newest, program);
  if (change || catalogue.version_known_to(program) != 0) {
    if (newest->generation() != 0 && !has_migration) return needs_migration(*newest);
    const bool is_newer = change && *change == SchemaChange::newer;
    return is_newer && catalogue.version_known_to(program) == 0 ? Standing::newer : Standing::known;
  }
  if (catalogue.is_behind(program)) return behind(*newest);
  if (!has_migration) return change.error();
  return Standing::ahead;
}

Reading::Reading(std::shared_ptr<const Catalogue> catalogue,
                 const std::map<TreeId, TreeInfoPtr>& programs, const Migrations& migrations)
    : catalogue_(std::move(catalogue)), migrations_(migrations) {
  for (const auto& [id, program] : programs) {
    const TreeInfoPtr newest = catalogue_->find(id);
    if (!newest || !migrations_.has(id)) continue;
    const auto stands = standing(*catalogue_, *program, true);
    if (stands && *stands == Standing::ahead) {
      trees_.emplace(id, Tree{program, kAll});
    } else if (newest->generation() != 0) {
      trees_.emplace(id, Tree{newest, newest->generation()});
    }
  }
}

std::uint32_t Reading::reads_from(TreeId tree) const {
  if (trees_.empty()) return 0;
  const auto found = trees_.find(tree);
  return found == trees_.end() ? 0 : found->second.reads_from;
}

TreeInfoPtr Reading::given_by(TreeId tree) const {
  return is_ahead(tree) ? trees_.at(tree).target : catalogue_->find(tree);
}

std::uint32_t Reading::migrations_behind(TreeId tree) const {
  if (reads_from(tree) == 0) return 0;
  std::set<std::uint32_t> generations;
  for (const auto& [number, version] : catalogue_->history(tree))
    generations.insert(version->generation());
  generations.erase(0);
  return static_cast<std::uint32_t>(generations.size()) + (is_ahead(tree) ? 1 : 0);
}

Result<std::vector<std::uint64_t>> Reading::convert(AnyKey key, std::uint32_t version,
                                                    std::span<const std::uint64_t> body) const {
  const TreeInfoPtr old = catalogue_->find(key.tree, version);
  if (!old) {
    throw CorruptionError("The replica does not have version " + std::to_string(version) +
                          " of a schema by which a record was written.");
  }
  return migrations_.convert(*old, *trees_.at(key.tree).target, key, body);
}

Result<RecordView> Reading::readable(AnyKey key, RecordView stored,
                                     std::vector<std::uint64_t>& room) const {
  RecordHeader header = stored.header();
  if (header.removed() || !is_old(key.tree, header.schema_version)) return stored;
  const auto body = convert(key, header.schema_version, stored.body());
  if (!body) return body.error();
  const auto hash = stored.value().subspan(sizeof header + stored.body().size_bytes());
  header.schema_version = trees_.at(key.tree).target->version();
  header.body_words = static_cast<std::uint32_t>(body->size());
  room.resize((sizeof header + 8 * body->size() + hash.size()) / 8);
  auto to = reinterpret_cast<std::byte*>(room.data());
  std::memcpy(to, &header, sizeof header);
  std::memcpy(to + sizeof header, body->data(), 8 * body->size());
  if (!hash.empty()) std::memcpy(to + sizeof header + 8 * body->size(), hash.data(), hash.size());
  return *RecordView::parse(std::as_bytes(std::span(room)));
}

}  // namespace coppice::client
