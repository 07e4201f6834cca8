#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <coppice/client.h>

#include "examples/ldraw/library.h"
#include "examples/ldraw/part_body.h"

namespace ldraw {

// Where the things of a library went.
struct ImportedKeys {
  PartKeys parts;
  std::vector<SetKey> sets;
  std::vector<SubmodelKey> submodels;
};

struct TreeCount {
  coppice::TreeId tree;
  std::string name;
  std::uint64_t records = 0;
};
// What import_library() will create, tree by tree: so many ids it needs.
std::vector<TreeCount> records_of(const Library& library);

struct Imported {
  ImportedKeys keys;
  std::uint64_t records = 0;
  std::uint64_t transactions = 0;
};

// Creates all of a library but the later revisions of parts, with no server: out of ids that were
// leased before. `progress` is told after each tree. Throws coppice::RefusedError, as when ids are
// missing; what was written before stays.
Imported import_library(coppice::Client& client, const Library& library,
                        const std::function<void(const TreeCount&)>& progress);

}  // namespace ldraw
