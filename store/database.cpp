#include "store/database.h"

#include <array>
#include <cstdio>
#include <cstring>

#include "schema/compare_schemas.h"
#include "store/format.h"

namespace coppice::store {
namespace {

const char* role_name(Role role) { return role == Role::authority ? "authority" : "replica"; }

Table require_table(Environment& environment, const std::string& name, Layout layout) {
  auto table = environment.open_table(name, layout);
  if (!table) {
    throw CorruptionError(environment.folder().string() +
                          " is not a complete Coppice database: table '" + name + "' is missing.");
  }
  return *table;
}

// Big-endian, so that a tree's versions are neighbours, in the order of their numbers.
std::array<std::byte, 16> history_key(TreeId tree, std::uint32_t version) {
  const std::uint64_t numbers[2] = {__builtin_bswap64(tree.value),
                                    __builtin_bswap64(std::uint64_t{version})};
  std::array<std::byte, 16> key;
  std::memcpy(key.data(), numbers, sizeof numbers);
  return key;
}

std::vector<std::uint64_t> words_of(Bytes value) {
  std::vector<std::uint64_t> words(value.size() / 8);
  std::memcpy(words.data(), value.data(), words.size() * 8);
  return words;
}

// A schema that had no number yet may have got one, or be of a generation that is over.
void drop_if_settled(Catalogue& catalogue, TreeId id, const TreeInfoPtr& before) {
  const auto& history = catalogue.history(id);
  const auto pending = history.find(0);
  const TreeInfoPtr newest = catalogue.find(id);
  if (pending == history.end() || newest->version() == 0) return;
  const auto info = pending->second->info();
  const bool turned =
      before && (before->generation() != newest->generation() || before->version() == 0);
  const bool is_over = turned && !compare_schemas(*newest, *info);
  if (is_over || catalogue.find_same(*info)) catalogue.drop(id, 0);
}

[[noreturn]] void refuse_foreign(const Environment& environment) {
  throw CorruptionError(environment.folder().string() +
                        " holds a database that is not a Coppice database. Nothing was changed. "
                        "Choose another folder.");
}

void check_format(const Environment& environment, Role role, std::uint64_t format,
                  const std::string& stored_role) {
  const std::string where = environment.folder().string();
  if (format > kFormatWithRuns) {
    throw StorageError(where + " was written by a newer version of Coppice (format " +
                       std::to_string(format) + ", this program knows " +
                       std::to_string(kFormatWithRuns) + "). Update this program.");
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
    if (const auto format = meta.number(txn, kFormatFact); format != 0) {
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
    meta.set_number(txn, kFormatFact, kFormat);
    meta.set_text(txn, "role", role_name(role));
  });
  return meta;
}

}  // namespace

std::string tree_table_name(TreeId id) {
  char name[32];
  std::snprintf(name, sizeof name, "tree.%016llx", static_cast<unsigned long long>(id.value));
  return name;
}

Database::Database(const std::filesystem::path& folder, Role role,
                   const Environment::Options& options)
    : environment_(folder, options),
      meta_(open_meta(environment_, role, options.access == Environment::Access::read_write)),
      catalogue_table_(require_table(environment_, "catalogue", Layout::integer_keys)),
      history_table_(environment_.open_table("history", Layout::byte_keys)),
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

void Database::adopt(std::span<const TreeInfoPtr> versions) {
  const auto before = catalogue();
  auto after = std::make_shared<Catalogue>(*before);
  std::map<TreeId, RecordTree> records;
  for (const TreeInfoPtr& version : versions) {
    records.emplace(version->id(),
                    RecordTree(table(tree_table_name(version->id()), Layout::integer_keys)));
    after->put(version);
  }
  for (const auto& [id, table] : records) drop_if_settled(*after, id, before->find(id));
  write([&](WriteTxn& txn) {
    for (const auto& [id, table] : records) store_tree(txn, id, *before, *after);
    for (const TreeInfoPtr& version : versions) store_version(txn, *version, *after);
  });
  std::lock_guard lock(mutex_);
  for (const auto& [id, table] : records) trees_.insert_or_assign(id, table);
  catalogue_ = std::move(after);
}

void Database::adopt(WriteTxn& txn, const TreeInfoPtr& version) const {
  const auto before = catalogue();
  Catalogue after = *before;
  after.put(version);
  store_tree(txn, version->id(), *before, after);
  store_version(txn, *version, after);
}

void Database::drop_pending(TreeId id) {
  auto after = std::make_shared<Catalogue>(*catalogue());
  after->drop(id, 0);
  write([&](WriteTxn& txn) { txn.erase(*history_table_, history_key(id, 0)); });
  std::lock_guard lock(mutex_);
  catalogue_ = std::move(after);
}

void Database::store_tree(WriteTxn& txn, TreeId id, const Catalogue& before,
                          const Catalogue& after) const {
  txn.put(catalogue_table_, id.value, bytes_of(after.find(id)->message()));
  if (!after.history(id).contains(0)) txn.erase(*history_table_, history_key(id, 0));
  // Of a database that kept no history yet, this is the only place where it was.
  if (const TreeInfoPtr newest = before.find(id)) store_version(txn, *newest, after);
}

void Database::store_version(WriteTxn& txn, const TreeInfo& version, const Catalogue& after) const {
  const auto& history = after.history(version.id());
  const auto kept = history.find(version.version());
  if (kept == history.end()) return;
  txn.put(*history_table_, history_key(version.id(), version.version()),
          bytes_of(kept->second->info()->message()));
}

void Database::reload_catalogue() {
  auto fresh = std::make_shared<Catalogue>();
  std::map<TreeId, RecordTree> trees;
  std::vector<std::vector<std::uint64_t>> newest;
  std::vector<std::pair<TreeId, std::shared_ptr<const TreeVersion>>> history;
  {
    auto txn = read();
    Cursor cursor(txn, catalogue_table_);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      newest.push_back(words_of(cursor.value()));
    }
    if (history_table_) {
      Cursor versions(txn, *history_table_);
      for (bool more = versions.first(); more; more = versions.next()) {
        std::uint64_t id;
        std::memcpy(&id, versions.key().data(), sizeof id);
        history.emplace_back(TreeId{__builtin_bswap64(id)},
                             std::make_shared<const TreeVersion>(words_of(versions.value())));
      }
    }
  }
  for (const auto& message : newest) {
    auto tree = TreeInfo::parse(message);
    if (!tree)
      throw CorruptionError("The catalogue in " + environment_.folder().string() +
                            " is damaged: " + tree.error().message);
    trees.emplace((*tree)->id(),
                  RecordTree(table(tree_table_name((*tree)->id()), Layout::integer_keys)));
    fresh->put(*tree);
  }
  for (auto& [id, version] : history) fresh->put_earlier(id, std::move(version));
  std::lock_guard lock(mutex_);
  catalogue_ = std::move(fresh);
  trees_ = std::move(trees);
}

}  // namespace coppice::store
