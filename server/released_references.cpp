#include "server/released_references.h"

#include <algorithm>

#include "schema/references.h"
#include "store/index_tables.h"

namespace coppice::server {
namespace {

using store::ReferenceKey;

// The fact that the table has everything.
constexpr std::string_view kEntered = "released_references";

}  // namespace

std::vector<AnyKey> ReleasedReferences::users(AnyKey to, std::size_t count_max) {
  finish();
  std::vector<AnyKey> users;
  const ReferenceKey key(to);
  store::Cursor cursor(txn_, table_);
  if (!cursor.seek(key.bytes()) || !std::ranges::equal(cursor.key(), key.bytes())) return users;
  for (bool more = true; more && users.size() < count_max; more = cursor.next_value())
    users.push_back(ReferenceKey::parse(cursor.value()));
  return users;
}

void ReleasedReferences::finish() {
  if (added_.empty()) return;
  // Growing keys cost a fraction of random ones.
  std::ranges::sort(added_);
  store::IndexCursor cursor(txn_, table_);
  for (const auto& [to, from] : added_)
    cursor.add(ReferenceKey(to).bytes(), ReferenceKey(from).bytes());
  added_.clear();
}

bool needs_entry(const TreeInfo& from, const TreeInfo& to) {
  return !to.versioned() || from.children() != schema::Children::RELEASED;
}

std::set<std::pair<AnyKey, AnyKey>> wanted_references(const store::Database& database,
                                                      const store::Txn& txn) {
  std::set<std::pair<AnyKey, AnyKey>> wanted;
  const auto catalogue = database.catalogue();
  for (const auto& [id, newest] : catalogue->trees()) {
    if (!newest->versioned()) continue;
    for (store::RecordCursor cursor(txn, *database.tree(id)); cursor; cursor.next()) {
      const RecordView record = cursor.record();
      if (!record.header().released()) continue;
      const auto info = catalogue->describing(id, record.header().schema_version);
      if (!info) continue;
      for (const AnyKey to : references_in(*info, record.body())) {
        const auto target = catalogue->find(to.tree);
        if (target && needs_entry(*newest, *target)) wanted.emplace(to, AnyKey(id, cursor.key()));
      }
    }
  }
  return wanted;
}

void enter_released_references(store::Database& database, const Tables& tables) {
  if (database.meta().number(database.read(), kEntered) != 0) return;
  database.write([&](store::WriteTxn& txn) {
    ReleasedReferences references(txn, *tables.released_references);
    for (const auto& [to, from] : wanted_references(database, txn)) references.add(to, from);
    references.finish();
    database.meta().set_number(txn, kEntered, 1);
  });
}

}  // namespace coppice::server
