#include "client/command/compile_schema.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include <capnp/serialize.h>

#include "schema/compiled_tree.h"
#include "schema/compiler_request.h"

extern char** environ;

namespace coppice::command {
namespace {

Error failed(std::string text) { return error(Errc::bad_request, std::move(text)); }

// Runs a program to its end; what it writes to standard output. Errors: bad_request.
Result<std::string> output_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<int, 2> ends;
  if (pipe(ends.data()) != 0) return failed("No pipe could be made.");
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&files, ends[0]);
  pid_t child = 0;
  const int spawned =
      posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  std::string output;
  std::array<char, 65536> buffer;
  for (ssize_t count; (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  if (spawned != 0) {
    return failed("'" + command[0] + "' cannot be started: " + std::strerror(spawned) +
                  ". Install Cap'n Proto's compiler.");
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) return failed("'" + command[0] + "' found mistakes, see above.");
  return output;
}

// The trees of one file, out of the compiler's request.
Result<std::vector<TreeInfoPtr>> trees_of(std::span<const capnp::word> words) {
  capnp::FlatArrayMessageReader message(
      kj::arrayPtr(words.data(), words.size()),
      {.traversalLimitInWords = ~std::uint64_t{0} >> 8, .nestingLimit = 128});
  const CompilerRequest request(message.getRoot<capnp::schema::CodeGeneratorRequest>());
  std::vector<TreeInfoPtr> trees;
  for (const auto& [id, node] : request.nodes()) {
    const auto file = request.file_of(node);
    const bool requested =
        file && file->getId() == request.message().getRequestedFiles()[0].getId();
    if (!requested || !tree_annotation(node)) continue;
    auto tree = TreeInfo::parse(compiled_tree(request, node));
    if (!tree) return tree.error();
    trees.push_back(*tree);
  }
  return trees;
}

}  // namespace

Result<std::vector<TreeInfoPtr>> compile_schema(const std::filesystem::path& file,
                                                const std::vector<std::string>& imports) {
  if (!std::filesystem::exists(file)) return failed("There is no file " + file.string() + ".");
  std::vector<std::string> command = {"capnp", "compile", "-o-"};
  for (const std::string& folder : imports) command.push_back("-I" + folder);
  for (const char* folder : {COPPICE_IMPORTS, COPPICE_CAPNP_IMPORTS}) {
    command.push_back("-I" + std::string(folder));
  }
  command.push_back(file.string());
  const auto output = output_of(command);
  if (!output) return output.error();
  std::vector<capnp::word> words(output->size() / sizeof(capnp::word));
  std::memcpy(static_cast<void*>(words.data()), output->data(), words.size() * sizeof(capnp::word));
  try {
    auto trees = trees_of(words);
    if (trees && trees->empty()) {
      return failed(file.string() + " declares no tree: no struct in it has $Coppice.tree.");
    }
    return trees;
  } catch (const kj::Exception& e) {
    return failed("'capnp' said what cannot be read: " + std::string(e.getDescription().cStr()));
  }
}

}  // namespace coppice::command
