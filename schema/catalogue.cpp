#include "schema/catalogue.h"

#include <cstdio>

#include <capnp/message.h>

#include "coppice/check.h"
#include "schema/compare_schemas.h"

namespace coppice {

TreeVersion::TreeVersion(TreeInfoPtr info)
    : number_(info->version()), generation_(info->generation()), info_(std::move(info)) {}

TreeVersion::TreeVersion(std::vector<std::uint64_t> message) : message_(std::move(message)) {
  const auto schema = capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(message_.data()));
  number_ = schema.getVersion();
  generation_ = schema.getGeneration();
}

TreeInfoPtr TreeVersion::info() const {
  std::lock_guard lock(mutex_);
  if (!info_) {
    auto parsed = TreeInfo::parse(message_);
    if (!parsed) throw CorruptionError("The catalogue is damaged: " + parsed.error().message);
    info_ = *parsed;
  }
  return info_;
}

namespace {

// Older and newer as the numbers say; a version without a number is only a tree's newest as long as
// there is no other.
bool replaces(const TreeInfoPtr& newest, const TreeInfo& tree) {
  return !newest || newest->version() == tree.version() || tree.version() > newest->version();
}

}  // namespace

TreeInfoPtr Catalogue::find(TreeId id) const {
  auto found = trees_.find(id);
  return found == trees_.end() ? nullptr : found->second;
}

TreeInfoPtr Catalogue::find(std::string_view name) const {
  for (const auto& [id, tree] : trees_) {
    if (tree->name() == name) return tree;
  }
  return nullptr;
}

TreeInfoPtr Catalogue::find(TreeId id, std::uint32_t version) const {
  auto tree = history_.find(id);
  if (tree == history_.end()) return nullptr;
  auto found = tree->second.find(version);
  if (found != tree->second.end()) return found->second->info();
  return version == 0 ? find(id) : nullptr;
}

TreeInfoPtr Catalogue::describing(TreeId id, std::uint32_t version) const {
  const TreeInfoPtr newest = find(id);
  const bool is_old = newest && version != 0 && version < newest->generation();
  return is_old ? find(id, version) : newest;
}

const TreeHistory& Catalogue::history(TreeId id) const {
  static const TreeHistory kNone;
  auto found = history_.find(id);
  return found == history_.end() ? kNone : found->second;
}

TreeInfoPtr Catalogue::find_same(const TreeInfo& tree) const {
  const TreeInfoPtr newest = find(tree.id());
  if (!newest) return nullptr;
  for (const auto& [number, version] : history(tree.id())) {
    if (number == 0 || version->generation() != newest->generation()) continue;
    if (version->info()->same_schema(tree)) return version->info();
  }
  return nullptr;
}

std::uint32_t Catalogue::version_known_to(const TreeInfo& program) const {
  const TreeInfoPtr newest = find(program.id());
  if (!newest) return 0;
  if (auto same = find_same(program)) return same->version();
  for (const auto& [number, version] : history(program.id())) {
    if (number == 0 || version->generation() != newest->generation()) continue;
    auto change = compare_schemas(*version->info(), program);
    if (change && *change != SchemaChange::newer) return number;
  }
  return 0;
}

bool Catalogue::is_behind(const TreeInfo& program) const {
  const TreeInfoPtr newest = find(program.id());
  if (compare_schemas(*newest, program)) return false;
  for (const auto& [number, version] : history(program.id())) {
    if (number == 0 || version->generation() == newest->generation()) continue;
    if (compare_schemas(*version->info(), program)) return true;
  }
  return false;
}

void Catalogue::put(TreeInfoPtr tree) {
  const TreeId id = tree->id();
  history_[id].insert_or_assign(tree->version(), std::make_shared<TreeVersion>(tree));
  if (TreeInfoPtr& newest = trees_[id]; replaces(newest, *tree)) newest = std::move(tree);
}

void Catalogue::put_earlier(TreeId id, std::shared_ptr<const TreeVersion> version) {
  history_[id].try_emplace(version->number(), std::move(version));
}

void Catalogue::drop(TreeId id, std::uint32_t version) {
  COPPICE_CHECK(trees_.at(id)->version() != version);
  history_[id].erase(version);
}

std::string Catalogue::format(AnyKey key) const {
  if (auto tree = find(key.tree)) return format_key(tree->name(), key.word);
  char hex[24];
  std::snprintf(hex, sizeof hex, "@0x%016llx", static_cast<unsigned long long>(key.tree.value));
  return format_key(hex, key.word);
}

Result<AnyKey> Catalogue::parse(std::string_view text) const {
  auto parsed = parse_key(text);
  if (!parsed) {
    return error(
        Errc::bad_request,
        "'" + std::string(text) + "' is not a key; keys look like parts:4711.2 or parts:4711.");
  }
  auto tree = find(parsed->tree);
  if (!tree)
    return error(Errc::unknown_tree, "There is no tree named '" + parsed->tree + "' here.");
  return AnyKey(tree->id(), parsed->word);
}

}  // namespace coppice
