#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "client/transaction_state.h"

namespace coppice::client {

// Makes floating references of what a transaction releases name one revision each: what the
// transaction releases itself, or else what they mean now (R3). The authority checks it; here it is
// told at once what would be refused.
class ReleasePins {
 public:
  // `works` is that transaction's; both must outlive this.
  ReleasePins(const Snapshot& before, const std::vector<Work>& works);

  // Pins the references of one of them, in its body. Adds every reason why it cannot be released.
  // Returns whether its body was changed.
  bool pin(Work& released, std::vector<Error>& reasons) const;

 private:
  struct Target {
    KeyWord key;
    bool released = false;
  };
  // Nothing: there is no such record.
  std::optional<Target> target(const TreeInfo& tree, AnyKey to) const;

  const Snapshot& before_;
  // By record: the newest revision that the transaction works on.
  std::unordered_map<AnyKey, Target> here_;
};

}  // namespace coppice::client
