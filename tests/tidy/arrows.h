#pragma once

#include "tests/tidy/layout.h"
#include "tests/tidy/source_file.h"

namespace coppice::tidy {

// The #include lines of a C++ file that follow no arrow of docs/architecture.md: a folder includes
// itself and what it stands on; tests/ and bench/ include anything. A path with ".." would hide
// where an arrow ends, and a folder that has no arrows yet may not hold C++.
Violations forbidden_arrows(const Layout& layout, const SourceFile& file);

}  // namespace coppice::tidy
