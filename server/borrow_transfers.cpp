#include "server/borrow_transfers.h"

#include <algorithm>

#include "server/shelves.h"
#include "server/users.h"

namespace coppice::server {

Decision BorrowTransfers::break_borrows(protocol::Break::Reader request) {
  if (!reasoned(request.getReason())) return refusals_;
  const auto all = held(request.getRecords(), request.getTokens());
  for (const Wanted& wanted : all) may_break(wanted);
  if (!refusals_.empty()) return refusals_;

  AuditEntry entry{.kind = audit::Entry::Kind::BREAK, .first = ledger_.head() + 1};
  entry.text = request.getReason();
  for (const Wanted& wanted : all) {
    entry.items.push_back({wanted.record, end_borrow(wanted.record, Ledger::By::others), 0});
    tell_ending(wanted, Ending::How::broken, entry.text);
  }
  entry.last = ledger_.head();
  if (!all.empty()) ledger_.audit(asker_, entry);
  return Ended{};
}

Decision BorrowTransfers::take_over(protocol::Borrow::Reader request) {
  const auto terms = terms_of(request.getPurpose(), request.getExpectedReturn());
  if (!terms) return refusals_;
  const auto all = held(request.getRecords(), {});
  judge_writers(request.getRecords());
  for (const Wanted& wanted : all) {
    if (permitted(Right::edit, wanted.record)) same_user(wanted);
  }
  if (!refusals_.empty()) return refusals_;
  return move(all, *terms, audit::Entry::Kind::TAKE_OVER, Ending::How::taken_over);
}

Decision BorrowTransfers::hand_over(protocol::HandOver::Reader request) {
  const std::string user = request.getUser();
  const std::string reason = request.getReason();
  if (!fits("bytes of reason", reason.size(), kPurposeBytesMax) || !is_user(user)) return refusals_;
  const auto all = held(request.getRecords(), request.getTokens());
  for (const Wanted& wanted : all) may_offer(wanted);
  if (!refusals_.empty()) return refusals_;

  AuditEntry entry{.kind = audit::Entry::Kind::HAND_OVER_OFFER, .first = 1, .last = 0};
  entry.text = user.empty() ? "(nobody)" : user;
  if (!reason.empty()) entry.text += ": " + reason;
  for (const Wanted& wanted : all) {
    entry.items.push_back({wanted.record, wanted.borrow->token, 0});
    ledger_.end_hand_over(wanted.record);
    if (user.empty()) continue;
    ledger_.offer_hand_over(
        {wanted.record, wanted.borrow->token, ledger_.now_us(), asker_.client, user, reason});
  }
  if (!all.empty()) ledger_.audit(asker_, entry);
  return Ended{};
}

Decision BorrowTransfers::accept(protocol::Accept::Reader request) {
  const auto terms = terms_of(request.getPurpose(), request.getExpectedReturn());
  if (!terms) return refusals_;
  const auto names = names_of(request.getRecords(), kReasonsMax);
  if (!names) return refusals_;
  judge_writers(request.getRecords());
  std::vector<Wanted> all;
  for (const AnyKey& name : *names) {
    auto wanted = look_up(name);
    if (!wanted || !permitted(Right::edit, name) || !offered(*wanted)) continue;
    all.push_back(std::move(*wanted));
  }
  if (!refusals_.empty()) return refusals_;
  return move(all, *terms, audit::Entry::Kind::HAND_OVER, Ending::How::handed_over);
}

Decision BorrowTransfers::nudge(protocol::Nudge::Reader request) {
  const std::string text = request.getText();
  if (!fits("bytes of text", text.size(), kPurposeBytesMax)) return refusals_;
  const auto all = held(request.getRecords(), {});
  for (const Wanted& wanted : all) may_nudge_again(wanted);
  if (!refusals_.empty()) return refusals_;

  AuditEntry entry{.kind = audit::Entry::Kind::NUDGE, .first = 1, .last = 0};
  entry.text = text;
  for (const Wanted& wanted : all) {
    entry.items.push_back({wanted.record, wanted.borrow->token, 0});
    ledger_.nudge({wanted.record, wanted.borrow->token, ledger_.now_us(), asker_.client, text},
                  wanted.borrow->client);
  }
  if (!all.empty()) ledger_.audit(asker_, entry);
  return Ended{};
}

// --------
// What must hold

std::vector<BorrowTransfers::Wanted> BorrowTransfers::held(
    Names records, capnp::List<std::uint64_t>::Reader tokens) {
  std::vector<Wanted> all;
  const auto grants = grants_of(records, tokens);
  if (!grants) return all;
  for (const auto& [record, token] : *grants) {
    auto wanted = look_up(record);
    if (wanted && is_held(*wanted, token)) all.push_back(std::move(*wanted));
  }
  return all;
}

bool BorrowTransfers::is_held(const Wanted& wanted, std::uint64_t token) {
  const bool other = wanted.borrow && token != 0 && token != wanted.borrow->token &&
                     !wanted.borrow->named_by(token, asker_.client);
  if (wanted.borrow && !other) return true;
  const std::string name = ledger_.name(wanted.record);
  Error free = error(
      Errc::already_free,
      wanted.borrow ? "The borrow of " + name + " that was meant is over, and there is another one."
                    : "Nobody has borrowed " + name + " any more.",
      wanted.record);
  if (wanted.borrow) free.holder = ledger_.premises().clients.holder(*wanted.borrow);
  refuse(std::move(free));
  return false;
}

bool BorrowTransfers::may_break(const Wanted& wanted) {
  if (ledger_.may(asker_.client, Right::break_borrow, wanted.record.tree)) return true;
  if (!ledger_.may(asker_.client, Right::break_overdue, wanted.record.tree))
    return permitted(Right::break_borrow, wanted.record);
  return may_break_overdue(wanted);
}

bool BorrowTransfers::may_break_overdue(const Wanted& wanted) {
  const std::string name = ledger_.name(wanted.record);
  if (!ledger_.lines().waits(wanted.record, asker_.client)) {
    refuse(error(Errc::no_right,
                 ledger_.permit(asker_.client).user + " may break the borrow of " + name +
                     " only while waiting in line for it, and when it is overdue for long.",
                 wanted.record));
    return false;
  }
  const std::int64_t wait_us = ledger_.options().waiters_break_us;
  const std::int64_t overdue_us =
      wanted.borrow->overdue_us == 0 ? -1 : ledger_.uptime_us() - wanted.borrow->overdue_uptime_us;
  if (wait_us >= 0 && overdue_us >= wait_us) return true;
  Error early =
      error(Errc::not_overdue,
            "The borrow of " + name +
                (overdue_us < 0 ? " is not overdue." : " is not overdue for long enough.") +
                " Nudge the holder, or ask an administrator.",
            wanted.record);
  early.holder = ledger_.premises().clients.holder(*wanted.borrow);
  if (wait_us >= 0 && overdue_us >= 0)
    early.actual = static_cast<std::uint64_t>(ledger_.now_us() + wait_us - overdue_us);
  refuse(std::move(early));
  return false;
}

bool BorrowTransfers::same_user(const Wanted& wanted) {
  const Holder holder = ledger_.premises().clients.holder(*wanted.borrow);
  if (holder.user == ledger_.permit(asker_.client).user) return true;
  Error other = error(Errc::held,
                      ledger_.name(wanted.record) + " is borrowed by " + who(holder) +
                          ", and one takes over only from another device of one's own.",
                      wanted.record);
  other.holder = holder;
  refuse(std::move(other));
  return false;
}

bool BorrowTransfers::may_offer(const Wanted& wanted) {
  if (wanted.borrow->client == asker_.client) return true;
  return permitted(Right::break_borrow, wanted.record);
}

bool BorrowTransfers::offered(const Wanted& wanted) {
  const auto offer = ledger_.notes().hand_over(ledger_.txn(), wanted.record);
  const bool is_ours = offer && offer->user == ledger_.permit(asker_.client).user &&
                       wanted.borrow && wanted.borrow->token == offer->token;
  if (is_ours) return true;
  Error gone = error(Errc::offer_gone,
                     ledger_.name(wanted.record) + " is not offered to " +
                         ledger_.permit(asker_.client).user + ", or not any more.",
                     wanted.record);
  if (wanted.borrow) gone.holder = ledger_.premises().clients.holder(*wanted.borrow);
  refuse(std::move(gone));
  return false;
}

bool BorrowTransfers::may_nudge_again(const Wanted& wanted) {
  const auto last = ledger_.notes().nudge(ledger_.txn(), wanted.record);
  if (!last || last->token != wanted.borrow->token || last->by != asker_.client) return true;
  const std::int64_t again_us = last->time_us + ledger_.options().nudge_pause_us;
  if (ledger_.now_us() >= again_us) return true;
  Error soon = error(
      Errc::too_soon,
      "The holder of " + ledger_.name(wanted.record) + " was asked a moment ago. Wait a minute.",
      wanted.record);
  soon.actual = static_cast<std::uint64_t>(again_us);
  refuse(std::move(soon));
  return false;
}

bool BorrowTransfers::reasoned(capnp::Text::Reader reason) {
  if (!fits("bytes of reason", reason.size(), kPurposeBytesMax)) return false;
  if (reason.size() > 0) return true;
  refuse(
      error(Errc::comment_needed, "Who ends another's borrow says why: the holder will be told."));
  return false;
}

bool BorrowTransfers::is_user(const std::string& user) {
  if (user.empty()) return true;
  const Users users(ledger_.premises().tables);
  const auto& clients = ledger_.premises().clients.all();
  const bool known =
      users.open(ledger_.txn())
          ? std::ranges::any_of(clients, [&](const auto& one) { return one.second.user == user; })
          : users.find(ledger_.txn(), user).has_value();
  if (known) return true;
  refuse(error(Errc::bad_request, "There is no user '" + user + "'."));
  return false;
}

// --------
// What is done

Decision BorrowTransfers::move(const std::vector<Wanted>& all, const Borrow& terms,
                               audit::Entry::Kind kind, Ending::How how) {
  Borrowed borrowed;
  AuditEntry entry{.kind = kind, .first = ledger_.head() + 1};
  entry.text = terms.purpose;
  for (const Wanted& wanted : all) {
    if (wanted.borrow->client == asker_.client) {
      // Who asks again, or is offered what it has.
      ledger_.end_hand_over(wanted.record);
      borrowed.grants.push_back(
          {wanted.record, wanted.borrow->token, wanted.header.sequence, wanted.borrow->since_us});
      continue;
    }
    ledger_.end_borrow(wanted.record, Ledger::By::others);
    // An offer that is accepted has the work with it.
    if (how == Ending::How::handed_over) {
      Shelves(ledger_.premises().tables.shelves)
          .bequeath(ledger_.txn(), wanted.record, wanted.borrow->token, asker_.client);
    }
    borrowed.grants.push_back(grant(wanted, terms));
    tell_ending(wanted, how, terms.purpose);
    entry.items.push_back({wanted.record, borrowed.grants.back().token, 0});
  }
  entry.last = ledger_.head();
  if (!entry.items.empty()) ledger_.audit(asker_, entry);
  return borrowed;
}

void BorrowTransfers::tell_ending(const Wanted& wanted, Ending::How how,
                                  const std::string& reason) {
  ledger_.end_by_other({.record = wanted.record,
                        .holder = wanted.borrow->client,
                        .token = wanted.borrow->token,
                        .how = how,
                        .by = asker_.client,
                        .time_us = ledger_.now_us(),
                        .reason = reason,
                        .sequence = ledger_.head()});
}

}  // namespace coppice::server
