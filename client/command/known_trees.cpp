#include "client/command/known_trees.h"

#include "client/command/compile_schema.h"
#include "store/database.h"

namespace coppice::command {
namespace {

store::Environment::Options read_only() {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  return options;
}

// Of what is no database at all, the one who opens it complains.
store::Role stored_role(const std::filesystem::path& folder) {
  store::Environment environment(folder, read_only());
  const auto meta = environment.open_table("meta", store::Layout::byte_keys);
  if (!meta) return store::Role::replica;
  return store::Meta(*meta).text(environment.read(), "role") == "authority" ? store::Role::authority
                                                                            : store::Role::replica;
}

}  // namespace

std::shared_ptr<const Catalogue> read_catalogue(const std::filesystem::path& folder) {
  return store::Database(folder, stored_role(folder), read_only()).catalogue();
}

Result<std::shared_ptr<const Catalogue>> known_trees(const std::string& where,
                                                     const std::vector<std::string>& imports) {
  if (where.starts_with("ws://") || where.starts_with("wss://")) {
    return error(Errc::not_supported,
                 "A server cannot be asked for its schemas alone. Make a replica with `coppice -C "
                 "FOLDER sync " +
                     where + "`, and check against that folder.");
  }
  if (!where.ends_with(".capnp")) return read_catalogue(where);
  const auto trees = compile_schema(where, imports);
  if (!trees) return trees.error();
  auto catalogue = std::make_shared<Catalogue>();
  for (const TreeInfoPtr& tree : *trees) catalogue->put(tree);
  return std::shared_ptr<const Catalogue>(std::move(catalogue));
}

}  // namespace coppice::command
