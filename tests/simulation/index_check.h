#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/simulation/stock.h"

namespace coppice::simulation {

// X13 for declared indexes: what they answer in one snapshot is what its records say. Told each
// record first, then asks for all of them.
class IndexCheck {
 public:
  explicit IndexCheck(const Snapshot& snapshot) : snapshot_(snapshot) {}

  void look_at(const AnyRecord& record);
  // Empty, or what is wrong.
  std::string run() const;
  // Empty, or a value of a unique field that two of the authority's records have. REQUIRES: the
  // replica has no work of its own.
  std::string find_shared_value() const;

 private:
  using Keys = std::set<AnyKey>;

  void expect(AnyKey key, stock::Part::Reader part);
  void expect(AnyKey key, stock::Company::Reader company);
  void expect(AnyKey key, stock::Movement::Reader movement);

  const Snapshot& snapshot_;
  std::map<std::string, Keys> numbers_;
  std::map<std::uint32_t, Keys> serials_;
  std::map<std::string, Keys> notes_;
  std::map<std::string, Keys> names_;  // by their first words
  std::map<AnyKey, Keys> users_;
  std::size_t parts_ = 0;
};

}  // namespace coppice::simulation
