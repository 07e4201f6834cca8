#pragma once

#include <set>
#include <utility>
#include <vector>

#include "server/tables.h"
#include "store/database.h"

namespace coppice::server {

// What released revisions refer to and what could be removed, so that it is not: a record of a tree
// without revisions, or a draft. What is released can never be removed, so a reference that is
// pinned to a released revision needs no entry.
//
// Written by releases alone, so that creating and editing records costs nothing. A released
// revision stays for ever, and so does its entry.
class ReleasedReferences {
 public:
  ReleasedReferences(store::WriteTxn& txn, store::Table table) : txn_(txn), table_(table) {}

  // `from` was released with a reference to `to`.
  void add(AnyKey to, AnyKey from) { added_.emplace_back(to, from); }
  // The released revisions that refer to exactly this key, ascending; at most so many.
  std::vector<AnyKey> users(AnyKey to, std::size_t count_max);
  // Writes what was collected: before the transaction ends.
  void finish();

 private:
  store::WriteTxn& txn_;
  const store::Table table_;
  std::vector<std::pair<AnyKey, AnyKey>> added_;
};

// Whether a reference in a body of the tree that is released needs an entry.
bool needs_entry(const TreeInfo& from, const TreeInfo& to);

// Enters what was released before there was this table. A transaction of its own, where it is
// needed.
void enter_released_references(store::Database& database, const Tables& tables);

// All entries that released revisions ask for, as (to, from).
std::set<std::pair<AnyKey, AnyKey>> wanted_references(const store::Database& database,
                                                      const store::Txn& txn);

}  // namespace coppice::server
