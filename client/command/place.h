#pragma once

#include <filesystem>

namespace coppice::command {

enum class Chatter {
  usual,
  quiet,  // no progress and no summaries: only what was asked for, and errors
};

// How a verb prints what it found.
enum class Form { people, json };

// What holds for every verb: which replica, and how much is said about it.
struct Place {
  std::filesystem::path replica = ".";
  Chatter chatter = Chatter::usual;
  std::filesystem::path token_file = {};  // empty: none was named
};

}  // namespace coppice::command
