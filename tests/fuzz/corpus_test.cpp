// What the fuzzers found once, and what they begin with, through every target.

#include <filesystem>
#include <fstream>
#include <iterator>

#include "test_places.h"
#include "tests/fuzz/targets.h"
#include "tests/support/catch.h"

namespace coppice::fuzz {
namespace {

std::vector<std::string> corpus(std::string_view target) {
  std::vector<std::string> inputs;
  const auto folder = std::filesystem::path(COPPICE_SOURCE_DIR) / "tests/fuzz/corpus" / target;
  if (!std::filesystem::exists(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void run_all(const Target& target, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) target.run(std::as_bytes(std::span(input)));
}

// Cut off, and with each of some bytes changed.
std::vector<std::string> spoiled(const std::string& seed) {
  std::vector<std::string> inputs{{}, seed.substr(0, seed.size() / 2)};
  const std::size_t step = seed.size() / 64 + 1;
  for (std::size_t at = 0; at < seed.size(); at += step) {
    std::string input = seed;
    input[at] = static_cast<char>(input[at] ^ (1 << at % 8));
    inputs.push_back(input);
  }
  return inputs;
}

TEST_CASE("no target dies of what was thrown at it before", "[fuzz]") {
  for (const Target& target : targets()) {
    INFO(target.name);
    const auto seeds = target.seeds();
    CHECK_FALSE(seeds.empty());
    run_all(target, seeds);
    run_all(target, corpus(target.name));
    for (const std::string& seed : seeds) run_all(target, spoiled(seed));
  }
}

}  // namespace
}  // namespace coppice::fuzz
