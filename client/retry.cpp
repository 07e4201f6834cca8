// The part of TransactionState that does refused work again.

#include <algorithm>
#include <cstring>

#include "client/drawer.capnp.h"
#include "client/transaction_state.h"
#include "schema/body_shape.h"

namespace coppice::client {
namespace {

std::span<const std::byte> bytes_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const std::byte*>(data.begin()), data.size()};
}

std::vector<std::uint64_t> words_of(capnp::Data::Reader data) {
  std::vector<std::uint64_t> words(data.size() / 8);
  if (!words.empty()) std::memcpy(words.data(), data.begin(), words.size() * 8);
  return words;
}

// The body that the authority had when the work was refused; empty: none.
std::vector<std::uint64_t> base_of(stored::Conflict::Reader conflict,
                                   protocol::Action::Reader action) {
  for (const auto base : conflict.getBases()) {
    if (base.getTree() != action.getTree() || base.getKey() != action.getKey()) continue;
    const auto value = words_of(base.getValue());
    if (const auto record = RecordView::parse(std::as_bytes(std::span(value))))
      return {record->body().begin(), record->body().end()};
  }
  return {};
}

}  // namespace

void TransactionState::refuse_conflict(std::uint64_t conflict) {
  refuse(Errc::unknown_record, {}, "There is no conflict " + std::to_string(conflict) + ".");
}

void TransactionState::retry(std::uint64_t number) {
  const auto txn = replica_.database().read();
  const auto value = txn.find(replica_.tables().drawer, number);
  if (!value) return refuse_conflict(number);
  const auto conflict = capnp::readMessageUnchecked<stored::Conflict>(
      reinterpret_cast<const capnp::word*>(value->data()));
  const auto transaction = conflict.getTransaction();
  if (transaction.getComment().size() > 0) comment(transaction.getComment().cStr());
  for (const auto action : transaction.getActions()) retry(action, base_of(conflict, action));
  settle(number);
}

void TransactionState::retry(protocol::Action::Reader action, std::span<const std::uint64_t> base) {
  const AnyKey key(TreeId{action.getTree()}, KeyWord(action.getKey()));
  const auto borrowing = action.getKeepBorrow() ? Borrowing::kept : Borrowing::ends;
  switch (action.getKind()) {
    case ActionKind::CREATE:
      return create_again(key, borrowing, action.getBody());
    case ActionKind::CHECK_IN:
      return check_in_again(key, action, base);
    case ActionKind::RELEASE:
      return release(key, {}, action.getStateTo());
    case ActionKind::NEXT_REVISION: {
      // Its number may be another than it was.
      const AnyKey draft = next_revision(key.record());
      if (draft != AnyKey{} && action.hasBody()) check_in_again(draft, action, {});
      return;
    }
    case ActionKind::SET_STATE:
      return set_state(key, action.getStateFrom(), action.getStateTo());
    case ActionKind::REMOVE:
      return remove(key, {});
  }
}

void TransactionState::create_again(AnyKey key, Borrowing borrowing, capnp::Data::Reader body) {
  const auto* records = replica_.tree(key.tree);
  if (!records)
    return refuse(Errc::unknown_tree, key, "is of a tree that this replica does not have.");
  const auto txn = replica_.database().read();
  if (records->find(txn, key.word) || work(key))
    return refuse(Errc::foreign_key, key, "exists already: it was created again in another way.");
  std::vector<std::uint64_t> scratch;
  const auto checked = before_->catalogue().find(key.tree)->shape().check(bytes_of(body), scratch);
  if (!checked) return refuse(checked.error());
  append_create(key, borrowing, {checked->words().begin(), checked->words().end()});
}

void TransactionState::check_in_again(AnyKey key, protocol::Action::Reader action,
                                      std::span<const std::uint64_t> base) {
  Work* target = changeable_work(key, "nobody can change it. Make the next revision, and edit it.");
  if (!target) return;
  const auto mine = words_of(action.getBody());
  // After some refusals the work is still in the record, under its borrow.
  const bool still_there = target->body == mine;
  const bool moved = !base.empty() && !std::ranges::equal(target->body, base);
  if (moved && !still_there) {
    return refuse(Errc::stale_base, key,
                  "has changed since this work was based on it. Compare both versions, edit the "
                  "record as it should be, and discard the conflict.");
  }
  if (!still_there) {
    const AnyKey edited = target->key;
    edit_body(edited).setRoot(capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(mine.data())));
    target = work(edited);
    target->header.schema_version =
        std::max(target->header.schema_version, action.getSchemaVersion());
  }
  check_in(target->key, {}, action.getKeepBorrow() ? Borrowing::kept : Borrowing::ends);
}

}  // namespace coppice::client
