#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/ldraw/line_reader.h"

namespace ldraw {

// A line that does not say what it should.
struct BadLine {
  std::string file;
  std::uint64_t line = 0;
  std::string reason;
  bool operator==(const BadLine&) const = default;
};
// "bom.tsv:12: the quantity is 0"
std::string to_string(const BadLine& bad);

// One line of a table, cut into the columns that its reader was asked for, numbered in that order.
//
// A cell that cannot be read as asked makes the row broken and gives zero; later calls are
// harmless. So take all cells, and ask once at the end. Texts are valid until the next row.
class Row {
 public:
  std::string_view text(std::size_t column) const { return cells_[column]; }
  // Decimal, no sign.
  std::uint32_t number(std::size_t column);
  // An empty cell gives nothing.
  std::optional<std::uint32_t> optional_number(std::size_t column);
  // Decimal, or hexadecimal after "0x".
  std::uint32_t colour(std::size_t column);
  float real(std::size_t column);

  // Makes the row broken. The first reason counts.
  void refuse(std::string reason);
  bool broken() const { return problem_.has_value(); }
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  friend class TsvReader;
  template <typename Number>
  Number parsed(std::size_t column, std::string_view digits, int base, const char* kind);

  std::vector<std::string_view> names_;
  std::vector<std::string_view> cells_;
  std::optional<std::string> problem_;
};

// A table of tab separated values: a line with the names of the columns, then a line for each row.
// Nothing is quoted.
class TsvReader {
 public:
  // Other columns of the file are ignored. Throws FileError, also where a column is missing; so
  // does next(). REQUIRES: the names live as long as the reader.
  TsvReader(std::filesystem::path file, std::vector<std::string_view> columns);

  // The next row, broken or not, valid until the next call; null at the end.
  Row* next();
  // What is wrong with the row that next() gave. REQUIRES: it is broken.
  BadLine bad_line() const;

 private:
  void cut(std::string_view line);

  LineReader lines_;
  std::size_t width_ = 0;               // columns of the file
  std::vector<std::size_t> positions_;  // in the file, of each column that was asked for
  std::vector<std::string_view> all_cells_;
  Row row_;
};

// For messages: 'text'.
std::string in_quotes(std::string_view text);

// Whether the bytes are UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing
// above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace ldraw
