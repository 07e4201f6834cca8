#pragma once

#include <algorithm>
#include <string_view>

namespace coppice {

// The words of the text form. A field that is called like one is written in backticks.
inline constexpr std::string_view kQueryWords[] = {
    "all",      "and",       "asc",   "between", "by",     "contains", "desc", "false",
    "in",       "is",        "limit", "matches", "newest", "not",      "or",   "order",
    "released", "revisions", "set",   "starts",  "true",   "with",
};

inline bool is_query_word(std::string_view word) {
  return std::find(std::begin(kQueryWords), std::end(kQueryWords), word) != std::end(kQueryWords);
}

inline bool is_name_begin(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_name_part(char c) { return is_name_begin(c) || is_digit(c); }

}  // namespace coppice
