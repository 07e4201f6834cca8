#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "schema/tree_info.h"

namespace coppice {

// What a body refers to, in whatever field: in the order of the body, each as often as it is there.
// Revision 0 floats. REQUIRES: the body is trusted (BodyShape), and one of this tree's schema.
std::vector<AnyKey> references_in(const TreeInfo& tree, std::span<const std::uint64_t> body);

// Makes references in a body name other revisions. `choose` is given each key and returns the one
// that takes its place, of the same record. REQUIRES: as above. Returns whether anything changed.
bool change_revisions(const TreeInfo& tree, std::span<std::uint64_t> body,
                      const std::function<KeyWord(AnyKey)>& choose);

}  // namespace coppice
