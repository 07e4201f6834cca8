#include "examples/ldraw/tsv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>

namespace ldraw {
namespace {

void split(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  for (;;) {
    const auto tab = line.find('\t');
    cells.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return;
    line.remove_prefix(tab + 1);
  }
}

// Bytes of the UTF-8 sequence that this byte begins; 0 if none does.
std::size_t sequence_bytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

// The second byte also rules out overlong forms, surrogates and what is above U+10FFFF.
bool may_follow(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xe0:
      return second >= 0xa0 && second <= 0xbf;
    case 0xed:
      return second >= 0x80 && second <= 0x9f;
    case 0xf0:
      return second >= 0x90 && second <= 0xbf;
    case 0xf4:
      return second >= 0x80 && second <= 0x8f;
    default:
      return second >= 0x80 && second <= 0xbf;
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

}  // namespace

std::string to_string(const BadLine& bad) {
  return bad.file + ":" + std::to_string(bad.line) + ": " + bad.reason;
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  result += text;
  result += '\'';
  return result;
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t count = sequence_bytes(byte(0));
    if (count == 0 || count > text.size()) return false;
    if (count > 1 && !may_follow(byte(0), byte(1))) return false;
    for (std::size_t i = 2; i < count; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return false;
    }
    text.remove_prefix(count);
  }
  return true;
}

void Row::refuse(std::string reason) {
  if (!problem_) problem_ = std::move(reason);
}

template <typename Number>
Number Row::parsed(std::size_t column, std::string_view digits, int base, const char* kind) {
  Number value = 0;
  const char* end = digits.data() + digits.size();
  std::from_chars_result result;
  if constexpr (std::is_floating_point_v<Number>) {
    result = std::from_chars(digits.data(), end, value);
    if (result.ec == std::errc() && !std::isfinite(value)) result.ec = std::errc::invalid_argument;
  } else {
    result = std::from_chars(digits.data(), end, value, base);
  }
  if (result.ec == std::errc() && result.ptr == end) return value;
  refuse("column " + in_quotes(names_[column]) + " has " + in_quotes(cells_[column]) +
         ", which is no " + kind);
  return 0;
}

std::uint32_t Row::number(std::size_t column) {
  if (broken()) return 0;
  return parsed<std::uint32_t>(column, cells_[column], 10, "number from 0 to 4294967295");
}

std::optional<std::uint32_t> Row::optional_number(std::size_t column) {
  if (cells_[column].empty()) return std::nullopt;
  return number(column);
}

std::uint32_t Row::colour(std::size_t column) {
  if (broken()) return 0;
  std::string_view digits = cells_[column];
  const bool is_hex = digits.starts_with("0x");
  if (is_hex) digits.remove_prefix(2);
  return parsed<std::uint32_t>(column, digits, is_hex ? 16 : 10, "colour");
}

float Row::real(std::size_t column) {
  if (broken()) return 0;
  return parsed<float>(column, cells_[column], 10, "number");
}

TsvReader::TsvReader(std::filesystem::path file, std::vector<std::string_view> columns)
    : lines_(std::move(file)) {
  const auto header = lines_.next();
  if (!header) throw FileError(lines_.file().string() + " is empty");
  split(*header, all_cells_);
  width_ = all_cells_.size();
  for (const std::string_view column : columns) {
    const auto found = std::find(all_cells_.begin(), all_cells_.end(), column);
    if (found == all_cells_.end()) {
      throw FileError(lines_.file().string() + " has no column " + in_quotes(column));
    }
    positions_.push_back(static_cast<std::size_t>(found - all_cells_.begin()));
  }
  row_.names_ = std::move(columns);
  row_.cells_.resize(positions_.size());
}

Row* TsvReader::next() {
  const auto line = lines_.next();
  if (!line) return nullptr;
  row_.problem_.reset();
  cut(*line);
  return &row_;
}

void TsvReader::cut(std::string_view line) {
  split(line, all_cells_);
  const bool fits = all_cells_.size() == width_;
  if (!fits) {
    row_.refuse("there are " + std::to_string(all_cells_.size()) + " columns instead of " +
                std::to_string(width_));
  } else if (!is_utf8(line)) {
    row_.refuse("the text is not UTF-8");
  }
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    row_.cells_[i] = fits ? all_cells_[positions_[i]] : std::string_view();
  }
}

BadLine TsvReader::bad_line() const {
  return {lines_.file().filename().string(), lines_.number(), row_.problem().value()};
}

}  // namespace ldraw
