#pragma once

#include <array>
#include <random>

#include "tests/simulation/action.h"

namespace coppice::simulation {

// Chooses what happens next, from its seed and from what it sees of the cluster.
//
// Swarm: each seed switches some kinds of action off and draws the weights of the others, so that
// schedules differ in character: some have no crash, some have hardly anything else.
class Driver {
 public:
  explicit Driver(std::uint64_t seed);

  // How many machines the schedule has, 2 to 5, and whether two of them have one user.
  int machines() const { return machines_; }
  bool shared_user() const { return shared_user_; }
  Action next(const Cluster& cluster);

 private:
  enum class Writing {
    create,
    create_kept,
    edit,
    check_in,
    check_in_kept,
    hand_in,
    mixed,
    next_revision,
    release,
    remove,
    set_state,
  };
  static constexpr int kWritings = static_cast<int>(Writing::set_state) + 1;

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  template <std::size_t N>
  int weighted(const std::array<int, N>& weights);

  std::optional<Action> repair(const Cluster& cluster);
  Action deliver();
  Work work(const Cluster& cluster, int machine);
  Names fresh_names();
  // Some records, mostly young ones, so that machines meet at the same.
  Names some_records(const Cluster& cluster, std::uint64_t most);
  Names some_held(const Cluster& cluster, int machine, std::uint64_t most);
  Names some_of(const Names& names, std::uint64_t most);

  std::mt19937_64 random_;
  int machines_;
  bool shared_user_;
  int calm_;  // per cent of the actions that only let the world go on
  bool crashes_;
  bool cuts_;
  std::array<int, Action::kKinds> kinds_{};
  std::array<int, kWritings> writings_{};
  int last_name_ = 0;
};

}  // namespace coppice::simulation
