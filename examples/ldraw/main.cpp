// Tells what Coppice does, with a server, two replicas and a real parts library: seven steps, each
// of which checks itself.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "examples/ldraw/interrupt.h"
#include "examples/ldraw/stage.h"

namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr std::size_t kBadLinesShownMax = 10;

struct Arguments {
  std::string data;
  std::string server;
  std::string folder;
  std::uint16_t port = 0;
  std::size_t releases_max = SIZE_MAX;
  std::string on_bad_line = "stop";
};

// A folder for the run: the one given, which must be new or empty, or one that goes away with this
// object.
class RunFolder {
 public:
  explicit RunFolder(const std::string& given) : is_given_(!given.empty()) {
    if (is_given_) {
      path_ = given;
      fs::create_directories(path_);
      if (!fs::is_empty(path_)) {
        throw ldraw::StoryError("The folder " + given +
                                " is not empty: the story needs a fresh one.");
      }
      return;
    }
    std::string name = (fs::temp_directory_path() / "ldraw-story-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw ldraw::StoryError("No temporary folder " + name + " can be made.");
    path_ = name;
  }
  RunFolder(const RunFolder&) = delete;
  ~RunFolder() { remove(); }

  // Safe to call while others still work with what is inside; not their work is.
  void remove() noexcept {
    std::error_code ignored;
    if (!is_given_) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool is_given_;
};

// The program that was built beside this one.
std::string server_beside_this() {
  return (fs::read_symlink("/proc/self/exe").parent_path() / "coppice-server").string();
}

void describe(CLI::App& app, Arguments& arguments) {
  app.add_option("--data", arguments.data,
                 "Folder that holds ldraw/, the parts library's tables; without it, a small set of "
                 "the example's own")
      ->check(CLI::ExistingDirectory);
  app.add_option("--server", arguments.server,
                 "The program coppice-server; by default the one beside this program");
  app.add_option("--folder", arguments.folder,
                 "Fresh folder for the database and the replicas, which is kept; by default a "
                 "temporary one");
  app.add_option("--port", arguments.port, "Port for the server; 0: any that is free");
  app.add_option("--limit", arguments.releases_max, "Replay at most so many releases")
      ->check(CLI::PositiveNumber);
  app.add_option(
         "--on-bad-line", arguments.on_bad_line,
         "What to do about a broken line in a table: 'stop' imports nothing, 'skip' the rest")
      ->check(CLI::IsMember({"stop", "skip"}));
}

void show_bad_lines(const std::vector<ldraw::BadLine>& bad_lines) {
  for (std::size_t i = 0; i < bad_lines.size() && i < kBadLinesShownMax; ++i) {
    std::cerr << "ldraw_story: " << to_string(bad_lines[i]) << "\n";
  }
  if (bad_lines.size() > kBadLinesShownMax) {
    std::cerr << "ldraw_story: and " << bad_lines.size() - kBadLinesShownMax << " more\n";
  }
}

ldraw::Library load(const Arguments& arguments, ldraw::Report& report) {
  const ldraw::Stopwatch time;
  const fs::path folder = arguments.data.empty() ? fs::path(COPPICE_LDRAW_SMALL_SET)
                                                 : fs::path(arguments.data) / "ldraw";
  auto loaded = ldraw::load_library(folder);
  show_bad_lines(loaded.bad_lines);
  const auto bad = ldraw::counted(loaded.bad_lines.size(), "broken line");
  if (!loaded.bad_lines.empty() && arguments.on_bad_line == "stop") {
    throw ldraw::StoryError("The tables have " + bad +
                            ", so nothing was imported; --on-bad-line skip imports the rest.");
  }
  const ldraw::Library& library = loaded.library;
  if (library.parts.empty())
    throw ldraw::StoryError("There are no parts in " + folder.string() + ".");
  report.line("Read " + folder.string() + " in " + ldraw::duration(time.seconds()) + ": " +
              ldraw::counted(library.parts.size(), "part") + ", " +
              ldraw::counted(library.releases.size(), "release") + ", " +
              ldraw::counted(library.sets.size(), "set") + ".");
  if (!loaded.bad_lines.empty()) report.line("Left out: " + bad + ".");
  if (library.later_placements > 0) {
    report.line("Placements are imported for first revisions; " +
                ldraw::with_commas(library.later_placements) +
                " of later ones are left out, as the bills of materials count them.");
  }
  return std::move(loaded.library);
}

void tell(const Arguments& arguments) {
  const ldraw::Stopwatch time;
  ldraw::Report report;
  std::cout << "The story of a parts catalogue that works without a network" << std::endl;
  ldraw::Library library = load(arguments, report);

  RunFolder folder(arguments.folder);
  ldraw::ServerProcess server(
      {.program = arguments.server.empty() ? server_beside_this() : arguments.server,
       .data = folder.path() / "server",
       .log = folder.path() / "server.log",
       .database = "ldraw",
       .port = arguments.port});
  const ldraw::Interrupt interrupt([&] {
    server.end_now();
    folder.remove();
  });
  ldraw::Stage stage{.folder = folder.path(),
                     .library = std::move(library),
                     .releases_max = arguments.releases_max,
                     .server = server,
                     .report = report};
  start_server(stage);
  create_and_upload(stage);
  sync_second_replica(stage);
  run_release_train(stage);
  borrow_and_wait_in_line(stage);
  kill_server_during_upload(stage);
  ask_the_replica(stage);

  stage.workstation.reset();
  stage.bench.reset();
  const int code = server.stop();
  ldraw::require(code == 0, "The server ended with code " + std::to_string(code) + ".");
  report.blank();
  std::cout << "Done: everything above was checked, in " << ldraw::duration(time.seconds()) << "."
            << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Tells what Coppice does, with a server, two replicas and a parts library.",
               "ldraw_story");
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  try {
    tell(arguments);
    return 0;
  } catch (const std::exception& error) {
    // All kinds end here: a table, the disk, a refusal, or a check of the story that failed.
    std::cerr << "ldraw_story: " << error.what() << std::endl;
    return 1;
  }
}
