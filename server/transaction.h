#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "schema/lifecycle.h"
#include "server/audit.h"
#include "server/ledger.h"
#include "server/overlay.h"
#include "server/reference_check.h"
#include "server/types.h"

namespace coppice::server {

// A transaction of any actions: judged against an overlay with every reason, then written if there
// is none (rules C1, C2).
//
// What a borrow lets its holder do is in BORROWING.md's tables; lifecycle steps are the tree's.
class Transaction {
 public:
  Transaction(Ledger& ledger, const Asker& asker)
      : ledger_(ledger), asker_(asker), overlay_(ledger), references_(ledger, overlay_) {}

  // Judges all actions, without writing. Throws kj's exceptions.
  void judge(protocol::Transaction::Reader transaction);
  const Refusals& refusals() const { return refusals_; }
  // REQUIRES: no refusals.
  Accepted apply();
  // What the actions were about, for the audit. Valid after judge().
  std::vector<AuditItem> take_items() { return std::move(items_); }

 private:
  using Action = protocol::Action::Reader;
  using Record = Overlay::Record;
  using Revision = Overlay::Revision;

  void judge(Action action);
  void act(Action action, Record& record);
  void note(Action action, const Record& record);
  void judge_unique_values(protocol::Transaction::Reader transaction);
  void create(Action action, Record& record);
  void check_in(Action action, Record& record);
  void release(Action action, Record& record);
  void next_revision(Action action, Record& record);
  void set_state(Action action, Record& record);
  void remove(Action action, Record& record);

  // Each says whether all is well, and adds reasons where it is not.
  bool permitted(Action action, const Record& record);
  bool exists(const Record& record);
  bool held(Action action, const Record& record);
  bool is_draft(Action action, const Record& record);
  bool based_on_head(Action action, const Record& record);
  bool commented(const Record& record);
  bool versioned(const Record& record);

  // transaction_lifecycle.cpp. Whether the state may go from one to the other; says why not.
  bool may_go(Action action, const Record& record, std::uint16_t from, std::uint16_t to,
              Lifecycle::Mover mover);
  bool may_override(const Record& record, std::uint16_t to, Lifecycle::Mover mover);
  void judge_old_references(const Record& record);
  // A state for people.
  static std::string said(const Record& record, std::uint16_t state);

  // What the next revision starts from: the head, or what was released before a draft that was
  // removed. Null: there is a draft.
  Revision* released_head(const Record& record);
  Revision* released_before(const Record& record, Revision& revision);
  void move_superseded(const Record& record, Revision& released);

  void refuse(Error error) { refusals_.push_back({std::move(error), index_}); }
  Error about(const Record& record, Errc code, const std::string& what) const;
  // A borrow that somebody else has ended: by whom, when and why.
  Error about_ending(const Record& record, const Ending& ending) const;

  Ledger& ledger_;
  const Asker asker_;
  Overlay overlay_;
  ReferenceCheck references_;
  std::string comment_;
  std::uint32_t index_ = 0;
  // The key of the action being judged, for texts.
  AnyKey key_;
  std::uint64_t grants_ = 0;
  // The action being judged goes a step that is not declared.
  bool overridden_ = false;
  std::vector<std::vector<std::uint64_t>> copied_;
  std::vector<AuditItem> items_;
  Refusals refusals_;
};

}  // namespace coppice::server
