// The part of TransactionState that does refused work again.

#include <algorithm>

#include "client/drawer.h"
#include "client/transaction_state.h"
#include "schema/body_shape.h"

namespace coppice::client {

void TransactionState::retry(std::uint64_t number) {
  const auto txn = replica_.database().read();
  const auto found = find_in_drawer(replica_, txn, number);
  if (!found) {
    return refuse(Errc::unknown_record, {}, "There is no conflict " + std::to_string(number) + ".");
  }
  const auto& [conflict, stored] = *found;
  if (!conflict.comment.empty()) comment(conflict.comment);
  const auto actions = stored.getTransaction().getActions();
  for (unsigned i = 0; i < actions.size(); ++i) retry(conflict.items[i], actions[i]);
  settle(number);
}

// Whether a body of it is one that the tree's present schema describes.
bool TransactionState::fits_schema(const Conflict::Item& item) {
  const auto reading = replica_.reading();
  const bool old = reading->is_old(item.key.tree, item.schema_version);
  if (item.mine.empty() || (item.schema.empty() && !old)) return true;
  refuse(
      Errc::incompatible_schema, item.key,
      "was written by another schema than the server has, and no migration of this program leads "
      "from it: write it again by the present one, and discard the conflict.");
  return false;
}

void TransactionState::retry(const Conflict::Item& item, protocol::Action::Reader action) {
  if (!fits_schema(item)) return;
  const auto borrowing = action.getKeepBorrow() ? Borrowing::kept : Borrowing::ends;
  switch (action.getKind()) {
    case ActionKind::CREATE:
      return create_again(item, borrowing);
    case ActionKind::CHECK_IN:
      // The release that follows pins anew.
      if (action.getPins()) return;
      return check_in_again(item, action.getBaseIteration(), borrowing);
    case ActionKind::RELEASE:
      return release(item.key, {}, action.getStateTo());
    case ActionKind::NEXT_REVISION:
      // What it starts as is made again, too.
      next_revision(item.key.record());
      return;
    case ActionKind::SET_STATE:
      return set_state(item.key, action.getStateFrom(), action.getStateTo(), {},
                       action.getOverride() ? Steps::any : Steps::declared);
    case ActionKind::REMOVE:
      return remove(item.key, {});
  }
}

void TransactionState::create_again(const Conflict::Item& item, Borrowing borrowing) {
  const AnyKey key = item.key;
  const auto* records = replica_.tree(key.tree);
  if (!records)
    return refuse(Errc::unknown_tree, key, "is of a tree that this replica does not have.");
  if (!can_write(key.tree)) return;
  const auto txn = replica_.database().read();
  if (records->find(txn, key.word) || work(key))
    return refuse(Errc::foreign_key, key, "exists already: it was created again in another way.");
  std::vector<std::uint64_t> scratch;
  const auto checked = before_->catalogue().find(key.tree)->shape().check(
      std::as_bytes(std::span(item.mine)), scratch);
  if (!checked) return refuse(checked.error());
  append_create(key, borrowing, {checked->words().begin(), checked->words().end()});
}

void TransactionState::check_in_again(const Conflict::Item& item, std::uint32_t base_iteration,
                                      Borrowing borrowing) {
  const AnyKey key = item.key;
  Work* target = changeable_work(key, "nobody can change it. Make the next revision, and edit it.");
  if (!target) return;
  // After some refusals the work is still in the record, under its borrow.
  const bool still_there = target->body == item.mine;
  // What the authority had when it refused need not be what the work was based on.
  const bool moved = target->header.iteration != base_iteration ||
                     (!item.base.empty() && target->body != item.base);
  if (moved && !still_there) {
    return refuse(Errc::stale_base, key,
                  "has changed since this work was based on it. Compare both versions, edit the "
                  "record as it should be, and discard the conflict.");
  }
  const AnyKey edited = target->key;
  if (!still_there) {
    edit_body(edited).setRoot(capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(item.mine.data())));
    target = work(edited);
    target->header.schema_version = std::max(target->header.schema_version, item.schema_version);
  }
  check_in(edited, {}, borrowing);
}

}  // namespace coppice::client
