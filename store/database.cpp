#include "store/database.h"

#include <cstdio>
#include <cstring>

namespace coppice::store {
namespace {

// Format log. Stored under "format"; something newer is refused.
// 1  first format
constexpr std::uint64_t kFormat = 1;

const char* role_name(Role role) { return role == Role::authority ? "authority" : "replica"; }

std::string table_name(TreeId id) {
  char name[32];
  std::snprintf(name, sizeof name, "tree.%016llx", static_cast<unsigned long long>(id.value));
  return name;
}

Table require_table(Environment& environment, const std::string& name, Layout layout) {
  auto table = environment.open_table(name, layout);
  if (!table) {
    throw CorruptionError(environment.folder().string() +
                          " is not a complete Coppice database: table '" + name + "' is missing.");
  }
  return *table;
}

[[noreturn]] void refuse_foreign(const Environment& environment) {
  throw CorruptionError(environment.folder().string() +
                        " holds a database that is not a Coppice database. Nothing was changed. "
                        "Choose another folder.");
}

void check_format(const Environment& environment, Role role, std::uint64_t format,
                  const std::string& stored_role) {
  const std::string where = environment.folder().string();
  if (format > kFormat) {
    throw StorageError(where + " was written by a newer version of Coppice (format " +
                       std::to_string(format) + ", this program knows " + std::to_string(kFormat) +
                       "). Update this program.");
  }
  if (stored_role != role_name(role)) {
    throw StorageError(where + " holds a Coppice database of another kind (" + stored_role +
                       "), not " + (role == Role::authority ? "an authority" : "a replica") +
                       ". Choose another folder.");
  }
}

// The facts of a database of this role, which is made if there is nothing at all.
Meta open_meta(Environment& environment, Role role, bool writable) {
  auto table = environment.open_table("meta", Layout::byte_keys, Environment::IfMissing::leave);
  if (table) {
    const Meta meta(*table);
    auto txn = environment.read();
    if (const auto format = meta.number(txn, "format"); format != 0) {
      check_format(environment, role, format, meta.text(txn, "role"));
      return meta;
    }
  }
  // An empty "meta" alone is a database whose making was interrupted.
  const bool unmade = environment.count_tables() == (table ? 1 : 0) &&
                      (!table || environment.read().count(*table) == 0);
  if (!unmade || !writable) refuse_foreign(environment);
  const Meta meta(require_table(environment, "meta", Layout::byte_keys));
  environment.write([&](WriteTxn& txn) {
    meta.set_number(txn, "format", kFormat);
    meta.set_text(txn, "role", role_name(role));
  });
  return meta;
}

}  // namespace

Database::Database(const std::filesystem::path& folder, Role role,
                   const Environment::Options& options)
    : environment_(folder, options),
      meta_(open_meta(environment_, role, options.access == Environment::Access::read_write)),
      catalogue_table_(require_table(environment_, "catalogue", Layout::integer_keys)),
      catalogue_(std::make_shared<Catalogue>()) {
  reload_catalogue();
}

Table Database::table(const std::string& name, Layout layout) {
  return require_table(environment_, name, layout);
}

std::shared_ptr<const Catalogue> Database::catalogue() const {
  std::lock_guard lock(mutex_);
  return catalogue_;
}

std::optional<RecordTree> Database::tree(TreeId id) const {
  std::lock_guard lock(mutex_);
  auto found = trees_.find(id);
  if (found == trees_.end()) return std::nullopt;
  return found->second;
}

void Database::adopt(TreeInfoPtr tree) {
  RecordTree records(table(table_name(tree->id()), Layout::integer_keys));
  write([&](WriteTxn& txn) {
    txn.put(catalogue_table_, tree->id().value, bytes_of(tree->message()));
  });
  std::lock_guard lock(mutex_);
  auto changed = std::make_shared<Catalogue>(*catalogue_);
  trees_.insert_or_assign(tree->id(), records);
  changed->put(std::move(tree));
  catalogue_ = std::move(changed);
}

void Database::reload_catalogue() {
  std::vector<std::vector<std::uint64_t>> messages;
  {
    auto txn = read();
    Cursor cursor(txn, catalogue_table_);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      messages.emplace_back(cursor.value().size() / 8);
      std::memcpy(messages.back().data(), cursor.value().data(), messages.back().size() * 8);
    }
  }
  auto fresh = std::make_shared<Catalogue>();
  std::map<TreeId, RecordTree> trees;
  for (const auto& message : messages) {
    auto tree = TreeInfo::parse(message);
    if (!tree)
      throw CorruptionError("The catalogue in " + environment_.folder().string() +
                            " is damaged: " + tree.error().message);
    trees.emplace((*tree)->id(),
                  RecordTree(table(table_name((*tree)->id()), Layout::integer_keys)));
    fresh->put(*tree);
  }
  std::lock_guard lock(mutex_);
  catalogue_ = std::move(fresh);
  trees_ = std::move(trees);
}

}  // namespace coppice::store
