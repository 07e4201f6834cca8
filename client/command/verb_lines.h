#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/command/command_line.h"
#include "client/command/line_options.h"

// Pieces of the command line that verbs about borrowing share. For the units that know CLI11.
namespace coppice::command {

// A verb with a place of its own for what is parsed.
template <typename T>
T& add_verb(CLI::App& app, CommandLine& line, const std::string& name, const std::string& about,
            CLI::App*& verb) {
  verb = app.add_subcommand(name, about);
  auto parsed = std::make_shared<T>();
  verb->callback([&line, parsed] { line.verb = *parsed; });
  return *parsed;
}

inline void add_line(CLI::App& verb, Line& line) {
  add_server(verb, line.server, "Default: the server that the replica was connected to");
  add_patience(verb, line.patience);
}

inline void add_keys(CLI::App& verb, std::vector<std::string>& keys) {
  verb.add_option("KEY", keys, "Records, as \"parts:4711\"")->required();
}

template <typename Enum>
void add_choice(CLI::App& verb, const char* flag, Enum& choice, Enum chosen,
                const std::string& help) {
  verb.add_flag_function(
      flag, [&choice, chosen](std::int64_t) { choice = chosen; }, help);
}

}  // namespace coppice::command
