#include "coppice/migration_main.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "server/moves.h"

namespace coppice {
namespace {

using server::MigrationRun;
using server::MoveReport;
using server::MovesReport;
using server::TreeReport;

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A signal handler can reach nothing but a global.
volatile std::sig_atomic_t interrupted = 0;

void note(int) { interrupted = 1; }

// Ctrl-C ends the work where it can be undone. A second one ends the process, which changes nothing
// either: only a commit does.
void look_out_for_interrupts() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

// A line that is written over and over, for a person who waits.
class Watch {
 public:
  ~Watch() {
    if (shown_) std::fprintf(stderr, "\r\x1b[K");
  }
  bool show(const server::MigrationProgress& progress) {
    if (is_terminal_) {
      std::fprintf(stderr, "\r\x1b[K%.*s: %llu of %llu records",
                   static_cast<int>(progress.tree.size()), progress.tree.data(),
                   static_cast<unsigned long long>(progress.done),
                   static_cast<unsigned long long>(progress.total));
      shown_ = true;
    }
    return interrupted == 0;
  }

 private:
  const bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

void print_summary(const TreeReport& tree) {
  if (tree.after == tree.before) {
    std::printf("%s: nothing to do, version %u is what this program needs\n", tree.tree.c_str(),
                tree.before);
    return;
  }
  std::printf("%s: from version %u to version %u\n", tree.tree.c_str(), tree.before, tree.after);
  if (tree.begins_generation) {
    std::printf("  %llu records to rewrite, %llu released revisions that keep their bytes\n",
                static_cast<unsigned long long>(tree.rewritten),
                static_cast<unsigned long long>(tree.kept));
  } else {
    std::printf("  the schema is compatible, and records stay as they are\n");
  }
}

void print(const std::string& tree, const std::vector<TreeReport::Example>& examples) {
  for (const TreeReport::Example& example : examples) {
    std::printf("  %s\n    before %s\n    after  %s\n", format_key(tree, example.key.word).c_str(),
                example.before.c_str(), example.after.c_str());
  }
}

void print(const std::vector<Error>& failures, std::uint64_t failed) {
  for (const Error& failure : failures) std::printf("  %s\n", failure.message.c_str());
  if (failed > failures.size())
    std::printf("  and %llu more\n", static_cast<unsigned long long>(failed - failures.size()));
}

void print(const TreeReport& tree) {
  print_summary(tree);
  print(tree.tree, tree.examples);
  print(tree.failures, tree.failed);
}

void print(const MoveReport& move) {
  std::printf("%s to %s%s: %llu records move, %llu stay\n", move.from.c_str(),
              move.makes_tree ? "the new tree " : "", move.into.c_str(),
              static_cast<unsigned long long>(move.moved),
              static_cast<unsigned long long>(move.stayed));
  if (move.kept > 0) {
    std::printf("  %llu more have a released revision, and cannot leave their tree\n",
                static_cast<unsigned long long>(move.kept));
  }
  print(move.from, move.examples);
  print(move.failures, move.failed);
}

void print(const server::LeftReferences& left) {
  std::printf(
      "%s: %llu fixed and %llu floating references name a moved record where it was, and lead to\n"
      "  nothing. Migrate that tree too, to a schema whose Ref names the other tree.\n",
      left.tree.c_str(), static_cast<unsigned long long>(left.fixed),
      static_cast<unsigned long long>(left.floating));
}

int conclude(const MovesReport& report, MigrationRun run) {
  for (const TreeReport& tree : report.migrations.trees) print(tree);
  for (const MoveReport& move : report.moves) print(move);
  for (const server::LeftReferences& left : report.references) print(left);
  if (report.failed() > 0) {
    std::printf("Not migrated, for %llu reasons. Nothing was changed.\n",
                static_cast<unsigned long long>(report.failed()));
    return 1;
  }
  std::printf(run == MigrationRun::dry ? "A dry run: nothing was changed.\n" : "Done.\n");
  return 0;
}

int work(const std::string& folder, const std::vector<Migration>& migrations,
         const std::vector<TreeMove>& moves, MigrationRun run) {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  // To write means to make it where there is none.
  { store::Database exists(folder, store::Role::authority, options); }
  if (run == MigrationRun::real) options.access = store::Environment::Access::read_write;
  store::Database database(folder, store::Role::authority, options);
  look_out_for_interrupts();
  const auto report = [&] {
    Watch watch;
    return server::migrate_and_move(database, migrations, moves, run, now_us(),
                                    [&](const auto& progress) { return watch.show(progress); });
  }();
  if (report) return conclude(*report, run);
  std::fprintf(stderr, "%s\n", report.error().message.c_str());
  return 1;
}

}  // namespace

int migration_main(int argc, char** argv, std::vector<Migration> migrations,
                   std::vector<TreeMove> moves) {
  std::string folder;
  bool dry = false;
  CLI::App app(
      "Migrates the database of a coppice-server to the schema of this program, all of it or\n"
      "nothing. First try it with --dry-run. Then stop the server, make a copy of its folder, and\n"
      "run it. Ctrl-C stops it, and nothing is changed.\n\n"
      "Exit code: 0 done, or would be; 1 refused, failed or stopped, and nothing was changed;\n"
      "2 wrong usage.");
  app.add_option("FOLDER", folder, "What the server gets as --data")->required();
  app.add_flag("--dry-run", dry, "Only report what would be done; the server may run");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "%s. See --help.\n", e.what());
    return 2;
  }
  if (migrations.empty() && moves.empty()) {
    std::fprintf(stderr, "This program was built without a migration.\n");
    return 2;
  }
  try {
    return work(folder, migrations, moves, dry ? MigrationRun::dry : MigrationRun::real);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

}  // namespace coppice
