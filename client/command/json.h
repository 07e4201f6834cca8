#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace coppice::command {

// A text as a JSON string, quotes included.
std::string json_text(std::string_view text);

// Puts a JSON object together, on one line: `JsonObject().text("key", key).number("state",
// 100).str()`.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) {
    return raw(name, json_text(value));
  }
  JsonObject& number(std::string_view name, std::integral auto value) {
    return raw(name, std::to_string(value));
  }
  JsonObject& truth(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  // REQUIRES: `json` is JSON.
  JsonObject& raw(std::string_view name, std::string_view json);

  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// The same for a list.
class JsonList {
 public:
  // REQUIRES: `json` is JSON.
  JsonList& raw(std::string_view json);
  JsonList& text(std::string_view value) { return raw(json_text(value)); }

  std::string str() const { return "[" + elements_ + "]"; }

 private:
  std::string elements_;
};

}  // namespace coppice::command
