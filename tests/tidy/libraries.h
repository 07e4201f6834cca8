#pragma once

#include <vector>

#include "tests/tidy/source_file.h"

namespace coppice::tidy {

// LMDB, Beast and Asio, and ImGui are each hidden in one folder (tests/ and bench/ may use them):
// LMDB in store/, Beast and Asio in the .cpp files of wire/, ImGui in viewer/.
Violations exposed_libraries(const SourceFile& file);

// More than two files of store/ that include lmdb.h: its rules must be kept in one place. And more
// than three .cpp files that include Beast or Asio, directly or through headers of the project:
// each takes a minute and up to 2 GB to compile.
Violations spread_libraries(const std::vector<SourceFile>& files);

// Public headers from which, directly or through other headers of the project, a user's program
// would include LMDB, Beast, Asio or ImGui.
Violations leaking_public_headers(const std::vector<SourceFile>& files);

}  // namespace coppice::tidy
