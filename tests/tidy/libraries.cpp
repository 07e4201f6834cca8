#include "tests/tidy/libraries.h"

#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/tidy/layout.h"

namespace coppice::tidy {
namespace {

enum class Library { none, lmdb, beast, imgui };

constexpr size_t kLmdbFilesMax = 2;
constexpr size_t kBeastUnitsMax = 3;

Library library_of(std::string_view target) {
  if (target == "lmdb.h") return Library::lmdb;
  if (target.starts_with("boost/beast") || target.starts_with("boost/asio")) return Library::beast;
  if (target.find("imgui") != std::string_view::npos) return Library::imgui;
  return Library::none;
}

// Why the library may not be included by this file; empty if it may.
std::string_view objection(Library library, std::string_view path) {
  const std::string_view folder = folder_of(path);
  switch (library) {
    case Library::none:
      return {};
    case Library::lmdb:
      return folder == "store" ? "" : "only store/ includes LMDB";
    case Library::beast:
      // Its headers too, as long as few units come to them: spread_libraries counts those.
      return folder == "wire" ? "" : "only wire/ includes Beast and Asio";
    case Library::imgui:
      return folder == "viewer" ? "" : "only viewer/ includes ImGui";
  }
  return {};
}

bool may_use_any_library(std::string_view path) {
  return !is_cpp(path) || folder_of(path) == "tests" || folder_of(path) == "bench";
}

std::vector<std::string> files_that_include(Library library, std::string_view folder,
                                            const std::vector<SourceFile>& files) {
  std::vector<std::string> paths;
  for (const SourceFile& file : files) {
    if (!is_cpp(file.path) || folder_of(file.path) != folder) continue;
    for (const Include& include : includes_of(file.text)) {
      if (library_of(include.target) != library) continue;
      paths.push_back(file.path);
      break;
    }
  }
  return paths;
}

void add_beyond(Violations& violations, const std::vector<std::string>& paths, size_t files_max,
                std::string_view library) {
  for (size_t index = files_max; index < paths.size(); ++index) {
    violations.push_back({paths[index], 0,
                          "at most " + std::to_string(files_max) + " files include " +
                              std::string(library) + ", and there are more before this one"});
  }
}

bool is_public_header(std::string_view path) {
  return path.ends_with(".h") && path.find("/include/coppice/") != std::string_view::npos;
}

// Follows the #include lines through the project's headers, each file once.
class Reach {
 public:
  using IsWanted = std::function<bool(Library)>;

  explicit Reach(const std::vector<SourceFile>& files) : layout_(files) {
    for (const SourceFile& file : files) texts_.emplace(file.path, file.text);
  }

  // How the file comes to a wanted library, as "client/a.h > lmdb.h"; empty if it does not.
  std::string way(const std::string& path, const IsWanted& is_wanted) const {
    std::set<std::string> seen;
    return way(path, is_wanted, seen);
  }

 private:
  std::string way(const std::string& path, const IsWanted& is_wanted,
                  std::set<std::string>& seen) const {
    if (!seen.insert(path).second) return {};
    for (const Include& include : includes_of(texts_.at(path))) {
      if (is_wanted(library_of(include.target))) return path + " > " + include.target;
      const auto next = layout_.file_of(include.target, path);
      const std::string rest = next ? way(*next, is_wanted, seen) : std::string();
      if (!rest.empty()) return path + " > " + rest;
    }
    return {};
  }

  // Constant after construction.
  Layout layout_;
  std::map<std::string, std::string_view, std::less<>> texts_;
};

// The .cpp files that are compiled with the library, by whichever headers they come to it.
std::vector<std::string> units_that_reach(Library library, const std::vector<SourceFile>& files) {
  const Reach reach(files);
  std::vector<std::string> paths;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".cpp") || may_use_any_library(file.path)) continue;
    const std::string way = reach.way(file.path, [&](Library found) { return found == library; });
    if (!way.empty()) paths.push_back(file.path);
  }
  return paths;
}

}  // namespace

Violations exposed_libraries(const SourceFile& file) {
  if (may_use_any_library(file.path)) return {};
  Violations violations;
  for (const Include& include : includes_of(file.text)) {
    const std::string_view why_not = objection(library_of(include.target), file.path);
    if (why_not.empty()) continue;
    violations.push_back({file.path, include.line, std::string(why_not) + ": " + include.target});
  }
  return violations;
}

Violations spread_libraries(const std::vector<SourceFile>& files) {
  Violations violations;
  add_beyond(violations, files_that_include(Library::lmdb, "store", files), kLmdbFilesMax, "LMDB");
  add_beyond(violations, units_that_reach(Library::beast, files), kBeastUnitsMax, "Beast or Asio");
  return violations;
}

Violations leaking_public_headers(const std::vector<SourceFile>& files) {
  const Reach reach(files);
  Violations violations;
  for (const SourceFile& file : files) {
    if (!is_public_header(file.path)) continue;
    const std::string way =
        reach.way(file.path, [](Library found) { return found != Library::none; });
    if (!way.empty()) violations.push_back({file.path, 0, "shows a hidden library: " + way});
  }
  return violations;
}

}  // namespace coppice::tidy
