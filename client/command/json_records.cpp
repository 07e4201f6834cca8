#include "client/command/json_records.h"

#include <algorithm>
#include <utility>

namespace coppice::command {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

JsonRecords::JsonRecords(std::string_view text) : text_(text) {
  if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
  const auto start = std::find_if_not(text_.begin() + position_, text_.end(), is_blank);
  if (start == text_.end() || *start != '[') return;
  kind_ = Kind::array;
  skip_blanks();
  advance();
}

bool JsonRecords::next(JsonRecord& record) {
  if (is_over_) return false;
  return kind_ == Kind::array ? next_element(record) : next_line(record);
}

bool JsonRecords::next_line(JsonRecord& record) {
  while (!at_end()) {
    const std::size_t end = std::min(text_.find('\n', position_), text_.size());
    record = {line_, trimmed(text_.substr(position_, end - position_))};
    position_ = std::min(end + 1, text_.size());
    ++line_;
    if (!record.text.empty()) return true;
  }
  return false;
}

bool JsonRecords::next_element(JsonRecord& record) {
  skip_blanks();
  if (at_end()) return fail("The array that starts the file has no end.");
  const bool is_empty_array = is_first_ && at() == ']';
  is_first_ = false;
  if (!is_empty_array) {
    const std::size_t begin = position_;
    record.line = line_;
    if (!skip_element()) return fail("The record that starts here has no end.");
    record.text = trimmed(text_.substr(begin, position_ - begin));
  }
  const bool is_last = at() == ']';
  advance();
  if (!is_last) return true;
  is_over_ = true;
  skip_blanks();
  if (!at_end()) problem_ = "There is something after the end of the array.";
  return !is_empty_array;
}

bool JsonRecords::skip_element() {
  const std::size_t first_line = line_;
  int depth = 0;
  while (!at_end()) {
    const char c = at();
    if (depth == 0 && (c == ',' || c == ']')) return true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c == '"') {
      skip_string();
    } else {
      advance();
    }
  }
  line_ = first_line;
  return false;
}

// Over a string that starts here. A JSON string ends on its line; one that does not is broken, and
// ending it there keeps the harm to one record.
void JsonRecords::skip_string() {
  advance();
  while (!at_end() && at() != '"' && at() != '\n') {
    if (at() == '\\') advance();
    if (!at_end()) advance();
  }
  if (!at_end() && at() == '"') advance();
}

void JsonRecords::skip_blanks() {
  while (!at_end() && is_blank(at())) advance();
}

void JsonRecords::advance() {
  if (at() == '\n') ++line_;
  ++position_;
}

bool JsonRecords::fail(std::string problem) {
  problem_ = std::move(problem);
  is_over_ = true;
  return false;
}

}  // namespace coppice::command
