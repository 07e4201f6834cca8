#include "schema/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace coppice {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

std::string fold_ascii(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return folded;
}

bool is_ascii_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

bool is_word(utf8proc_int32_t code_point) {
  const auto category = utf8proc_category(code_point);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_NO);
}

// Bytes of the letter or digit that the text begins with; 0: it begins with something else, of
// `skipped` bytes.
std::size_t letter_at(std::string_view text, std::size_t& skipped) {
  const auto first = static_cast<unsigned char>(text[0]);
  skipped = 1;
  if (first < 0x80) return is_ascii_word(first) ? 1 : 0;
  utf8proc_int32_t code_point = 0;
  const auto size_bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                           static_cast<utf8proc_ssize_t>(text.size()), &code_point);
  if (size_bytes <= 0) return 0;
  skipped = static_cast<std::size_t>(size_bytes);
  return is_word(code_point) ? skipped : 0;
}

// The text without what separates words at its beginning.
std::string_view without_separators(std::string_view text) {
  std::size_t skipped = 0;
  while (!text.empty() && letter_at(text, skipped) == 0) text.remove_prefix(skipped);
  return text;
}

}  // namespace

std::string fold(std::string_view text) {
  if (is_ascii(text)) return fold_ascii(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                     UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto size_bytes =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size_bytes < 0) return fold_ascii(text);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size_bytes)};
}

void WordWalk::next() {
  rest_ = without_separators(rest_);
  std::size_t end = 0, skipped = 0;
  while (end < rest_.size()) {
    const std::size_t letter = letter_at(rest_.substr(end), skipped);
    if (letter == 0) break;
    end += letter;
  }
  word_ = rest_.substr(0, std::min(end, kWordBytesMax));
  rest_.remove_prefix(end);
  if (word_.empty()) return;
  ++count_;
  if (count_ == 1) is_alone_ = without_separators(rest_).empty();
}

}  // namespace coppice
