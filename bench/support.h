#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coppice::bench {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// What every benchmark can be told. Unchanged defaults are the measurement that README quotes.
struct Arguments {
  std::uint64_t records = 0;
  int runs = 5;
  std::filesystem::path folder;  // scratch space on a real disk
  std::filesystem::path server;
};

// What a program measures, and how much of it.
struct Program {
  std::string about;  // for --help
  std::uint64_t records = 0;
  std::uint64_t records_quick = 0;
  int runs = 5;
};

// Runs a benchmark: reads the arguments, prints the head of the table, and reports what `body`
// throws. Returns main()'s code: 0, 1 after a failure, 2 for arguments that make no sense. A goal
// that is missed is printed and is no failure.
int run_benchmark(int argc, char** argv, const Program& program, void (*body)(const Arguments&));

// A folder that goes away with this object. Throws where `parent` is in memory, unless that is what
// is wanted: a wait for the disk costs nothing there.
class WorkFolder {
 public:
  enum class Wanted { on_disk, anywhere };
  explicit WorkFolder(const std::filesystem::path& parent, Wanted wanted = Wanted::on_disk);
  WorkFolder(const WorkFolder&) = delete;
  ~WorkFolder();

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The one in the middle; of an even number, the mean of both. REQUIRES: not empty.
double median(std::vector<double> values);
// The value that so many of 100 are not above. REQUIRES: not empty; 0 < percent <= 100.
double percentile(std::vector<double> values, double percent);

// What a value or a ratio has to be.
struct Goal {
  enum class Kind { at_least, at_most };
  Kind kind = Kind::at_least;
  double value = 0;
};

struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> ratio_to_raw = std::nullopt;
  std::optional<Goal> goal = std::nullopt;
  std::optional<Goal> ratio_goal = std::nullopt;
};
// One line: name, value, unit, ratio, goals and whether they were reached.
void print(const Row& row);
// A line that is no row of the table.
void remark(const std::string& text);

// How long `work` takes.
template <typename F>
double seconds_of(F&& work) {
  const auto begin = Clock::now();
  work();
  return Seconds(Clock::now() - begin).count();
}

// Keeps the compiler from dropping what computes `value`.
template <typename T>
void use(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace coppice::bench
