#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/answers.h"
#include "server/audit.h"
#include "server/borrow_notes.h"
#include "server/borrows.h"
#include "server/clients.h"
#include "server/endings.h"
#include "server/leases.h"
#include "server/news.h"
#include "server/options.h"
#include "server/released_references.h"
#include "server/rights.h"
#include "server/tables.h"
#include "server/types.h"
#include "server/waiting_lines.h"
#include "store/database.h"
#include "store/unique_check.h"

namespace coppice::server {

// What deciding needs and no decision changes.
struct Premises {
  store::Database& database;
  const Tables& tables;
  const Options& options;
  // As of the last commit.
  const Clients& clients;
  // Unique ones; follows the catalogue.
  store::Indexes& indexes;
};

// One group of requests being decided: the write transaction, and everything that it would change
// in memory. It is made anew inside each write transaction (which may run twice), and only what
// take_...() hands out after the commit reaches the world.
class Ledger {
 public:
  // A tree with what is remembered of it within the group.
  struct Tree {
    TreeInfoPtr info;
    store::RecordTree records;
    // The highest key of the tree, as the group leaves it.
    KeyWord last;
    // The range that was asked for last: records that one client creates lie in one range, mostly.
    Leases::Range range;
  };

  Ledger(store::WriteTxn& txn, const Premises& premises, const WaitingLines& lines,
         std::int64_t now_us);

  store::WriteTxn& txn() { return txn_; }
  const Premises& premises() const { return premises_; }
  const Options& options() const { return premises_.options; }
  std::int64_t now_us() const { return now_us_; }
  // How long servers have run on this database, as it was last stored.
  std::int64_t uptime_us() const;
  const Catalogue& catalogue() const { return *catalogue_; }
  const Borrows& borrows() const { return borrows_; }
  // What is noted beside borrows; changed by what changes these, and by hand_over().
  const BorrowNotes& notes() const { return notes_; }
  const Endings& endings() const { return endings_; }
  const Leases& leases() const { return leases_; }
  const Answers& answers() const { return answers_; }
  WaitingLines& lines() { return lines_; }

  // Null where there is no such tree.
  Tree* tree(TreeId id);
  // The row to change; stored by finish(). REQUIRES: there is such a client.
  Client& client(ClientNumber number);
  // Whether the client has this right, in this tree if one is named.
  bool may(ClientNumber client, Right right, TreeId tree = {}) {
    return permit(client).allows(right, tree);
  }
  // The same as a refusal that names the user and the right; nothing: it has it.
  std::optional<Error> lacks(ClientNumber client, Right right, AnyKey about);
  const Permit& permit(ClientNumber client);
  // Users, roles or a client's standing were changed.
  void forget_permits() { permits_.clear(); }
  // Whether the id lies in a lease of this client.
  bool leased(Tree& tree, RecordId id, ClientNumber client);

  // A borrow begins, or goes on with other terms. The header is the caller's.
  void begin_borrow(AnyKey record, const Borrow& borrow);
  // It ends, and what was noted beside it. The header and the line are the caller's. `by` others:
  // the holder has not handed in what it shelved.
  enum class By { holder, others };
  void end_borrow(AnyKey record, By by);
  void offer_hand_over(const HandOver& offer);
  void end_hand_over(AnyKey record);
  void nudge(const Nudge& nudge, ClientNumber holder);
  // Remembers and tells it.
  void end_by_other(const Ending& ending);
  // What is to be told once all this is committed.
  News& news() { return news_; }

  std::uint64_t head() const { return head_; }
  std::uint64_t next_sequence() { return ++head_; }
  // The token that the next grant gets; grants of a transaction that may yet be refused count on
  // from it by themselves.
  std::uint64_t token_after(std::uint64_t grants) const {
    return epoch_ << 48 | (tokens_ + grants + 1);
  }
  void use_tokens(std::uint64_t grants) { tokens_ += grants; }

  // Gives a stored record a new header without touching its body. The header's sequence is set, and
  // kFresh cleared.
  void restamp(Tree& tree, KeyWord key, RecordHeader header);
  // Puts a record's entry at the end of the feed, with the sequence its header has.
  void feed(AnyKey key, std::uint64_t previous, std::uint64_t sequence);
  void audit(const Asker& asker, const AuditEntry& entry);

  // A record's body is about to change; empty: it is made, or removed. Bodies of earlier
  // generations never do.
  void index(AnyKey key, std::span<const std::uint64_t> before,
             std::span<const std::uint64_t> after) {
    index_update_.change(key, before, after);
  }
  bool indexed(TreeId tree) const { return index_update_.follows(tree); }
  ReleasedReferences& released_references() { return released_references_; }
  // Whether there is a tree to whose obsolete revisions new references are refused: mostly there is
  // none, and no body has to be looked into.
  bool refuses_obsolete() const { return refuses_obsolete_; }
  // Asks about what the requests before this one have left. To be used before anything is written.
  store::UniqueCheck unique_check() {
    index_update_.finish();
    return store::UniqueCheck(premises_.indexes, txn_);
  }

  // Stores counters and clients. Afterwards nothing is decided any more.
  void finish();
  const std::map<ClientNumber, Client>& changed_clients() const { return clients_; }

  // "parts:4711.2", for texts.
  std::string name(AnyKey key) const { return catalogue_->format(key); }

 private:
  store::WriteTxn& txn_;
  const Premises& premises_;
  const std::int64_t now_us_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const Borrows borrows_;
  const BorrowNotes notes_;
  const Endings endings_;
  const Leases leases_;
  const Answers answers_;
  const std::uint64_t epoch_;

  store::IndexUpdate index_update_;
  ReleasedReferences released_references_;
  const bool refuses_obsolete_;
  WaitingLines lines_;
  std::uint64_t head_;
  std::uint64_t tokens_;
  std::uint64_t audited_;
  std::unordered_map<TreeId, Tree> trees_;
  std::map<ClientNumber, Client> clients_;
  std::map<ClientNumber, Permit> permits_;
  News news_;
  std::vector<std::uint64_t> scratch_;
};

}  // namespace coppice::server
