#include "tests/tidy/source_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace coppice::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlanks = " \t";

template <size_t count>
bool contains(const std::array<std::string_view, count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_skipped_folder(const fs::path& relative) {
  constexpr std::array<std::string_view, 6> anywhere = {".git",   ".run",   ".cache",
                                                        "golden", "corpus", "compat"};
  const std::string name = relative.filename().string();
  const bool is_build_folder = !relative.has_parent_path() && name.starts_with("build");
  return is_build_folder || contains(anywhere, name);
}

bool is_text_file(const fs::path& relative) {
  constexpr std::array<std::string_view, 10> extensions = {
      ".h", ".cpp", ".capnp", ".cmake", ".in", ".md", ".json", ".sh", ".py", ".yml"};
  constexpr std::array<std::string_view, 6> names = {"CMakeLists.txt", "dev",        ".ci/run",
                                                     ".clang-format",  ".gitignore", "Makefile"};
  // CMake's own output, which some tools want linked into the root.
  if (relative.filename() == "compile_commands.json") return false;
  return contains(extensions, relative.extension().string()) ||
         contains(names, relative.filename().string()) ||
         contains(names, relative.generic_string());
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string_view without_leading_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  text = without_leading_blanks(text);
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

std::optional<std::string> include_target(std::string_view line) {
  const auto directive = after(line, "#");
  if (!directive) return std::nullopt;
  const auto argument = after(*directive, "include");
  if (!argument) return std::nullopt;
  const std::string_view quoted = without_leading_blanks(*argument);
  if (quoted.empty() || (quoted[0] != '"' && quoted[0] != '<')) return std::nullopt;
  const size_t end = quoted.find(quoted[0] == '"' ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(quoted.substr(1, end - 1));
}

}  // namespace

std::vector<SourceFile> read_project(const fs::path& root) {
  std::vector<SourceFile> files;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::end(at); ++at) {
    const fs::path relative = at->path().lexically_relative(root);
    if (at->is_directory()) {
      if (is_skipped_folder(relative)) at.disable_recursion_pending();
    } else if (at->is_regular_file() && is_text_file(relative)) {
      files.push_back({relative.generic_string(), read_file(at->path())});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  int number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (auto target = include_target(line)) includes.push_back({number, *std::move(target)});
  }
  return includes;
}

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

bool is_cpp(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cpp"); }

}  // namespace coppice::tidy
