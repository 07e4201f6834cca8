#include "client/command/json.h"

#include <cstdio>

namespace coppice::command {
namespace {

std::string escaped(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  char code[8];
  std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
  return code;
}

bool needs_escape(char c) {
  return c == '"' || c == '\\' || (static_cast<unsigned char>(c) < 0x20);
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (needs_escape(c)) {
      json += escaped(c);
    } else {
      json += c;
    }
  }
  return json + "\"";
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  if (!members_.empty()) members_ += ",";
  members_ += json_text(name);
  members_ += ":";
  members_ += json;
  return *this;
}

JsonList& JsonList::raw(std::string_view json) {
  if (!elements_.empty()) elements_ += ",";
  elements_ += json;
  return *this;
}

}  // namespace coppice::command
