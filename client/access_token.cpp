#include "client/access_token.h"

#include <charconv>

namespace coppice::client {
namespace {

constexpr std::size_t kTokenBytes = 32;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

Result<std::string> parse_access_token(std::string_view text) {
  const std::string_view digits = trimmed(text);
  if (digits.empty()) return std::string();
  std::string bytes;
  for (std::size_t at = 0; at + 2 <= digits.size(); at += 2) {
    unsigned char byte = 0;
    const char* end = digits.data() + at + 2;
    const auto parsed = std::from_chars(digits.data() + at, end, byte, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end) break;
    bytes += static_cast<char>(byte);
  }
  if (bytes.size() == kTokenBytes && digits.size() == 2 * kTokenBytes) return bytes;
  return error(Errc::bad_request,
               "That is no access token: it has 64 hexadecimal digits, as coppice-server printed "
               "it when the user was made.");
}

}  // namespace coppice::client
