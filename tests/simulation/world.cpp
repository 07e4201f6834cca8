#include "tests/simulation/world.h"

#include <stdlib.h>

#include <system_error>

namespace coppice::simulation {
namespace {

// Any time will do; this one is in 2023.
constexpr std::int64_t kStart = 1'700'000'000'000'000;

std::filesystem::path make_folder() {
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string name = (parent / "coppice-simulation-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(),
                            "Cannot make a folder in " + parent.string());
  }
  return name;
}

}  // namespace

TemporaryFolder::TemporaryFolder() : path_(make_folder()) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // a folder that stays is no reason to end a test
  std::filesystem::remove_all(path_, ignored);
}

bool CrashPoint::survives_send() {
  if (reached_) return false;
  if (sends_left_ < 0 || sends_left_-- > 0) return true;
  std::filesystem::copy_file(folder_ / "data.mdb", folder_ / "crash.mdb",
                             std::filesystem::copy_options::overwrite_existing);
  reached_ = true;
  return false;
}

void CrashPoint::restore() {
  if (reached_) std::filesystem::rename(folder_ / "crash.mdb", folder_ / "data.mdb");
  reached_ = false;
  sends_left_ = -1;
}

World::World(std::uint64_t seed)
    : random(seed), now_us(kStart), network({}, [this](std::size_t count) {
        return in_order ? 0 : static_cast<std::size_t>(random() % count);
      }) {}

}  // namespace coppice::simulation
