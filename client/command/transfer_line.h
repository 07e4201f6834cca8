#pragma once

namespace CLI {
class App;
}

namespace coppice::command {

struct CommandLine;

// Adds the verbs that end and move borrows, as add_borrowing_verbs() does.
void add_transfer_verbs(CLI::App& app, CommandLine& line);

}  // namespace coppice::command
