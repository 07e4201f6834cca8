#include "server/borrow_requests.h"

#include <algorithm>

namespace coppice::server {
namespace {

Refusals too_much(const std::string& what, std::size_t said, std::size_t limit) {
  return refused(error(Errc::bad_request, "The request has " + std::to_string(said) + " " + what +
                                              ", and the limit is " + std::to_string(limit) + "."));
}

AnyKey name_of(protocol::RecordName::Reader name) {
  return {TreeId{name.getTree()}, KeyWord(RecordId{name.getId()}, Revision{0})};
}

}  // namespace

Decision BorrowRequests::borrow(protocol::Borrow::Reader request) {
  Borrow terms;
  terms.operation = asker_.operation;
  terms.since_us = ledger_.now_us();
  terms.expected_return_us = request.getExpectedReturn();
  terms.client = asker_.client;
  terms.purpose = request.getPurpose();
  if (terms.purpose.size() > kPurposeBytesMax) {
    return too_much("bytes of purpose", terms.purpose.size(), kPurposeBytesMax);
  }
  const auto names = names_of(request.getRecords(), ledger_.options().actions_per_transaction);
  if (!names) return refusals_;

  std::vector<Wanted> all;
  for (const AnyKey& name : *names) {
    auto wanted = look_up(name);
    if (!wanted) continue;
    if (auto why = in_the_way(*wanted)) refuse(std::move(*why));
    all.push_back(std::move(*wanted));
  }
  if (!refusals_.empty()) return refusals_;

  Borrowed borrowed;
  AuditEntry entry{.kind = audit::Entry::Kind::BORROW, .first = ledger_.head() + 1};
  entry.text = terms.purpose;
  for (const Wanted& wanted : all) {
    borrowed.grants.push_back(grant(wanted, terms));
    entry.items.push_back({wanted.record, borrowed.grants.back().token, 0});
  }
  entry.last = ledger_.head();
  if (entry.first <= entry.last) ledger_.audit(asker_, entry);
  return borrowed;
}

Decision BorrowRequests::wait(protocol::Borrow::Reader request) {
  const auto names = names_of(request.getRecords(), kReasonsMax);
  if (!names) return refusals_;
  std::vector<Wanted> all;
  for (const AnyKey& name : *names) {
    if (auto wanted = look_up(name)) all.push_back(std::move(*wanted));
  }
  if (!refusals_.empty()) return refusals_;
  Waiting waiting;
  for (const Wanted& wanted : all) waiting.places.push_back(place_in_line(wanted));
  return waiting;
}

Decision BorrowRequests::give_back(protocol::GiveBack::Reader request) {
  const auto records = request.getRecords();
  const auto tokens = request.getTokens();
  const std::size_t limit = ledger_.options().actions_per_transaction;
  if (records.size() > limit) return too_much("records", records.size(), limit);
  if (records.size() != tokens.size()) {
    return refused(error(Errc::bad_request, "A return names one token for each record."));
  }
  std::vector<Returned> all;
  for (unsigned i = 0; i < records.size(); ++i) all.push_back({name_of(records[i]), tokens[i]});

  AuditEntry entry{.kind = audit::Entry::Kind::GIVE_BACK, .first = ledger_.head() + 1};
  for (const Returned& returned : all) {
    const auto borrow = ledger_.borrows().find(ledger_.txn(), returned.record);
    if (borrow && borrow->named_by(returned.token, asker_.client)) {
      end(returned.record, entry);
    } else if (!borrow || borrow->client != asker_.client) {
      ledger_.lines().leave(returned.record, asker_.client, ledger_.now_us());
    }
  }
  entry.last = ledger_.head();
  if (entry.first <= entry.last) ledger_.audit(asker_, entry);
  return GaveBack{};
}

std::optional<std::set<AnyKey>> BorrowRequests::names_of(
    capnp::List<protocol::RecordName>::Reader records, std::size_t count_max) {
  if (records.size() > count_max) {
    refusals_ = too_much("records", records.size(), count_max);
    return std::nullopt;
  }
  std::set<AnyKey> names;
  for (const auto record : records) {
    if (record.getId() == 0 || record.getId() > kRecordIdMax) {
      refuse(error(Errc::bad_request, std::to_string(record.getId()) + " is no id of a record."));
      return std::nullopt;
    }
    names.insert(name_of(record));
  }
  return names;
}

std::optional<BorrowRequests::Wanted> BorrowRequests::look_up(AnyKey record) {
  Wanted wanted;
  wanted.record = record;
  wanted.tree = ledger_.tree(record.tree);
  if (wanted.tree == nullptr) {
    refuse(error(Errc::unknown_tree, "This database has no tree " + ledger_.name(record) + ".",
                 record));
    return std::nullopt;
  }
  const auto head = wanted.tree->records.head(ledger_.txn(), record.id());
  if (!head) {
    refuse(error(Errc::unknown_record, "There is no record " + ledger_.name(record) + ".", record));
    return std::nullopt;
  }
  wanted.head = head->key;
  wanted.header = head->record.header();
  // A removed later revision is only a spent number: what was released before it lives on.
  if (wanted.header.removed() && head->key.revision().value == 1) {
    Error removed = error(Errc::removed, ledger_.name(record) + " was removed.", record);
    removed.actual = wanted.header.sequence;
    refuse(std::move(removed));
    return std::nullopt;
  }
  if (auto lacking = ledger_.lacks(asker_.client, Right::edit, record)) {
    refuse(std::move(*lacking));
    return std::nullopt;
  }
  wanted.borrow = ledger_.borrows().find(ledger_.txn(), record);
  return wanted;
}

std::optional<Error> BorrowRequests::in_the_way(const Wanted& wanted) const {
  const Clients& clients = ledger_.premises().clients;
  if (wanted.borrow) {
    if (wanted.borrow->client == asker_.client) return std::nullopt;
    const Holder holder = clients.holder(*wanted.borrow);
    const bool same_user = holder.user == clients.person(asker_.client).user;
    Error held = error(same_user ? Errc::held_by_you : Errc::held,
                       ledger_.name(wanted.record) + " is borrowed by " + holder.user + " on " +
                           holder.device + (same_user ? ", another device of yours." : "."),
                       wanted.record);
    held.holder = holder;
    return held;
  }
  const auto kept = ledger_.lines().kept(wanted.record);
  if (!kept || kept->waiter.client == asker_.client) return std::nullopt;
  const Holder holder = clients.person(kept->waiter.client);
  Error offered = error(Errc::offered,
                        ledger_.name(wanted.record) + " is kept for " + holder.user + " on " +
                            holder.device + ", who waited for it.",
                        wanted.record);
  offered.holder = holder;
  offered.actual = static_cast<std::uint64_t>(kept->until_us);
  return offered;
}

Grant BorrowRequests::grant(const Wanted& wanted, const Borrow& terms) {
  if (wanted.borrow) {
    return {wanted.record, wanted.borrow->token, wanted.header.sequence, wanted.borrow->since_us};
  }
  Borrow borrow = terms;
  borrow.token = ledger_.token_after(0);
  ledger_.use_tokens(1);
  RecordHeader header = wanted.header;
  header.token = borrow.token;
  header.borrower = asker_.client.value;
  header.changed_us = ledger_.now_us();
  ledger_.restamp(*wanted.tree, wanted.head, header);
  ledger_.borrows().put(ledger_.txn(), wanted.record, borrow);
  ledger_.lines().taken(wanted.record, asker_.client);
  return {wanted.record, borrow.token, ledger_.head(), borrow.since_us};
}

Place BorrowRequests::place_in_line(const Wanted& wanted) {
  Place place{wanted.record, 0, std::nullopt};
  const Clients& clients = ledger_.premises().clients;
  const auto kept = ledger_.lines().kept(wanted.record);
  const bool kept_for_other = kept && kept->waiter.client != asker_.client;
  if (wanted.borrow && wanted.borrow->client != asker_.client) {
    place.holder = clients.holder(*wanted.borrow);
  } else if (!wanted.borrow && kept_for_other) {
    place.holder = clients.person(kept->waiter.client);
  }
  if (place.holder) {
    place.place = ledger_.lines().join(wanted.record, {asker_.session, asker_.client});
  }
  return place;
}

void BorrowRequests::end(AnyKey record, AuditEntry& entry) {
  Ledger::Tree& tree = *ledger_.tree(record.tree);
  const auto head = tree.records.head(ledger_.txn(), record.id());
  RecordHeader header = head->record.header();
  entry.items.push_back({record, header.token, 0});
  header.token = 0;
  header.borrower = 0;
  header.changed_us = ledger_.now_us();
  ledger_.restamp(tree, head->key, header);
  ledger_.borrows().erase(ledger_.txn(), record);
  ledger_.lines().freed(record, ledger_.now_us());
}

Decision grant_lease(Ledger& ledger, const Asker& asker, protocol::LeaseRequest::Reader request) {
  const TreeId id{request.getTree()};
  Ledger::Tree* tree = ledger.tree(id);
  if (tree == nullptr) {
    return refused(
        error(Errc::unknown_tree, "This database has no such tree.", AnyKey(id, KeyWord{})));
  }
  if (auto lacking = ledger.lacks(asker.client, Right::append, AnyKey(id, KeyWord{})))
    return refused(std::move(*lacking));
  const Options& options = ledger.options();
  const auto count = std::clamp<std::uint64_t>(request.getCount(), 1, options.lease_count_max);
  const std::uint64_t begin = ledger.leases().next_id(ledger.txn(), id);
  if (begin + count > options.id_space / 10 * 9) {
    return refused(error(Errc::id_space_full,
                         "The ids of tree '" + tree->info->name() +
                             "' are nearly used up. An administrator must decide how to go on.",
                         AnyKey(id, KeyWord{})));
  }
  const Lease lease{id, begin, begin + count};
  ledger.leases().put(ledger.txn(), id, {lease.begin, lease.end, asker.client});
  AuditEntry entry{.kind = audit::Entry::Kind::LEASE};
  const AnyKey first(id, KeyWord(RecordId{lease.begin}, Revision{0}));
  entry.items.push_back({first, lease.end, 0});
  ledger.audit(asker, entry);
  return lease;
}

}  // namespace coppice::server
