#pragma once

// What the clients of a simulation did, as their users know it: the list that every check compares
// the world with.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/stock.h"

namespace coppice::simulation {

// What became of a transaction, as far as somebody has been told: the authority said so, or its
// store shows it.
enum class Fate { open, applied, refused };

// A transaction that a client's write() returned for.
struct Deed {
  std::string client;
  std::vector<AnyKey> touched;  // records created or checked in; each carries the deed's mark
  std::vector<AnyKey> edited;   // records edited and not checked in
  std::vector<AnyKey> handed;   // records checked in as they were: what they carried comes along
  bool sent = false;            // it made an operation; false: local edits only
  Fate fate = Fate::open;
  bool discarded = false;  // refused, and thrown out of the drawer by its user
};

class Ledger {
 public:
  using Deeds = std::map<std::uint64_t, Deed>;

  std::uint64_t next_number() { return ++last_; }
  void enter(std::uint64_t number, Deed deed) { deeds_[number] = std::move(deed); }
  const Deed* find(std::uint64_t number) const;
  const Deeds& deeds() const { return deeds_; }

  // Throws a Violation for a deed that has the other fate already, or that nobody did.
  void applied(std::uint64_t number);
  void refused(std::uint64_t number);
  void discarded(std::uint64_t number);

  // Somebody has tried to remove the record: it need not be seen any more.
  void may_vanish(AnyKey record) { vanishing_.insert(record.record()); }
  bool vanishes(AnyKey record) const { return vanishing_.contains(record.record()); }

 private:
  Deed& known(std::uint64_t number);
  void settle(std::uint64_t number, Fate fate);

  std::uint64_t last_ = 0;
  Deeds deeds_;
  std::set<AnyKey> vanishing_;
};

// A transaction's comment is its number, so that it is recognised on the wire and in the drawer:
// "t12".
std::string comment_of(std::uint64_t number);
// 0: not such a comment.
std::uint64_t number_of(std::string_view comment);

}  // namespace coppice::simulation
