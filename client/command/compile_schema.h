#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schema/tree_info.h"

namespace coppice::command {

// The trees that a schema file declares, as a program compiled with it would offer them; those of
// the files it imports are left out. Runs `capnp compile`, whose own complaints go to standard
// error. `imports` are folders for what the file imports by absolute paths; Coppice's and Cap'n
// Proto's own are known.
//
// Errors: bad_request (no such file, no `capnp`, or it does not compile), incompatible_schema (a
// tree that is none).
Result<std::vector<TreeInfoPtr>> compile_schema(const std::filesystem::path& file,
                                                const std::vector<std::string>& imports);

}  // namespace coppice::command
