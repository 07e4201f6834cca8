#pragma once

namespace CLI {
class App;
}

namespace coppice::command {

struct CommandLine;

// Adds the verbs of borrowing_verbs.h. `line` outlives the app, and gets the verb that was chosen.
void add_borrowing_verbs(CLI::App& app, CommandLine& line);

}  // namespace coppice::command
