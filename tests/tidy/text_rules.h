#pragma once

#include <vector>

#include "tests/tidy/source_file.h"

namespace coppice::tidy {

// Calls in tests/ that make a test slow or different each time: sleeping and global randomness.
// End-to-end tests wait for real processes and may sleep.
Violations banned_test_calls(const SourceFile& file);

// Handlers that catch everything and do nothing.
Violations swallowed_exceptions(const SourceFile& file);

// C++ files of more than 600 lines.
Violations long_files(const SourceFile& file);

// Tabs (a Makefile needs them), blanks at a line's end, carriage returns, no newline at the end.
Violations untidy_text(const SourceFile& file);

// Files tests/**/*_test.cpp that no sources.cmake or CMakeLists.txt below tests/ names: they would
// never run.
Violations unlisted_tests(const std::vector<SourceFile>& files);

// The README's example is the code between the `// [readme]` lines of examples/hello/hello.cpp, to
// the letter: CI compiles and runs that. Both files must be among `files`.
Violations unquoted_examples(const std::vector<SourceFile>& files);

}  // namespace coppice::tidy
