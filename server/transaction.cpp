#include "server/transaction.h"

#include <algorithm>
#include <utility>

#include "server/creates.h"
#include "server/obsolete.h"

namespace coppice::server {

void Transaction::judge(protocol::Transaction::Reader transaction) {
  comment_ = transaction.getComment();
  const auto actions = transaction.getActions();
  for (index_ = 0; index_ < actions.size(); ++index_) judge(actions[index_]);
  references_.judge(refusals_);
  if (refusals_.empty()) judge_unique_values(transaction);
}

// By what all actions leave behind together, so that records may exchange their values.
void Transaction::judge_unique_values(protocol::Transaction::Reader transaction) {
  store::UniqueCheck check = ledger_.unique_check();
  for (const Revision* revision : overlay_.touched()) {
    if (revision->body_changed) check.add(revision->key, revision->body);
  }
  const auto actions = transaction.getActions();
  for (const auto& clash : check.run()) {
    index_ = Refusal::kNoAction;
    for (std::uint32_t i = 0; i < actions.size(); ++i) {
      if (AnyKey(TreeId{actions[i].getTree()}, KeyWord(actions[i].getKey())) == clash.key)
        index_ = i;
    }
    refuse(not_unique(ledger_.catalogue(), clash));
  }
}

void Transaction::judge(Action action) {
  key_ = AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey()));
  Record* record = overlay_.record(key_.record());
  if (record == nullptr) {
    refusals_.push_back(no_such_tree(key_.tree, index_));
    return;
  }
  if (record->refused) return;
  const auto refusals_before = refusals_.size();
  if (permitted(action, *record)) act(action, *record);
  record->refused = refusals_.size() > refusals_before;
  if (!record->refused) note(action, *record);
}

void Transaction::act(Action action, Record& record) {
  using Kind = protocol::Action::Kind;
  switch (action.getKind()) {
    case Kind::CREATE:
      create(action, record);
      break;
    case Kind::CHECK_IN:
      check_in(action, record);
      break;
    case Kind::RELEASE:
      release(action, record);
      break;
    case Kind::NEXT_REVISION:
      next_revision(action, record);
      break;
    case Kind::SET_STATE:
      set_state(action, record);
      break;
    case Kind::REMOVE:
      remove(action, record);
      break;
    default:
      refuse(
          about(record, Errc::bad_request, "this server does not know what is to be done with it"));
  }
}

void Transaction::note(Action action, const Record& record) {
  AuditItem item{.key = key_, .token = action.getToken(), .effects = AuditItem::kRecorded};
  item.action = static_cast<std::uint16_t>(action.getKind());
  if (const Revision* revision = overlay_.revision(*record.tree, key_))
    item.state = revision->header.state;
  if (record.borrow) {
    item.token = record.borrow->token;
    item.effects |= AuditItem::kBorrowed;
  }
  if (overridden_) item.effects |= AuditItem::kOverride;
  overridden_ = false;
  items_.push_back(item);
}

Accepted Transaction::apply() {
  Accepted accepted;
  accepted.first = ledger_.head() + 1;
  accepted.time_us = ledger_.now_us();
  ledger_.use_tokens(grants_);
  accepted.grants = overlay_.write();
  accepted.last = ledger_.head();
  references_.enter();
  return accepted;
}

// --------
// What is done

void Transaction::create(Action action, Record& record) {
  if (record.head != nullptr) {
    refusals_.push_back(exists_already(ledger_, key_, index_));
    return;
  }
  const auto refusals_before = refusals_.size();
  check_new_key(ledger_, asker_, *record.tree, key_.word, index_, refusals_);
  const auto body = checked_body(ledger_, *record.tree, action, index_, copied_, refusals_);
  if (refusals_.size() > refusals_before) return;
  judge_obsolete(ledger_, *record.tree->info, key_, body, {}, index_, refusals_);
  if (refusals_.size() > refusals_before) return;
  overlay_.add(record, key_, header_of_new(ledger_, asker_, body_version(*record.tree, action)),
               body);
  if (!action.getKeepBorrow()) return;
  Borrow borrow;
  borrow.token = ledger_.token_after(grants_++);
  borrow.operation = asker_.operation;
  borrow.since_us = ledger_.now_us();
  borrow.client = asker_.client;
  overlay_.grant(record, std::move(borrow));
}

void Transaction::check_in(Action action, Record& record) {
  const auto refusals_before = refusals_.size();
  if (!exists(record) || !held(action, record) || !is_draft(action, record)) return;
  based_on_head(action, record);
  commented(record);
  const auto body = checked_body(ledger_, *record.tree, action, index_, copied_, refusals_);
  if (refusals_.size() > refusals_before) return;
  Revision& head = *record.head;
  judge_obsolete(ledger_, *record.tree->info, key_, body, head.body, index_, refusals_);
  if (refusals_.size() > refusals_before) return;
  if (!std::ranges::equal(head.body, body)) {
    overlay_.set_body(head, body);
    head.header.iteration += 1;
    head.header.author = asker_.client.value;
    // What an older program edits still holds the fields that it does not know.
    head.header.schema_version =
        std::max(head.header.schema_version, body_version(*record.tree, action));
  }
  if (!action.getKeepBorrow()) overlay_.end_borrow(record);
}

