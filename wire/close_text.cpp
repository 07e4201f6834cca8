#include "wire/close_text.h"

#include <cstddef>
#include <cstdint>

namespace coppice::wire {
namespace {

// One character: how many bytes its first byte announces, and its smallest and largest code point.
struct Shape {
  std::size_t size_bytes = 0;  // 0: no character starts with this byte
  std::uint32_t lead_bits = 0;
  std::uint32_t code_point_min = 0;
};

Shape shape_of(unsigned char lead) {
  if (lead < 0x80) return {1, lead, 0};
  if ((lead & 0xE0) == 0xC0) return {2, lead & 0x1Fu, 0x80};
  if ((lead & 0xF0) == 0xE0) return {3, lead & 0x0Fu, 0x800};
  if ((lead & 0xF8) == 0xF0) return {4, lead & 0x07u, 0x10000};
  return {};
}

bool is_code_point(std::uint32_t value) {
  return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

// The length of the valid UTF-8 character that `text` starts with, or 0. REQUIRES: not empty.
std::size_t character_size_bytes(std::string_view text) {
  const Shape shape = shape_of(static_cast<unsigned char>(text.front()));
  if (shape.size_bytes == 0 || shape.size_bytes > text.size()) return 0;
  std::uint32_t value = shape.lead_bits;
  for (const char c : text.substr(1, shape.size_bytes - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte & 0x3Fu);
  }
  return value >= shape.code_point_min && is_code_point(value) ? shape.size_bytes : 0;
}

}  // namespace

std::string close_text(std::string_view text, std::size_t size_bytes_max) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = character_size_bytes(text);
    const std::string_view character = size == 0 ? "?" : text.substr(0, size);
    if (result.size() + character.size() > size_bytes_max) break;
    result += character;
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

}  // namespace coppice::wire
