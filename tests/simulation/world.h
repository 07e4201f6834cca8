#pragma once

// What everybody in a simulation shares: the clock, the network, the one source of chance, and the
// checks' second opinion.

#include <cstdint>
#include <filesystem>
#include <random>

#include "server/options.h"
#include "tests/simulation/history.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/wire_tap.h"
#include "wire/loopback.h"

namespace coppice::simulation {

// A folder that is removed with its content at the end; in memory where the system has such a
// place.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A process may die at any instruction; what LMDB has committed by then is what it finds again. A
// crash point takes a copy of the data file when it is reached, and whatever the doomed process
// does from there to the end of its step is undone.
class CrashPoint {
 public:
  explicit CrashPoint(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The process will die when it sends for the nth time from now, n = 0, 1, 2 ...
  void arm(int sends) { sends_left_ = sends; }
  void disarm() { sends_left_ = -1; }
  // Called for each frame that the process sends. False: it is dead by now, and the frame is never
  // sent.
  bool survives_send();
  bool reached() const { return reached_; }
  // Puts the copy in place. REQUIRES: the process has closed its files.
  void restore();

 private:
  const std::filesystem::path folder_;
  int sends_left_ = -1;
  bool reached_ = false;
};

struct World {
  explicit World(std::uint64_t seed);

  std::mt19937_64 random;
  TemporaryFolder folder;
  std::int64_t now_us;
  Ledger ledger;
  History history{ledger};
  WireTap tap{ledger};
  // Lanes are chosen by `random`; `in_order` for a network without surprises.
  bool in_order = false;
  // Of servers that start from now on.
  server::Options server_options;
  wire::LoopbackNetwork network;
};

inline constexpr char kDatabaseName[] = "shop";

}  // namespace coppice::simulation
