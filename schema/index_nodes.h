#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schema/body_walk.h"
#include "schema/index_plan.h"

namespace coppice {

// What of one struct is indexed, and what of it leads on to such. Groups are part of their struct.
struct IndexPlan::Node {
  // Where a value or a struct lies, and when it is there at all.
  struct Place {
    std::vector<Discriminant> when;
    // Of numbers in units of their size, as in the schema; else the pointer's number.
    std::uint32_t offset = 0;
    // How many lists are around it.
    std::uint32_t lists = 0;
  };
  struct Leaf {
    Place place;
    ValueType type = ValueType::text;
    std::uint64_t default_bits = 0;  // what the stored bits are XORed with
    std::optional<unsigned> index;
    bool searched = false;
    TreeId target;  // of a reference; 0: to nothing that is known
  };
  struct Branch {
    Place place;
    const Node* node = nullptr;
  };
  std::vector<Leaf> leaves;
  std::vector<Branch> branches;
};

}  // namespace coppice
