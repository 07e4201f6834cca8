#pragma once

#include <utility>
#include <vector>

#include "server/ledger.h"
#include "server/overlay.h"
#include "server/types.h"

namespace coppice::server {

// The references of what a transaction releases, and to what it removes: judged by what all its
// actions leave behind together (R3, C9), so that a parent may come before its children.
class ReferenceCheck {
 public:
  ReferenceCheck(Ledger& ledger, Overlay& overlay) : ledger_(ledger), overlay_(overlay) {}

  // `action` released this revision.
  void released(Overlay::Revision& revision, std::uint32_t action) {
    released_.push_back({&revision, action});
  }
  // `action` removed it. `last`: the record has no released revision, so floating references to it
  // mean nothing any more.
  enum class Floating { still_mean_something, mean_nothing };
  void removed(Overlay::Revision& revision, Floating floating, std::uint32_t action) {
    removed_.push_back({&revision, floating, action});
  }

  // Adds every reason. What an action was refused for already is not said again of those that
  // depend on it.
  void judge(Refusals& refusals);
  // Enters what was released. REQUIRES: judge() found nothing, and everything is written.
  void enter();

 private:
  struct Released {
    Overlay::Revision* revision;
    std::uint32_t action;
  };
  struct Removed {
    Overlay::Revision* revision;
    Floating floating;
    std::uint32_t action;
  };

  void judge(const Released& released, Refusals& refusals);
  void judge(const TreeInfo& info, const Released& released, AnyKey to, Refusals& refusals);
  void judge(const Removed& removed, Refusals& refusals);
  // Nothing: it may be referred to. Else the end of a sentence.
  std::optional<std::string> objection(const TreeInfo& from, Ledger::Tree& tree, AnyKey to);

  Ledger& ledger_;
  Overlay& overlay_;
  std::vector<Released> released_;
  std::vector<Removed> removed_;
  // (to, from) of what is released here.
  std::vector<std::pair<AnyKey, AnyKey>> entries_;
};

}  // namespace coppice::server