void Transaction::next_revision(Action action, Record& record) {
  const auto refusals_before = refusals_.size();
  if (!exists(record) || !versioned(record) || !held(action, record)) return;
  Revision* released = released_head(record);
  if (released == nullptr) {
    refuse(about(record, Errc::head_not_released,
                 "its revision " + to_string(record.head->key.word) + " is not released yet"));
    return;
  }
  const std::uint64_t expected = record.head->key.revision().value + std::uint64_t{1};
  if (key_.revision().value != expected || expected > kRevisionMax) {
    Error wrong =
        about(record, Errc::stale_base, "the next revision is number " + std::to_string(expected));
    wrong.expected = expected;
    wrong.actual = key_.revision().value;
    refuse(std::move(wrong));
    return;
  }
  std::span<const std::uint64_t> body;
  RecordHeader header = header_of_new(ledger_, asker_, body_version(*record.tree, action));
  header.iteration = 0;
  if (action.hasBody() && action.getBody().size() > 0) {
    body = checked_body(ledger_, *record.tree, action, index_, copied_, refusals_);
  } else if (released->header.schema_version < record.tree->info->generation()) {
    refuse(
        about(record, Errc::needs_newer_client,
              "its released revision was written before the tree was migrated, so that a program "
              "with the migration must bring the body of the next one"));
  } else {
    body = overlay_.keep(released->body);
    header.schema_version = released->header.schema_version;
  }
  if (refusals_.size() > refusals_before) return;
  // The borrow stays in force and moves to the new head.
  Revision& old_head = overlay_.touch(*record.head);
  header.token = std::exchange(old_head.header.token, 0);
  header.borrower = std::exchange(old_head.header.borrower, 0);
  overlay_.add(record, key_, header, body);
}

void Transaction::remove(Action action, Record& record) {
  const auto refusals_before = refusals_.size();
  if (!exists(record) || !held(action, record) || !is_draft(action, record)) return;
  based_on_head(action, record);
  commented(record);
  if (refusals_.size() > refusals_before) return;
  Revision& head = overlay_.touch(*record.head);
  using Floating = ReferenceCheck::Floating;
  references_.removed(
      head, released_before(record, head) ? Floating::still_mean_something : Floating::mean_nothing,
      index_);
  head.header.flags |= RecordHeader::kRemoved;
  head.header.author = asker_.client.value;
  overlay_.set_body(head, {});
  overlay_.end_borrow(record);
}

// --------
// What must hold

Error Transaction::about(const Record& record, Errc code, const std::string& what) const {
  const AnyKey key = key_.revision().value == 0 ? record.name : key_;
  return error(code, ledger_.name(key) + ": " + what + ".", key);
}

bool Transaction::permitted(Action action, const Record&) {
  // Whose a step is, the tree says: may_go().
  if (action.getKind() == protocol::Action::Kind::SET_STATE) return true;
  auto lacking = ledger_.lacks(asker_.client, right_for(action.getKind()), key_);
  if (!lacking) return true;
  refuse(std::move(*lacking));
  return false;
}

bool Transaction::exists(const Record& record) {
  if (record.head == nullptr) {
    refuse(about(record, Errc::unknown_record, "there is no such record"));
    return false;
  }
  // A removed later revision is only a spent number: what was released before it lives on.
  if (!record.head->header.removed() || record.head->key.revision().value > 1) return true;
  Error removed = about(record, Errc::removed, "it was removed");
  removed.actual = record.head->header.sequence;
  refuse(std::move(removed));
  return false;
}

bool Transaction::held(Action action, const Record& record) {
  const std::uint64_t token = action.getToken();
  if (record.borrow && record.borrow->named_by(token, asker_.client)) return true;
  Error lost = token == 0 ? about(record, Errc::not_borrowed, "it must be borrowed first")
                          : about(record, Errc::borrow_lost, "this borrow of it is over");
  if (record.borrow) lost.holder = ledger_.premises().clients.holder(*record.borrow);
  const auto ending =
      token == 0 ? std::nullopt
                 : ledger_.endings().find(ledger_.txn(), asker_.client, record.name, token);
  if (ending) lost = about_ending(record, *ending);
  refuse(std::move(lost));
  return false;
}

Error Transaction::about_ending(const Record& record, const Ending& ending) const {
  Holder by = ledger_.premises().clients.person(ending.by);
  by.since_us = ending.time_us;
  by.purpose = ending.reason;
  Error lost = about(record, Errc::borrow_lost, sentence_of(ending, by));
  lost.holder = std::move(by);
  return lost;
}

bool Transaction::is_draft(Action, const Record& record) {
  const Revision& head = *record.head;
  if (key_ == head.key && head.header.removed()) {
    refuse(about(record, Errc::removed, "this draft was removed"));
    return false;
  }
  // All revisions below the head are released or removed.
  const bool frozen = key_.word < head.key.word || head.header.released();
  if (key_ == head.key && !frozen) return true;
  const bool unknown = key_.word > head.key.word || key_.revision().value == 0;
  refuse(unknown ? about(record, Errc::unknown_record, "there is no such revision")
                 : about(record, Errc::frozen, "it is released, and will never change again"));
  return false;
}

bool Transaction::based_on_head(Action action, const Record& record) {
  const std::uint32_t iteration = record.head->header.iteration;
  if (action.getBaseIteration() == iteration) return true;
  Error stale =
      about(record, Errc::stale_base,
            "the work is based on iteration " + std::to_string(action.getBaseIteration()) +
                ", and the record is at " + std::to_string(iteration));
  stale.expected = action.getBaseIteration();
  stale.actual = iteration;
  refuse(std::move(stale));
  return false;
}

bool Transaction::commented(const Record& record) {
  if (!record.tree->info->comment_on_check_in() || !comment_.empty()) return true;
  refuse(about(record, Errc::comment_needed, "a change of it needs a comment"));
  return false;
}

bool Transaction::versioned(const Record& record) {
  if (record.tree->info->versioned()) return true;
  refuse(about(record, Errc::not_versioned,
               "records of tree '" + record.tree->info->name() + "' have no revisions"));
  return false;
}

}  // namespace coppice::server
