#pragma once

#include <cstdint>
#include <map>

#include "tests/simulation/index_check.h"
#include "tests/simulation/machine.h"

namespace coppice::simulation {

// What must hold of one replica at any moment, seen through the public interface only: X3, X6, X11,
// X12, X13.
class ReplicaCheck {
 public:
  ReplicaCheck(const World& world, Machine& machine);
  // Throws a Violation.
  void run();
  // At the end, when the replica is live and nothing is under way: it equals the authority's store,
  // and every transaction's fate is known and is the one its user was told.
  void run_converged();

  struct Counts {
    std::uint64_t runs = 0;
    std::uint64_t records = 0;
    std::uint64_t compared = 0;  // with a version that the authority had
    std::uint64_t unseen = 0;    // versions of the authority that nobody looked at
    std::uint64_t local = 0;     // records with work of the replica's own
  };
  static Counts& counts();

 private:
  void look_at(const AnyRecord& record);
  bool is_given_back(const History::Version& version, RecordHeader header) const;
  void compare(AnyKey key, RecordView view);
  void check_missing();
  void check_wholeness();
  bool waits_for_answer(AnyKey record) const;
  void check_own_work();
  void check_own(std::uint64_t number, const Deed& deed);
  void check_unsaved();
  void check_index();
  bool has_work_in(AnyKey key) const;
  bool shows(AnyKey record, std::uint64_t number) const;
  std::string who() const;

  const World& world_;
  Machine& machine_;
  const Snapshot snapshot_;
  const Status status_;
  std::map<AnyKey, std::set<std::uint64_t>> marks_;  // by record: what it shows
  std::map<std::uint64_t, std::size_t> shown_;       // transaction -> touched records that show it
  std::map<AnyKey, std::uint64_t> sequences_;        // by key: what the replica has
  std::set<AnyKey> edited_;                          // by key: with edits that are not handed in
  std::set<std::uint64_t> drawer_;                   // transactions in the drawer
  std::map<AnyKey, std::set<std::uint64_t>> drawer_marks_;  // by record: what lies in the drawer
  std::uint64_t index_entries_ = 0;
  IndexCheck indexes_;
};

}  // namespace coppice::simulation
