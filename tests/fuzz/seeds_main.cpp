// Writes the seeds of a target into a folder, for libFuzzer to begin with.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/targets.h"

int main(int count, char** arguments) {
  const auto* target = count == 3 ? coppice::fuzz::find_target(arguments[1]) : nullptr;
  if (target == nullptr) {
    std::fprintf(stderr, "Usage: fuzz_seeds TARGET FOLDER. The targets:\n");
    for (const auto& one : coppice::fuzz::targets()) {
      std::fprintf(stderr, "  %-10s %s\n", std::string(one.name).c_str(),
                   std::string(one.about).c_str());
    }
    return 2;
  }
  const std::filesystem::path folder(arguments[2]);
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const std::string& seed : target->seeds())
    std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
  return 0;
}
