#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"

namespace coppice::tidy {

// Where the project's headers are: what the compiler's include paths do, for the tidy rules.
//
// A target "store/feed.h" is found from the project's root, "coppice/key.h" in the `include` folder
// of whichever folder holds it, and a bare "feed.h" beside the file that asks for it.
class Layout {
 public:
  explicit Layout(const std::vector<SourceFile>& files);

  // The path of the included file, or nothing if it is no file of the project (std, boost,
  // generated).
  std::optional<std::string> file_of(std::string_view target, std::string_view included_from) const;

  // The folder of the house that the target belongs to, or nothing if to none. Generated headers
  // "coppice/*.capnp.h" are schema's.
  std::optional<std::string> layer_of(std::string_view target,
                                      std::string_view included_from) const;

 private:
  // Constant after construction.
  std::set<std::string, std::less<>> paths_;
  std::set<std::string, std::less<>> folders_;
};

}  // namespace coppice::tidy
