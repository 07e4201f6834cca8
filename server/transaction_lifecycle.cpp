// The part of Transaction that moves lifecycle states.
#include "server/obsolete.h"
#include "server/transaction.h"

namespace coppice::server {
namespace {

Right right_of(schema::StepRight right) {
  switch (right) {
    case schema::StepRight::EDIT:
      return Right::edit;
    case schema::StepRight::RELEASE:
      return Right::release;
    case schema::StepRight::SET_STATE:
      return Right::set_state;
    case schema::StepRight::ADMIN:
      break;
  }
  return Right::admin;
}

}  // namespace

void Transaction::release(Action action, Record& record) {
  const auto refusals_before = refusals_.size();
  if (!exists(record) || !versioned(record) || !held(action, record) || !is_draft(action, record)) {
    return;
  }
  based_on_head(action, record);
  commented(record);
  if (refusals_.size() > refusals_before) return;
  const std::uint16_t named = action.getStateTo();
  const std::uint16_t state = named != 0 ? named : record.tree->info->released_state();
  const std::uint16_t from = record.head->header.state;
  if (!may_go(action, record, from, state, Lifecycle::Mover::release)) return;
  judge_old_references(record);
  if (refusals_.size() > refusals_before) return;
  Revision& head = overlay_.touch(*record.head);
  head.header.flags |= RecordHeader::kReleased;
  head.header.state = state;
  references_.released(head, index_);
  overlay_.end_borrow(record);
  move_superseded(record, head);
}

void Transaction::set_state(Action action, Record& record) {
  if (record.head == nullptr) {
    exists(record);
    return;
  }
  Revision* revision = overlay_.revision(*record.tree, key_);
  if (revision == nullptr || revision->header.removed()) {
    const Errc code = revision == nullptr ? Errc::unknown_record : Errc::removed;
    refuse(
        about(record, code, revision == nullptr ? "there is no such revision" : "it was removed"));
    return;
  }
  const bool somebody_elses = record.borrow && record.borrow->client != asker_.client;
  if (!revision->header.released() && somebody_elses) {
    Error held = about(record, Errc::held, "it is a draft that somebody else has borrowed");
    held.holder = ledger_.premises().clients.holder(*record.borrow);
    refuse(std::move(held));
    return;
  }
  if (revision->header.state != action.getStateFrom()) {
    Error conflict = about(record, Errc::state_conflict,
                           "its state is " + said(record, revision->header.state) + ", not " +
                               said(record, action.getStateFrom()));
    conflict.expected = action.getStateFrom();
    conflict.actual = revision->header.state;
    refuse(std::move(conflict));
    return;
  }
  const auto mover = revision->header.released() ? Lifecycle::Mover::set_state_of_released
                                                 : Lifecycle::Mover::set_state_of_draft;
  if (!may_go(action, record, revision->header.state, action.getStateTo(), mover)) return;
  overlay_.touch(*revision).header.state = action.getStateTo();
}

// --------
// Steps

std::string Transaction::said(const Record& record, std::uint16_t state) {
  const Lifecycle& lifecycle = record.tree->info->lifecycle();
  return lifecycle.declared() ? "'" + lifecycle.name(state) + "'" : std::to_string(state);
}

bool Transaction::may_go(Action action, const Record& record, std::uint16_t from, std::uint16_t to,
                         Lifecycle::Mover mover) {
  const Lifecycle& lifecycle = record.tree->info->lifecycle();
  auto step = lifecycle.step(from, to, mover);
  if (!step && action.getOverride() && mover != Lifecycle::Mover::release)
    return may_override(record, to, mover);
  if (!step) {
    Error refused = about(record, Errc::no_transition, step.error().message);
    refused.expected = to;
    refused.actual = from;
    refuse(std::move(refused));
    return false;
  }
  if (auto lacking = ledger_.lacks(asker_.client, right_of(step->right), key_)) {
    refuse(std::move(*lacking));
    return false;
  }
  if (!step->comment || !comment_.empty()) return true;
  refuse(about(record, Errc::comment_needed,
               "the step from " + said(record, from) + " to " + said(record, to) +
                   " needs a comment that says why"));
  return false;
}

// R7.
bool Transaction::may_override(const Record& record, std::uint16_t to, Lifecycle::Mover mover) {
  if (auto lacking = ledger_.lacks(asker_.client, Right::admin, key_)) {
    refuse(std::move(*lacking));
    return false;
  }
  if (auto possible = record.tree->info->lifecycle().overriding(to, mover); !possible) {
    refuse(about(record, Errc::no_transition, possible.error().message));
    return false;
  }
  overridden_ = true;
  return true;
}

// F33: what became obsolete while the draft referred to it. What the revision before refers to is
// no news.
void Transaction::judge_old_references(const Record& record) {
  const Revision* before = released_before(record, *record.head);
  const auto same_generation =
      before && before->header.schema_version >= record.tree->info->generation();
  judge_obsolete(ledger_, *record.tree->info, key_, record.head->body,
                 same_generation ? before->body : std::span<const std::uint64_t>(), index_,
                 refusals_);
}

// --------
// Earlier revisions

Transaction::Revision* Transaction::released_head(const Record& record) {
  if (record.head->header.released()) return record.head;
  return record.head->header.removed() ? released_before(record, *record.head) : nullptr;
}

Transaction::Revision* Transaction::released_before(const Record& record, Revision& revision) {
  for (std::uint32_t number = revision.key.revision().value; number-- > 1;) {
    const AnyKey key(record.name.tree, KeyWord(record.name.id(), coppice::Revision{number}));
    Revision* before = overlay_.revision(*record.tree, key);
    if (before != nullptr && before->header.released()) return before;
  }
  return nullptr;
}

// R4. Where steps are declared, one that leads there says that it may: what was withdrawn stays so.
void Transaction::move_superseded(const Record& record, Revision& released) {
  const std::uint16_t superseded = record.tree->info->superseded_state();
  if (superseded == 0) return;
  Revision* before = released_before(record, released);
  if (before == nullptr || before->header.state == superseded) return;
  const Lifecycle& lifecycle = record.tree->info->lifecycle();
  if (lifecycle.declared() && !lifecycle.has_step(before->header.state, superseded)) return;
  overlay_.touch(*before).header.state = superseded;
  items_.push_back({.key = before->key,
                    .action = static_cast<std::uint16_t>(protocol::Action::Kind::SET_STATE),
                    .state = superseded,
                    .effects = AuditItem::kRecorded | AuditItem::kFollows});
}

}  // namespace coppice::server
