#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/tree_info.h"

namespace coppice::command {

// Bodies for new records of one tree, read from a file and checked, and what is wrong with the rest
// of it.
class ImportFile {
 public:
  // `name` "-" is standard input. Errors: bad_request, if it can't be read at all.
  static Result<ImportFile> read(const std::string& name, const TreeInfo& tree);

  // REQUIRES: index < count().
  std::span<const std::uint64_t> body(std::size_t index) const;
  std::size_t count() const { return ends_.size(); }
  // "FILE:LINE: reason", in the order of lines.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  ImportFile() = default;
  void take(const std::string& name, std::string_view text, const TreeInfo& tree);

  // All bodies one after the other: a file may have a million small ones.
  std::vector<std::uint64_t> words_;
  std::vector<std::size_t> ends_;
  std::vector<std::string> problems_;
};

}  // namespace coppice::command
