#include "client/command/known_trees.h"

#include <chrono>

#include "client/command/access_token.h"
#include "client/command/compile_schema.h"
#include "client/command/interrupts.h"
#include "client/server_catalogue.h"
#include "client/websocket_transport.h"
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

// A server that is there answers at once.
constexpr std::chrono::seconds kPatience{10};

Result<std::shared_ptr<const Catalogue>> ask_server(const std::string& url,
                                                    const std::string& token) {
  const Interrupts interrupts;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  auto answer = client::ask_for_catalogue(url, token, client::make_websocket_transport, [&] {
    return !interrupts.pending() && std::chrono::steady_clock::now() < until;
  });
  if (answer) return answer;
  if (answer.error().code == Errc::cancelled && !interrupts.pending())
    return error(Errc::offline, "No answer from " + url + " within " +
                                    std::to_string(kPatience.count()) + " seconds.");
  return answer.error();
}

}  // namespace

std::shared_ptr<const Catalogue> read_catalogue(const std::filesystem::path& folder) {
  return store::Database(folder, stored_role(folder), read_only()).catalogue();
}

Result<std::shared_ptr<const Catalogue>> known_trees(const Place& place, const std::string& where,
                                                     const std::vector<std::string>& imports) {
  if (where.find("://") != std::string::npos) return ask_server(where, access_token(place));
  if (!where.ends_with(".capnp")) return read_catalogue(where);
  const auto trees = compile_schema(where, imports);
  if (!trees) return trees.error();
  auto catalogue = std::make_shared<Catalogue>();
  for (const TreeInfoPtr& tree : *trees) catalogue->put(tree);
  return std::shared_ptr<const Catalogue>(std::move(catalogue));
}

}  // namespace coppice::command
