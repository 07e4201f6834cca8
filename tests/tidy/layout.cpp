#include "tests/tidy/layout.h"

namespace coppice::tidy {

Layout::Layout(const std::vector<SourceFile>& files) {
  for (const SourceFile& file : files) {
    paths_.insert(file.path);
    folders_.emplace(folder_of(file.path));
  }
}

std::optional<std::string> Layout::file_of(std::string_view target,
                                           std::string_view included_from) const {
  const std::string name(target);
  const std::string beside(included_from.substr(0, included_from.rfind('/') + 1));
  if (paths_.contains(beside + name)) return beside + name;
  if (paths_.contains(name)) return name;
  for (const std::string& folder : folders_) {
    const std::string path = folder + "/include/" + name;
    if (paths_.contains(path)) return path;
  }
  return std::nullopt;
}

std::optional<std::string> Layout::layer_of(std::string_view target,
                                            std::string_view included_from) const {
  if (const auto path = file_of(target, included_from)) return std::string(folder_of(*path));
  if (target.starts_with("coppice/") && target.ends_with(".capnp.h")) return "schema";
  const std::string_view folder = folder_of(target);
  if (!folder.empty() && folders_.contains(folder)) return std::string(folder);
  return std::nullopt;
}

}  // namespace coppice::tidy
