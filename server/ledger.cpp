#include "server/ledger.h"

#include <algorithm>
#include <cstring>

#include "coppice/check.h"
#include "server/shelves.h"
#include "server/users.h"

namespace coppice::server {
namespace {

KeyWord last_key(const store::Txn& txn, store::RecordTree records) {
  store::Cursor cursor(txn, records.table());
  return cursor.last() ? KeyWord(cursor.key_number()) : KeyWord{};
}

bool any_refuses_obsolete(const Catalogue& catalogue) {
  return std::ranges::any_of(catalogue.trees(),
                             [](const auto& tree) { return tree.second->refuses_obsolete(); });
}

}  // namespace

Ledger::Ledger(store::WriteTxn& txn, const Premises& premises, const WaitingLines& lines,
               std::int64_t now_us)
    : txn_(txn),
      premises_(premises),
      now_us_(now_us),
      catalogue_(premises.database.catalogue()),
      borrows_(premises.tables.borrows),
      notes_(premises.tables),
      endings_(premises.tables.endings),
      leases_(premises.tables.leases),
      answers_(premises.tables.answers),
      epoch_(premises.database.meta().number(txn, "epoch")),
      index_update_(premises.indexes, txn),
      released_references_(txn, *premises.tables.released_references),
      refuses_obsolete_(any_refuses_obsolete(*catalogue_)),
      lines_(lines),
      head_(premises.database.meta().number(txn, "head")),
      tokens_(premises.database.meta().number(txn, "tokens")),
      audited_(premises.database.meta().number(txn, "audit")) {}

std::int64_t Ledger::uptime_us() const {
  return static_cast<std::int64_t>(premises_.database.meta().number(txn_, "uptime"));
}

Ledger::Tree* Ledger::tree(TreeId id) {
  if (const auto known = trees_.find(id); known != trees_.end()) return &known->second;
  auto info = catalogue_->find(id);
  const auto records = premises_.database.tree(id);
  if (!info || !records) return nullptr;
  Tree tree{std::move(info), *records, last_key(txn_, *records), {}};
  return &trees_.emplace(id, std::move(tree)).first->second;
}

Client& Ledger::client(ClientNumber number) {
  if (const auto changed = clients_.find(number); changed != clients_.end()) return changed->second;
  const Client* stored = premises_.clients.find(number);
  COPPICE_CHECK(stored != nullptr);
  return clients_.emplace(number, *stored).first->second;
}

const Permit& Ledger::permit(ClientNumber number) {
  if (const auto known = permits_.find(number); known != permits_.end()) return known->second;
  const auto changed = clients_.find(number);
  const Client* client =
      changed != clients_.end() ? &changed->second : premises_.clients.find(number);
  COPPICE_CHECK(client != nullptr);
  return permits_.emplace(number, Users(premises_.tables).permit(txn_, *catalogue_, *client))
      .first->second;
}

std::optional<Error> Ledger::lacks(ClientNumber client, Right right, AnyKey about) {
  const Permit& has = permit(client);
  if (has.allows(right, about.tree)) return std::nullopt;
  const TreeInfoPtr tree = catalogue_->find(about.tree);
  std::string text = has.user;
  text += has.role.empty() ? " is no user of this database any more, and has not the right '"
                           : " has the role '" + has.role + "', which has not the right '";
  text += to_string(right);
  text += tree ? "' in tree '" + tree->name() + "'." : "'.";
  return error(Errc::no_right, text + " Ask an administrator.", about);
}

bool Ledger::leased(Tree& tree, RecordId id, ClientNumber client) {
  if (!tree.range.contains(id)) {
    const auto range = leases_.find(txn_, tree.info->id(), id);
    if (!range) return false;
    tree.range = *range;
  }
  return tree.range.client == client;
}

void Ledger::begin_borrow(AnyKey record, const Borrow& borrow) {
  borrows_.put(txn_, record, borrow);
  if (borrow.expected_return_us > borrow.since_us)
    news_.return_us = std::min(news_.return_us, borrow.expected_return_us);
}

void Ledger::end_borrow(AnyKey record, By by) {
  if (by == By::holder) {
    if (const auto borrow = borrows_.find(txn_, record))
      Shelves(premises_.tables.shelves).drop(txn_, record, borrow->token);
  }
  borrows_.erase(txn_, record);
  end_hand_over(record);
  notes_.erase_nudge(txn_, record);
}

void Ledger::offer_hand_over(const HandOver& offer) {
  end_hand_over(offer.record);
  notes_.put(txn_, offer);
  news_.offered_to.insert(offer.user);
}

void Ledger::end_hand_over(AnyKey record) {
  const auto offer = notes_.hand_over(txn_, record);
  if (!offer) return;
  notes_.erase_hand_over(txn_, record);
  news_.offered_to.insert(offer->user);
}

void Ledger::nudge(const Nudge& nudge, ClientNumber holder) {
  notes_.put(txn_, nudge);
  news_.nudges.push_back({holder, nudge});
}

void Ledger::end_by_other(const Ending& ending) {
  endings_.put(txn_, ending);
  news_.endings.push_back(ending);
}

void Ledger::restamp(Tree& tree, KeyWord key, RecordHeader header) {
  const auto stored = tree.records.find(txn_, key);
  COPPICE_CHECK(stored.has_value());
  const std::uint64_t previous = stored->header().sequence;
  header.sequence = next_sequence();
  header.flags &= static_cast<std::uint16_t>(~RecordHeader::kFresh);
  // The view goes with the next write; the stored hash of a released body is kept as it is, never
  // made anew.
  scratch_.resize(stored->value().size() / 8);
  std::memcpy(scratch_.data(), stored->value().data(), stored->value().size());
  std::memcpy(scratch_.data(), &header, sizeof header);
  const auto value = RecordView::parse(store::bytes_of(scratch_));
  COPPICE_CHECK(value.has_value());
  tree.records.put_value(txn_, key, *value);
  feed(AnyKey(tree.info->id(), key), previous, header.sequence);
}

void Ledger::feed(AnyKey key, std::uint64_t previous, std::uint64_t sequence) {
  premises_.tables.feed.advance(txn_, previous, sequence, key);
}

void Ledger::audit(const Asker& asker, const AuditEntry& entry) {
  write_audit(txn_, premises_.tables.audit, ++audited_, asker, now_us_, entry);
}

void Ledger::finish() {
  index_update_.finish();
  released_references_.finish();
  for (const auto& [number, client] : clients_) Clients::store(txn_, premises_.tables, client);
  const store::Meta& meta = premises_.database.meta();
  meta.set_number(txn_, "head", head_);
  meta.set_number(txn_, "tokens", tokens_);
  meta.set_number(txn_, "audit", audited_);
}

}  // namespace coppice::server
