#include "coppice/key.h"

#include <charconv>

namespace coppice {
namespace {

// Digits only, no sign, no leading zero, within [1, max].
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  if (text.empty() || text[0] < '1' || text[0] > '9') return std::nullopt;
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > max) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(KeyWord word) {
  std::string text = std::to_string(word.id().value);
  if (!word.floats()) text += '.' + std::to_string(word.revision().value);
  return text;
}

std::optional<KeyWord> parse_key_word(std::string_view text) {
  auto dot = text.find('.');
  auto id = parse_number(text.substr(0, dot), kRecordIdMax);
  if (!id) return std::nullopt;
  if (dot == std::string_view::npos) return KeyWord(RecordId{*id}, Revision{0});
  auto revision = parse_number(text.substr(dot + 1), kRevisionMax);
  if (!revision) return std::nullopt;
  return KeyWord(RecordId{*id}, Revision{static_cast<std::uint32_t>(*revision)});
}

std::optional<KeyText> parse_key(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto word = parse_key_word(text.substr(colon + 1));
  if (!word) return std::nullopt;
  return KeyText{std::string(text.substr(0, colon)), *word};
}

std::string format_key(std::string_view tree, KeyWord word) {
  return std::string(tree) + ':' + to_string(word);
}

}  // namespace coppice
