#include "tests/tidy/arrows.h"

#include <map>
#include <set>

namespace coppice::tidy {
namespace {

using Folders = std::set<std::string_view>;

// What each folder may include beside itself.
const std::map<std::string_view, Folders>& arrows() {
  static const std::map<std::string_view, Folders> arrows = {
      {"schema", {}},
      {"store", {"schema"}},
      {"wire", {}},
      {"server", {"wire", "store", "schema"}},
      {"client", {"wire", "store", "schema"}},
      {"codegen", {"schema"}},
      {"viewer", {"client", "schema"}},
      {"examples", {"client", "schema"}},
  };
  return arrows;
}

// All that programs of users have of the server.
bool is_for_programs(std::string_view header) {
  return header == "coppice/migration_main.h" || header == "coppice/tree_move.h";
}

bool includes_anything(std::string_view folder) { return folder == "tests" || folder == "bench"; }

}  // namespace

Violations forbidden_arrows(const Layout& layout, const SourceFile& file) {
  const std::string_view from = folder_of(file.path);
  if (!is_cpp(file.path) || includes_anything(from)) return {};
  const auto allowed = arrows().find(from);
  if (allowed == arrows().end()) {
    return {{file.path, 0, "this folder has no arrows yet: give it some in tests/tidy/arrows.cpp"}};
  }

  Violations violations;
  for (const Include& include : includes_of(file.text)) {
    if (include.target.find("../") != std::string::npos) {
      violations.push_back({file.path, include.line, "include it from the project's root"});
      continue;
    }
    const auto to = layout.layer_of(include.target, file.path);
    if (!to || *to == from || allowed->second.contains(*to)) continue;
    if (from == "examples" && is_for_programs(include.target)) continue;
    violations.push_back({file.path, include.line,
                          std::string(from) + " may not include " + *to + ": " + include.target});
  }
  return violations;
}

}  // namespace coppice::tidy
