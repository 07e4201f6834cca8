#include "server/audit_replay.h"

#include <map>
#include <optional>
#include <set>

#include <capnp/message.h>

#include "coppice/protocol.capnp.h"
#include "server/audit.h"
#include "server/borrows.h"

namespace coppice::server {
namespace {

class Replay {
 public:
  void entry(audit::Entry::Reader entry) {
    using Kind = audit::Entry::Kind;
    switch (entry.getKind()) {
      case Kind::TRANSACTION:
        for (const auto item : entry.getItems()) act(item);
        return;
      case Kind::BORROW:
      case Kind::TAKE_OVER:
      case Kind::HAND_OVER:
        for (const auto item : entry.getItems()) borrows_[key_of(item).record()] = item.getToken();
        return;
      case Kind::GIVE_BACK:
      case Kind::BREAK:
      case Kind::REVOKE:
        for (const auto item : entry.getItems()) borrows_.erase(key_of(item).record());
        return;
      case Kind::MIGRATION:
        moved_ = true;
        return;
      case Kind::CREATES:  // state 0, and no borrow
      case Kind::LEASE:
      case Kind::HAND_OVER_OFFER:
      case Kind::OVERDUE:
      case Kind::NUDGE:
        return;
    }
    throw CorruptionError("An entry of the audit log is of an unknown kind.");
  }

  const std::map<AnyKey, std::uint64_t>& borrows() const { return borrows_; }
  bool knows_borrow(AnyKey record) const { return !unknown_borrows_.contains(record); }
  // Nothing: the log does not tell.
  std::optional<std::uint16_t> state(AnyKey key) const {
    if (unknown_states_.contains(key)) return std::nullopt;
    const auto found = states_.find(key);
    if (found != states_.end()) return found->second;
    if (moved_) return std::nullopt;
    return 0;
  }

 private:
  static AnyKey key_of(audit::Item::Reader item) {
    return AnyKey(TreeId{item.getTree()}, KeyWord(item.getKey()));
  }

  void act(audit::Item::Reader item) {
    const AnyKey key = key_of(item);
    const std::uint16_t effects = item.getEffects();
    if ((effects & AuditItem::kRecorded) == 0) {
      unknown_states_.insert(key);
      unknown_borrows_.insert(key.record());
      return;
    }
    states_[key] = item.getState();
    unknown_states_.erase(key);
    if (effects & AuditItem::kFollows) return;
    if (effects & AuditItem::kBorrowed) {
      borrows_[key.record()] = item.getToken();
    } else {
      borrows_.erase(key.record());
    }
    unknown_borrows_.erase(key.record());
  }

  std::map<AnyKey, std::uint64_t> borrows_;
  std::map<AnyKey, std::uint16_t> states_;
  std::set<AnyKey> unknown_borrows_;
  std::set<AnyKey> unknown_states_;
  bool moved_ = false;
};

Replay replay(const store::Txn& txn, const Tables& tables) {
  Replay replay;
  store::Cursor cursor(txn, tables.audit);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    replay.entry(capnp::readMessageUnchecked<audit::Entry>(
        reinterpret_cast<const capnp::word*>(cursor.value().data())));
  }
  return replay;
}

void found(CheckReport& report, const std::string& where, const std::string& what) {
  report.found(Trouble::contradiction, where, what);
}

void compare_borrows(const Replay& replay, const store::Txn& txn, const Tables& tables,
                     const Catalogue& catalogue, CheckReport& report) {
  std::map<AnyKey, std::uint64_t> stored;
  store::Cursor cursor(txn, tables.borrows);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const AnyKey key(TreeId{PairKey::first(cursor.key())},
                     KeyWord(RecordId{PairKey::second(cursor.key())}, Revision{0}));
    stored[key] = Borrows::parse(cursor.value()).token;
  }
  for (const auto& [key, token] : stored) {
    if (!replay.knows_borrow(key)) continue;
    const auto told = replay.borrows().find(key);
    if (told == replay.borrows().end() || told->second != token)
      found(report, catalogue.format(key), "it is borrowed, and the audit log says otherwise");
  }
  for (const auto& [key, token] : replay.borrows()) {
    if (replay.knows_borrow(key) && !stored.contains(key))
      found(report, catalogue.format(key), "by the audit log it is borrowed, and it is not");
  }
}

}  // namespace

void check_audit(const store::Database& database, const store::Txn& txn, const Tables& tables,
                 CheckReport& report) {
  const Replay log = replay(txn, tables);
  const auto catalogue = database.catalogue();
  compare_borrows(log, txn, tables, *catalogue, report);
  for (const auto& [id, info] : catalogue->trees()) {
    for (store::RecordCursor cursor(txn, *database.tree(id)); cursor; cursor.next()) {
      const RecordHeader& header = cursor.record().header();
      const AnyKey key(id, cursor.key());
      const auto told = log.state(key);
      if (header.removed() || !told || *told == header.state) continue;
      found(report, catalogue->format(key),
            "its lifecycle state is " + info->lifecycle().name(header.state) +
                ", and by the audit log it is " + info->lifecycle().name(*told));
    }
  }
}

}  // namespace coppice::server
