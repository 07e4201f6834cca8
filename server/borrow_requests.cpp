#include "server/borrow_requests.h"

#include <algorithm>

namespace coppice::server {

Decision BorrowRequests::borrow(protocol::Borrow::Reader request) {
  const auto terms = terms_of(request.getPurpose(), request.getExpectedReturn());
  if (!terms) return refusals_;
  const auto names = names_of(request.getRecords(), ledger_.options().actions_per_transaction);
  if (!names) return refusals_;

  judge_writers(request.getRecords());
  std::vector<Wanted> all;
  for (const AnyKey& name : *names) {
    auto wanted = look_up(name);
    if (!wanted || !permitted(Right::edit, name)) continue;
    if (auto why = in_the_way(*wanted)) refuse(std::move(*why));
    all.push_back(std::move(*wanted));
  }
  if (!refusals_.empty()) return refusals_;

  Borrowed borrowed;
  AuditEntry entry{.kind = audit::Entry::Kind::BORROW, .first = ledger_.head() + 1};
  entry.text = terms->purpose;
  for (const Wanted& wanted : all) {
    borrowed.grants.push_back(wanted.borrow ? Grant{wanted.record, wanted.borrow->token,
                                                    wanted.header.sequence, wanted.borrow->since_us}
                                            : grant(wanted, *terms));
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
    auto wanted = look_up(name);
    if (wanted && permitted(Right::edit, name)) all.push_back(std::move(*wanted));
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
  if (!fits("records", records.size(), limit)) return refusals_;
  if (records.size() != tokens.size()) {
    return refused(error(Errc::bad_request, "A return names one token for each record."));
  }
  std::vector<std::pair<AnyKey, std::uint64_t>> all;
  for (unsigned i = 0; i < records.size(); ++i) {
    const KeyWord word(RecordId{records[i].getId()}, Revision{0});
    all.emplace_back(AnyKey(TreeId{records[i].getTree()}, word), tokens[i]);
  }

  AuditEntry entry{.kind = audit::Entry::Kind::GIVE_BACK, .first = ledger_.head() + 1};
  for (const auto& [record, token] : all) {
    const auto borrow = ledger_.borrows().find(ledger_.txn(), record);
    if (borrow && borrow->named_by(token, asker_.client)) {
      entry.items.push_back({record, end_borrow(record, Ledger::By::holder), 0});
    } else if (!borrow || borrow->client != asker_.client) {
      leave(record);
    }
  }
  entry.last = ledger_.head();
  if (entry.first <= entry.last) ledger_.audit(asker_, entry);
  return GaveBack{};
}

// The asker does not want the record any more.
void BorrowRequests::leave(AnyKey record) {
  ledger_.lines().leave(record, asker_.client, ledger_.now_us());
  const auto offer = ledger_.notes().hand_over(ledger_.txn(), record);
  if (offer && offer->user == ledger_.permit(asker_.client).user) ledger_.end_hand_over(record);
}

std::optional<Error> BorrowRequests::in_the_way(const Wanted& wanted) const {
  const Clients& clients = ledger_.premises().clients;
  if (wanted.borrow) {
    if (wanted.borrow->client == asker_.client) return std::nullopt;
    const Holder holder = clients.holder(*wanted.borrow);
    const bool same_user = holder.user == clients.person(asker_.client).user;
    Error held = error(same_user ? Errc::held_by_you : Errc::held,
                       ledger_.name(wanted.record) + " is borrowed by " + who(holder) +
                           (same_user ? ", another device of yours." : "."),
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
  const std::uint64_t end = options.use_last_ids ? options.id_space : options.id_space / 10 * 9;
  if (begin + count > end) {
    return refused(error(
        Errc::id_space_full,
        "The ids of tree '" + tree->info->name() + "' are " +
            (options.use_last_ids ? "used up. Make a new tree."
                                  : "nearly used up. An administrator must decide how to go on: "
                                    "coppice-server --use-last-ids gives out the rest."),
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
