#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace coppice::tidy {

// A text file of the project. The path is relative to the project's root, with slashes.
struct SourceFile {
  std::string path;
  std::string text;
};

// A line that breaks a rule. Lines count from 1; 0 stands for the file as a whole.
struct Violation {
  std::string path;
  int line = 0;
  std::string message;
};

using Violations = std::vector<Violation>;

// An #include line: `target` is what stands between the quotes or angle brackets.
struct Include {
  int line = 0;
  std::string target;
};

// The files that people write: no build folder, no golden output, corpus or stored data, nothing
// that is binary. Sorted by path.
std::vector<SourceFile> read_project(const std::filesystem::path& root);

// Without their line ends. The views are valid as long as the text.
std::vector<std::string_view> lines_of(std::string_view text);

std::vector<Include> includes_of(std::string_view text);

// The path's first component, "store" for "store/feed.h"; empty for a file of the root.
std::string_view folder_of(std::string_view path);

bool is_cpp(std::string_view path);

}  // namespace coppice::tidy
