#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coppice::command {

// One record as text, and the line it starts on, counted from 1.
struct JsonRecord {
  std::size_t line = 0;
  std::string_view text;
};

// Takes a text apart into the records in it: the elements of one JSON array, or else one record on
// each line. Looks for where each ends and no closer, so that one broken record does not hide the
// others; whoever reads a record judges it.
//
// Views are of the text given, which outlives this.
class JsonRecords {
 public:
  explicit JsonRecords(std::string_view text);

  // False at the end, and after what makes the rest unreadable: see problem().
  bool next(JsonRecord& record);
  // What is wrong with the array itself, one sentence, and where; empty if nothing is.
  const std::string& problem() const { return problem_; }
  std::size_t problem_line() const { return line_; }

 private:
  enum class Kind { array, lines };

  bool next_line(JsonRecord& record);
  bool next_element(JsonRecord& record);
  // Moves to the "," or "]" that ends the element here. False if there is none.
  bool skip_element();
  void skip_string();
  void skip_blanks();
  void advance();
  char at() const { return text_[position_]; }
  bool at_end() const { return position_ == text_.size(); }
  bool fail(std::string problem);

  const std::string_view text_;
  Kind kind_ = Kind::lines;
  std::size_t position_ = 0;
  std::size_t line_ = 1;
  bool is_first_ = true;
  bool is_over_ = false;
  std::string problem_;
};

}  // namespace coppice::command
