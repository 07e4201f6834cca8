// The `coppice` command. This is the root of its only task: every failure ends here as one sentence
// and an exit code.

#include <exception>
#include <iostream>
#include <string>
#include <variant>

#include "client/command/command_line.h"
#include "client/command/verbs.h"
#include "coppice/client.h"

namespace coppice::command {
namespace {

int fail(const std::string& sentence) {
  std::cout.flush();
  std::cerr << "coppice: " << sentence << '\n';
  return 1;
}

int run_verb(const CommandLine& line) {
  const Result<Done> done =
      std::visit([&](const auto& verb) { return run(line.place, verb); }, line.verb);
  if (!done) return fail(done.error().message);
  std::cout.flush();
  if (!std::cout) return fail("The output could not be written.");
  return 0;
}

}  // namespace
}  // namespace coppice::command

int main(int argc, char** argv) {
  using namespace coppice::command;
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const Exit* exit = std::get_if<Exit>(&parsed)) return exit->code;
    return run_verb(std::get<CommandLine>(parsed));
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
