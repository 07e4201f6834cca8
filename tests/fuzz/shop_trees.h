#pragma once

#include <string>

#include "schema/catalogue.h"
#include "schema/tree_info.h"
#include "shop.coppice.h"

namespace coppice::fuzz {

// The trees that bodies, keys and queries are of.
const TreeInfo& parts();
const TreeInfo& companies();
const Catalogue& shop_catalogue();

// A part with something in most of its fields, canonical.
std::vector<std::uint64_t> some_part();

}  // namespace coppice::fuzz
