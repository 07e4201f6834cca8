#include "bench/support.h"

#include <stdlib.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <CLI/CLI.hpp>

namespace coppice::bench {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
// linux/magic.h, which is not in every build environment.
constexpr long kTmpfsMagic = 0x01021994;
constexpr long kRamfsMagic = 0x858458f6;

std::filesystem::path server_beside_this() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "coppice-server";
}

std::string number_text(double value) {
  char text[64];
  const bool small = std::abs(value) < 100;
  std::snprintf(text, sizeof text, small ? "%.2f" : "%.0f", value);
  std::string digits = text;
  for (auto at = static_cast<int>(digits.size()) - 3; !small && at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

bool is_reached(const Goal& goal, double value) {
  return goal.kind == Goal::Kind::at_least ? value >= goal.value : value <= goal.value;
}

std::string goal_text(const Goal& goal, double value) {
  const char* sign = goal.kind == Goal::Kind::at_least ? ">= " : "<= ";
  return sign + number_text(goal.value) + (is_reached(goal, value) ? " yes" : " NO");
}

void print_head() {
  std::printf("%-46s %14s %-10s %9s  %s\n", "what", "median", "unit", "raw ratio", "goal");
}

}  // namespace

int run_benchmark(int argc, char** argv, const Program& program, void (*body)(const Arguments&)) {
  CLI::App app(program.about);
  Arguments arguments;
  bool is_quick = false;
  arguments.folder = "/var/tmp";
  arguments.server = server_beside_this();
  app.add_flag("--quick", is_quick, "One run on less data: whether it works, not how fast it is");
  app.add_option("--records", arguments.records, "How many records")->check(CLI::PositiveNumber);
  app.add_option("--runs", arguments.runs, "How many runs the median is of")
      ->check(CLI::PositiveNumber)
      ->default_val(program.runs);
  app.add_option("--folder", arguments.folder, "Where scratch folders are made: on a real disk")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--server", arguments.server, "The program coppice-server")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (is_quick && app.count("--runs") == 0) arguments.runs = 1;
  if (arguments.records == 0)
    arguments.records = is_quick ? program.records_quick : program.records;
  try {
    print_head();
    body(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return kFailure;
  }
}

WorkFolder::WorkFolder(const std::filesystem::path& parent, Wanted wanted) {
  struct statfs status {};
  if (wanted == Wanted::on_disk && ::statfs(parent.c_str(), &status) == 0 &&
      (status.f_type == kTmpfsMagic || status.f_type == kRamfsMagic)) {
    throw std::runtime_error(parent.string() +
                             " is in memory. Name a folder on a disk with --folder.");
  }
  std::string name = (parent / "coppice-bench-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("Cannot make a folder in " + parent.string() + ".");
  path_ = name;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // what stays behind in a scratch folder is no failure of a measurement
  std::filesystem::remove_all(path_, ignored);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto rank =
      static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void print(const Row& row) {
  std::string goals;
  if (row.goal) goals = goal_text(*row.goal, row.value);
  if (row.ratio_goal && row.ratio_to_raw) {
    if (!goals.empty()) goals += ", ";
    goals += "ratio " + goal_text(*row.ratio_goal, *row.ratio_to_raw);
  }
  const std::string ratio = row.ratio_to_raw ? number_text(*row.ratio_to_raw) : "";
  std::printf("%-46s %14s %-10s %9s  %s\n", row.name.c_str(), number_text(row.value).c_str(),
              row.unit.c_str(), ratio.c_str(), goals.c_str());
  std::fflush(stdout);
}

void remark(const std::string& text) {
  std::printf("  %s\n", text.c_str());
  std::fflush(stdout);
}

}  // namespace coppice::bench
