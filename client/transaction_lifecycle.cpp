// The part of TransactionState that releases, and moves lifecycle states.
#include <algorithm>
#include <set>

#include "client/handed_in.h"
#include "client/release_pins.h"
#include "client/transaction_state.h"
#include "schema/catalogue.h"
#include "schema/references.h"

namespace coppice::client {

void TransactionState::release(AnyKey key, std::string_view text, std::uint16_t state) {
  if (!text.empty()) comment(text);
  if (!on_line_) {
    return refuse(Errc::offline, key,
                  "can be released only on line. Connect first; the draft stays as it is.");
  }
  Work* target = changeable_work(key, "it is so already.");
  if (!target) return;
  if (!before_->catalogue().find(key.tree)->versioned()) {
    return refuse(Errc::not_versioned, key, "belongs to a tree without revisions.");
  }
  if (target->edited) {
    return refuse(Errc::pending_changes, key,
                  "has changes that are not checked in. Check in or undo them first.");
  }
  // The authority sees both actions, in order: what hands the body in keeps the borrow for this.
  if (target->handed_in_by) set_borrowing(*target, Borrowing::kept);
  target->releasing = true;
  add_action({.kind = ActionKind::RELEASE,
              .key = target->key,
              .token = target->header.token,
              .state_to = state});
  // The release ends the borrow: nothing may be built on it while the answer is on its way.
  target->header.token = 0;
  target->header.borrower = 0;
  target->changed = true;
}

// -------- lifecycle states

void TransactionState::set_state(AnyKey key, std::uint16_t from, std::uint16_t to,
                                 std::string_view text, Steps steps) {
  if (!text.empty()) comment(text);
  const Work* known = work(key);
  bool released = known && (known->header.released() || known->releasing);
  if (!known) {
    auto record = before_->get(key);
    if (!record) return refuse(Errc::unknown_record, key, "is not a record of this replica.");
    key = record->key;
    released = record->header().released();
  }
  const Lifecycle& lifecycle = before_->catalogue().find(key.tree)->lifecycle();
  const auto mover =
      released ? Lifecycle::Mover::set_state_of_released : Lifecycle::Mover::set_state_of_draft;
  const auto step = lifecycle.step(from, to, mover);
  const auto possible = lifecycle.overriding(to, mover);
  if (!step && (steps == Steps::declared || !possible)) {
    return refuse(Errc::no_transition, key,
                  (steps == Steps::any ? possible.error() : step.error()).message + ".");
  }
  add_action({.kind = ActionKind::SET_STATE,
              .key = key,
              .state_from = from,
              .state_to = to,
              .steps = steps});
}

void TransactionState::set_state(AnyKey key, std::string_view from, std::string_view to,
                                 std::string_view text, Steps steps) {
  const auto tree = before_->catalogue().find(key.tree);
  if (!tree) return refuse(Errc::unknown_record, key, "is not a record of this replica.");
  const auto first = tree->lifecycle().parse(from), second = tree->lifecycle().parse(to);
  for (const auto* parsed : {&first, &second}) {
    if (!*parsed) reasons_.push_back(parsed->error());
  }
  if (first && second) set_state(key, *first, *second, text, steps);
}

// -------- references of what is released

void TransactionState::pin_references() {
  if (std::ranges::none_of(works_, &Work::releasing)) return;
  ReleasePins pins(*before_, works_);
  std::vector<AnyKey> pinned;
  for (Work& work : works_) {
    if (!work.releasing) continue;
    // Its action hands the body in as it is at the end.
    if (pins.pin(work, reasons_) && !work.handed_in_by) pinned.push_back(work.key);
  }
  if (!pinned.empty()) check_in_pinned(pinned);
}

// A draft that was handed in before is handed in again, pinned, before it is released.
void TransactionState::check_in_pinned(const std::vector<AnyKey>& pinned) {
  const std::set<AnyKey> wanted(pinned.begin(), pinned.end());
  std::vector<PlannedAction> actions;
  actions.reserve(actions_.size() + pinned.size());
  for (PlannedAction& action : actions_) {
    if (action.kind == ActionKind::RELEASE && wanted.contains(action.key)) {
      actions.push_back({.kind = ActionKind::CHECK_IN,
                         .key = action.key,
                         .borrowing = Borrowing::kept,
                         .token = action.token,
                         .pins = true});
    }
    actions.push_back(std::move(action));
  }
  actions_ = std::move(actions);
}

// R8, F33: new references to what is obsolete. Where their tree refuses them, the authority would.
void TransactionState::look_for_obsolete() {
  const auto& trees = before_->catalogue().trees();
  const bool any = std::ranges::any_of(trees, [](const auto& tree) {
    return std::ranges::any_of(tree.second->lifecycle().states(), &Lifecycle::State::obsolete);
  });
  if (!any) return;
  for (const Work& work : works_) {
    if (work.handed_in_by || work.releasing) look_for_obsolete(work);
  }
}

void TransactionState::look_for_obsolete(const Work& work) {
  const TreeInfoPtr info = before_->catalogue().find(work.key.tree);
  const auto found = references_in(*info, work.body);
  if (found.empty()) return;
  std::set<AnyKey> judged;
  if (!work.releasing && !work.is_new) {
    const auto txn = replica_.database().read();
    const auto before = handed_in_body(replica_, txn, work.key);
    const auto known = references_in(*info, before.body);
    judged.insert(known.begin(), known.end());
  } else if (work.key.revision().value > 1) {
    const AnyKey earlier(work.key.tree,
                         KeyWord(work.key.id(), Revision{work.key.revision().value - 1}));
    if (const auto before = before_->get(earlier); before && before->header().released()) {
      const auto known = references_in(*info, before->view.body());
      judged.insert(known.begin(), known.end());
    }
  }
  for (const AnyKey to : found) {
    const TreeInfoPtr target = before_->catalogue().find(to.tree);
    if (!judged.insert(to).second || !target || !target->lifecycle().declared()) continue;
    const auto meant = before_->get(to);
    if (!meant || !target->lifecycle().is_obsolete(meant->header().state)) continue;
    const Catalogue& names = before_->catalogue();
    Error obsolete =
        error(Errc::obsolete,
              names.format(work.key) + " refers to " + names.format(meant->key) +
                  ", which is in state '" + target->lifecycle().name(meant->header().state) +
                  "'. Refer to another one.",
              meant->key);
    (target->refuses_obsolete() ? reasons_ : warnings_).push_back(std::move(obsolete));
  }
}

}  // namespace coppice::client
