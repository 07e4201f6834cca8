#include "server/overdue.h"

#include <algorithm>

#include "server/ledger.h"

namespace coppice::server {
namespace {

constexpr std::int64_t kStoreUs = std::int64_t{15} * 60 * 1'000'000;

AnyKey record_of(store::Bytes key) {
  return {TreeId{PairKey::first(key)}, KeyWord(RecordId{PairKey::second(key)}, Revision{0})};
}

}  // namespace

Overdue::Overdue(const Premises& premises) : premises_(premises) {
  const auto txn = premises_.database.read();
  uptime_us_ = stored_us_ =
      static_cast<std::int64_t>(premises_.database.meta().number(txn, "uptime"));
  for (const auto& [number, client] : premises_.clients.all()) heard_us_[number] = uptime_us_;
  store::Cursor cursor(txn, premises_.tables.quiet);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const ClientNumber client{static_cast<std::uint32_t>(cursor.key_number())};
    heard_us_[client] = RowReader(cursor.value()).number<std::int64_t>();
  }
  find_next_return(txn, 0);
  store::Cursor borrows(txn, premises_.tables.borrows);
  for (bool more = borrows.first(); more; more = borrows.next()) {
    const Borrow borrow = Borrows::parse(borrows.value());
    if (borrow.overdue_us != 0 && !is_late(borrow, borrow.overdue_us))
      looked_at_.insert(borrow.client);
  }
}

bool Overdue::come(ClientNumber client) {
  heard_us_[client] = uptime_us_;
  return looked_at_.erase(client) > 0;
}

std::uint64_t Overdue::forgive(ClientNumber client, const WaitingLines& lines,
                               std::int64_t now_us) {
  return premises_.database.write([&](store::WriteTxn& txn) {
    Marked forgiven;
    {
      store::Cursor cursor(txn, premises_.tables.borrows);
      for (bool more = cursor.first(); more; more = cursor.next()) {
        Borrow borrow = Borrows::parse(cursor.value());
        if (borrow.client != client || borrow.overdue_us == 0 || is_late(borrow, now_us)) continue;
        borrow.overdue_us = borrow.overdue_uptime_us = 0;
        forgiven.emplace_back(record_of(cursor.key()), std::move(borrow));
      }
    }
    return write(txn, lines, forgiven, now_us);
  });
}

std::optional<std::uint64_t> Overdue::look(const WaitingLines& lines, std::int64_t now_us) {
  count(now_us);
  if (uptime_us_ == stored_us_) return std::nullopt;
  std::set<ClientNumber> quiet = silent();
  for (const ClientNumber client : looked_at_) quiet.erase(client);
  const bool marks = !quiet.empty() || next_return_us_ <= now_us;
  if (!marks && uptime_us_ - stored_us_ < kStoreUs) return std::nullopt;
  std::optional<std::uint64_t> head;
  premises_.database.write([&](store::WriteTxn& txn) {
    head.reset();
    store(txn);
    if (!marks) return;
    Marked overdue;
    {
      store::Cursor cursor(txn, premises_.tables.borrows);
      for (bool more = cursor.first(); more; more = cursor.next()) {
        Borrow borrow = Borrows::parse(cursor.value());
        const bool is = quiet.contains(borrow.client) || is_late(borrow, now_us);
        if (!is || borrow.overdue_us != 0) continue;
        borrow.overdue_us = now_us;
        borrow.overdue_uptime_us = uptime_us_;
        overdue.emplace_back(record_of(cursor.key()), std::move(borrow));
      }
    }
    if (!overdue.empty()) head = write(txn, lines, overdue, now_us);
  });
  stored_us_ = uptime_us_;
  looked_at_.merge(quiet);
  if (marks) find_next_return(premises_.database.read(), now_us);
  return head;
}

std::optional<std::int64_t> Overdue::deadline_us() const {
  const auto& clients = premises_.clients;
  const bool all_here = std::ranges::all_of(
      clients.all(), [&](const auto& one) { return clients.online(one.first); });
  if (all_here && next_return_us_ == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return looked_us_ + look_us();
}

// What is more than one look away is not time that the server has run: it slept, or its clock was
// set.
void Overdue::count(std::int64_t now_us) {
  if (looked_us_ != 0)
    uptime_us_ += std::clamp<std::int64_t>(now_us - looked_us_, 0, 2 * look_us());
  looked_us_ = now_us;
  for (auto& [client, heard] : heard_us_) {
    if (premises_.clients.online(client)) heard = uptime_us_;
  }
}

std::set<ClientNumber> Overdue::silent() const {
  std::set<ClientNumber> silent;
  for (const auto& [client, heard] : heard_us_) {
    if (uptime_us_ - heard >= premises_.options.overdue_us) silent.insert(client);
  }
  return silent;
}

// A date that was over when it was said is none.
bool Overdue::is_late(const Borrow& borrow, std::int64_t now_us) const {
  return borrow.expected_return_us > borrow.since_us && borrow.expected_return_us <= now_us;
}

void Overdue::find_next_return(const store::Txn& txn, std::int64_t now_us) {
  next_return_us_ = std::numeric_limits<std::int64_t>::max();
  store::Cursor cursor(txn, premises_.tables.borrows);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const Borrow borrow = Borrows::parse(cursor.value());
    const bool waits = borrow.expected_return_us > borrow.since_us && borrow.overdue_us == 0;
    if (waits && borrow.expected_return_us > now_us) expect_return(borrow.expected_return_us);
  }
}

void Overdue::store(store::WriteTxn& txn) const {
  premises_.database.meta().set_number(txn, "uptime", static_cast<std::uint64_t>(uptime_us_));
  for (const auto& [client, heard] : heard_us_) {
    RowWriter row;
    row.number(heard);
    txn.put(premises_.tables.quiet, client.value, row.row());
  }
}

std::uint64_t Overdue::write(store::WriteTxn& txn, const WaitingLines& lines, const Marked& borrows,
                             std::int64_t now_us) const {
  Ledger ledger(txn, premises_, lines, now_us);
  std::map<ClientNumber, AuditEntry> entries;
  for (const auto& [record, borrow] : borrows) {
    Ledger::Tree& tree = *ledger.tree(record.tree);
    const auto head = tree.records.head(txn, record.id());
    ledger.restamp(tree, head->key, head->record.header());
    ledger.borrows().put(txn, record, borrow);
    if (borrow.overdue_us == 0) continue;
    AuditEntry& entry = entries[borrow.client];
    entry.kind = audit::Entry::Kind::OVERDUE;
    if (entry.items.empty()) entry.first = ledger.head();
    entry.last = ledger.head();
    entry.items.push_back({record, borrow.token, 0});
  }
  for (const auto& [client, entry] : entries) ledger.audit({client, {}, 0}, entry);
  ledger.finish();
  return ledger.head();
}

}  // namespace coppice::server
