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

int fail(const std::string& sentence, int code) {
  std::cout.flush();
  std::cerr << "coppice: " << sentence << '\n';
  return code;
}

int code_of(const Done&) { return 0; }
int code_of(const CheckedSchemas& checked) { return static_cast<int>(checked.verdict); }

// What a verb that did not work returns.
int failure_code(const CommandLine& line) {
  return std::holds_alternative<SchemaCheckVerb>(line.verb) ? kExitNotChecked : kExitFailed;
}

int run_verb(const CommandLine& line) {
  const auto run_one = [&](const auto& verb) {
    const auto done = run(line.place, verb);
    return done ? code_of(*done) : fail(done.error().message, failure_code(line));
  };
  try {
    const int code = std::visit(run_one, line.verb);
    std::cout.flush();
    return std::cout ? code : fail("The output could not be written.", failure_code(line));
  } catch (const std::exception& error) {
    return fail(error.what(), failure_code(line));
  }
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
    return fail(error.what(), kExitFailed);
  }
}
