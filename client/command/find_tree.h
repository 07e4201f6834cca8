#pragma once

#include <string>

#include "schema/catalogue.h"

namespace coppice::command {

// The tree that a user named. Errors: unknown_tree, with the names there are.
Result<TreeInfoPtr> find_tree(const Catalogue& catalogue, const std::string& name);

}  // namespace coppice::command
