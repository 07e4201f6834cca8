#include "coppice/migration_main.h"

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "server/migrate.h"

namespace coppice {
namespace {

using server::MigrationReport;
using server::MigrationRun;
using server::TreeReport;

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void print(const TreeReport& tree) {
  if (tree.after == tree.before) {
    std::printf("%s: nothing to do, its schema is compatible with version %u\n", tree.tree.c_str(),
                tree.before);
    return;
  }
  std::printf("%s: from version %u to version %u\n", tree.tree.c_str(), tree.before, tree.after);
  std::printf("  %llu records are rewritten, %llu released revisions keep their bytes\n",
              static_cast<unsigned long long>(tree.rewritten),
              static_cast<unsigned long long>(tree.kept));
  for (const TreeReport::Example& example : tree.examples) {
    std::printf("  %s\n    before %s\n    after  %s\n",
                format_key(tree.tree, example.key.word).c_str(), example.before.c_str(),
                example.after.c_str());
  }
  for (const Error& failure : tree.failures) std::printf("  %s\n", failure.message.c_str());
  if (tree.failed > tree.failures.size()) {
    std::printf("  and %llu more\n",
                static_cast<unsigned long long>(tree.failed - tree.failures.size()));
  }
}

int conclude(const MigrationReport& report, MigrationRun run) {
  for (const TreeReport& tree : report.trees) print(tree);
  if (report.failed() > 0) {
    std::printf("%llu records cannot be migrated. Nothing was changed.\n",
                static_cast<unsigned long long>(report.failed()));
    return 1;
  }
  std::printf(run == MigrationRun::dry ? "A dry run: nothing was changed.\n" : "Done.\n");
  return 0;
}

int work(const std::string& folder, const std::vector<Migration>& migrations, MigrationRun run) {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  // To write means to make it where there is none.
  { store::Database exists(folder, store::Role::authority, options); }
  if (run == MigrationRun::real) options.access = store::Environment::Access::read_write;
  store::Database database(folder, store::Role::authority, options);
  const auto report = server::migrate(database, migrations, run, now_us());
  if (report) return conclude(*report, run);
  std::fprintf(stderr, "%s\n", report.error().message.c_str());
  return 1;
}

}  // namespace

int migration_main(int argc, char** argv, std::vector<Migration> migrations) {
  std::string folder;
  bool dry = false;
  CLI::App app(
      "Migrates the database of a coppice-server, all of it or nothing. Stop the server first, "
      "and\n"
      "make a copy of its folder.");
  app.add_option("FOLDER", folder, "What the server gets as --data")->required();
  app.add_flag("--dry-run", dry, "Only report; the server may run");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "%s. See --help.\n", e.what());
    return 2;
  }
  try {
    return work(folder, migrations, dry ? MigrationRun::dry : MigrationRun::real);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

}  // namespace coppice
