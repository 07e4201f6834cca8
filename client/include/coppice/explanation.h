#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coppice {

// How a snapshot answers a query: what it walks, what it tests, how it puts in order, and why an
// index does not serve. A tree of steps; a value.
struct Explanation {
  enum class Step {
    query,        // the whole
    all_records,  // every record of the tree is looked at
    index,        // an index gives the records to be looked at
    search,       // the search index does
    users,        // those that refer to records which are found first, below
    either,       // several do, below, and all of them are looked at
    both,         // several do, below, and what all of them give is looked at
    test,         // each record is tested for this
    in_order,     // an index gives the records in the order that is asked for
    sort,         // the answer is sorted in memory
    limit,
    note,  // why an index does not serve
  };

  Step step = Step::query;
  std::string what;  // for people
  // Records, or entries of an index, that it gives to look at.
  std::optional<std::uint64_t> count = std::nullopt;
  std::vector<Explanation> below = {};

  // On lines, what is below further to the right.
  std::string text() const;
  // Whether there is such a step, at any depth.
  bool has(Step wanted) const;
};

}  // namespace coppice
