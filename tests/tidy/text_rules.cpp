#include "tests/tidy/text_rules.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace coppice::tidy {
namespace {

constexpr size_t kLinesMax = 600;

// In two halves each, so that this file does not break the rule that it checks.
constexpr std::array<std::string_view, 5> kBannedInTests = {
    "sleep_"
    "for",
    "sleep_"
    "until",
    "us"
    "leep(",
    "std::"
    "rand(",
    "sr"
    "and("};

int line_at(std::string_view text, size_t position) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + position, '\n'));
}

// Moves past blanks and then the token. False if something else is there.
bool skip_token(std::string_view& text, std::string_view token) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

bool starts_with_tokens(std::string_view text, std::initializer_list<std::string_view> tokens) {
  return std::all_of(tokens.begin(), tokens.end(),
                     [&](std::string_view token) { return skip_token(text, token); });
}

bool is_test_list(std::string_view path) {
  return folder_of(path) == "tests" &&
         (path.ends_with("/sources.cmake") || path.ends_with("CMakeLists.txt"));
}

// A word of a CMake list: up to a blank or a bracket.
void add_words(std::set<std::string, std::less<>>& words, std::string_view text) {
  constexpr std::string_view separators = " \t\n()\"";
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) words.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// Without its comments: a test that is commented out is not listed.
void add_listed(std::set<std::string, std::less<>>& words, std::string_view cmake) {
  for (const std::string_view line : lines_of(cmake)) {
    add_words(words, line.substr(0, line.find('#')));
  }
}

}  // namespace

Violations banned_test_calls(const SourceFile& file) {
  if (!is_cpp(file.path) || folder_of(file.path) != "tests") return {};
  if (file.path.starts_with("tests/e2e/")) return {};
  Violations violations;
  int number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    for (const std::string_view banned : kBannedInTests) {
      if (line.find(banned) == std::string_view::npos) continue;
      violations.push_back({file.path, number, "a test may not use " + std::string(banned)});
    }
  }
  return violations;
}

Violations swallowed_exceptions(const SourceFile& file) {
  if (!is_cpp(file.path)) return {};
  const std::string_view text = file.text;
  Violations violations;
  for (size_t at = text.find("catch"); at != std::string_view::npos;
       at = text.find("catch", at + 1)) {
    if (!starts_with_tokens(text.substr(at), {"catch", "(", "...", ")", "{", "}"})) continue;
    violations.push_back({file.path, line_at(text, at), "an exception is swallowed"});
  }
  return violations;
}

Violations long_files(const SourceFile& file) {
  if (!is_cpp(file.path)) return {};
  const size_t count = lines_of(file.text).size();
  if (count <= kLinesMax) return {};
  return {
      {file.path, 0, std::to_string(count) + " lines; split it at " + std::to_string(kLinesMax)}};
}

Violations untidy_text(const SourceFile& file) {
  const bool may_have_tabs = file.path.ends_with("Makefile");
  Violations violations;
  int number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    if (!may_have_tabs && line.find('\t') != std::string_view::npos) {
      violations.push_back({file.path, number, "a tab"});
    }
    if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
      violations.push_back({file.path, number, "a blank at the end of the line"});
    }
  }
  if (!file.text.empty() && !file.text.ends_with('\n')) {
    violations.push_back({file.path, number, "no newline at the end of the file"});
  }
  return violations;
}

Violations unlisted_tests(const std::vector<SourceFile>& files) {
  std::set<std::string, std::less<>> listed;
  for (const SourceFile& file : files) {
    if (is_test_list(file.path)) add_listed(listed, file.text);
  }
  Violations violations;
  for (const SourceFile& file : files) {
    if (folder_of(file.path) != "tests" || !file.path.ends_with("_test.cpp")) continue;
    const std::string_view below_tests = std::string_view(file.path).substr(6);
    if (listed.contains(below_tests)) continue;
    violations.push_back({file.path, 0, "named in no sources.cmake: it would never run"});
  }
  return violations;
}

namespace {

// A page, and the example that it quotes: what lies between two lines with this word.
struct Quoted {
  const char* page;
  const char* example;
  const char* word;
};
constexpr Quoted kQuoted[] = {{"README.md", "examples/hello/hello.cpp", "readme"},
                              {"docs/queries.md", "examples/query/query.cpp", "queries"}};

bool is_quoted(const std::vector<SourceFile>& files, const Quoted& quoted) {
  const std::string marker = std::string("// [") + quoted.word + "]\n";
  std::string page, code;
  for (const SourceFile& file : files) {
    if (file.path == quoted.page) page = file.text;
    if (file.path != quoted.example) continue;
    const auto begin = file.text.find(marker);
    const auto end = file.text.rfind(marker);
    if (begin != end) code = file.text.substr(begin + marker.size(), end - begin - marker.size());
  }
  return !code.empty() && page.find("```cpp\n" + code + "```\n") != std::string::npos;
}

}  // namespace

Violations unquoted_examples(const std::vector<SourceFile>& files) {
  Violations violations;
  for (const Quoted& quoted : kQuoted) {
    if (is_quoted(files, quoted)) continue;
    violations.push_back({quoted.page, 0,
                          std::string("does not quote the example between the [") + quoted.word +
                              "] lines of " + quoted.example});
  }
  return violations;
}

}  // namespace coppice::tidy
