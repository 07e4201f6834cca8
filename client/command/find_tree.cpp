#include "client/command/find_tree.h"

namespace coppice::command {

Result<TreeInfoPtr> find_tree(const Catalogue& catalogue, const std::string& name) {
  if (auto tree = catalogue.find(name)) return tree;
  std::string names;
  for (const auto& [id, tree] : catalogue.trees()) {
    names += (names.empty() ? "" : ", ") + tree->name();
  }
  return error(Errc::unknown_tree,
               "There is no tree named '" + name + "' in this replica. " +
                   (names.empty() ? "It has none yet: sync it first." : "It has: " + names + "."));
}

}  // namespace coppice::command
