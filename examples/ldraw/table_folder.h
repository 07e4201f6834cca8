#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "examples/ldraw/library.h"
#include "examples/ldraw/tsv.h"

namespace ldraw {

// Turns ids of the tables into places in vectors.
using Indexes = std::unordered_map<std::uint32_t, std::uint32_t>;

// The tables of one folder, and the lines in them that were bad.
class TableFolder {
 public:
  explicit TableFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Calls take(Row&) for each row that is whole. What it refuses is a bad line too, so it asks
  // row.broken() before it keeps anything. Throws FileError.
  template <typename F>
  void read(const std::string& table, std::vector<std::string_view> columns, F&& take) {
    TsvReader reader(find(table), std::move(columns));
    while (Row* row = reader.next()) {
      if (!row->broken()) take(*row);
      if (row->broken()) bad_lines_.push_back(reader.bad_line());
    }
  }

  std::vector<BadLine> take_bad_lines() { return std::move(bad_lines_); }

 private:
  std::filesystem::path find(const std::string& table) const {
    auto compressed = folder_ / (table + ".tsv.zst");
    return std::filesystem::exists(compressed) ? compressed : folder_ / (table + ".tsv");
  }

  std::filesystem::path folder_;
  std::vector<BadLine> bad_lines_;
};

// The place of the thing whose id is in this column; refuses the row if there is none.
std::uint32_t index_of(Row& row, std::size_t column, const Indexes& indexes, const char* kind);
// Twelve columns from this one on.
LibraryTransform transform_of(Row& row, std::size_t first_column);

// The tables models, submodels and model_placements.
void load_sets(TableFolder& tables, const Indexes& parts, Library& library);

}  // namespace ldraw
