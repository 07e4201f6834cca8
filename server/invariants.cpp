#include "server/invariants.h"

#include <algorithm>
#include <set>

#include "server/audit_replay.h"
#include "server/borrow_notes.h"
#include "server/borrows.h"
#include "server/clients.h"
#include "server/leases.h"
#include "server/released_references.h"
#include "server/tables.h"
#include "server/users.h"
#include "store/check_records.h"
#include "store/index_tables.h"

namespace coppice::server {
namespace {

class Check {
 public:
  Check(store::Database& database, const Tables& tables, CheckReport& report)
      : database_(database),
        tables_(tables),
        report_(report),
        txn_(database.read()),
        catalogue_(database.catalogue()),
        clients_(txn_, tables),
        head_(database.meta().number(txn_, "head")) {}

  void run() {
    store::check_records(database_, txn_, report_);
    store::check_declared_indexes(database_, txn_, report_);
    for (const auto& [id, info] : catalogue_->trees()) records_of(id);
    // Half a look at the records says nothing about what belongs to them.
    if (!report_.complete()) return;
    rows_of("the feed", [&] { feed(); });
    rows_of("the table of borrows", [&] { borrows(); });
    rows_of("what is noted beside borrows", [&] { notes(); });
    rows_of("the table of users", [&] { users(); });
    rows_of("the table of leases", [&] { leases(); });
    rows_of("the table of answers", [&] { answers(); });
    // What follows trusts what it reads.
    if (!report_.sound()) return;
    rows_of("the audit log", [&] { check_audit(database_, txn_, tables_, report_); });
    rows_of("the table of released references", [&] { released_references(); });
  }

 private:
  void records_of(TreeId id) {
    store::visit_whole_records(
        txn_, *database_.tree(id), report_,
        [&](KeyWord key, RecordView view) { record(AnyKey(id, key), view.header()); });
  }

  // A row that cannot be read is a finding, not the end of the check.
  template <typename F>
  void rows_of(const char* table, F&& look) {
    try {
      look();
    } catch (const CorruptionError& e) {
      report_.found(Trouble::damage, table, e.what());
    }
  }

  void record(AnyKey key, const RecordHeader& header) {
    ++records_;
    const auto entry = tables_.feed.at(txn_, header.sequence);
    if (entry != key) fault(key, "the feed does not have it at its sequence");
    if (header.sequence > head_) fault(key, "its sequence is above the head");
    if (header.body_sequence > header.sequence) fault(key, "its body is newer than itself");
    if (!clients_.find(ClientNumber{header.author})) fault(key, "its author is no client");
    if (!Leases(tables_.leases).find(txn_, key.tree, key.id()))
      fault(key, "its id lies in no lease");
    if (header.token == 0) return;
    ++borrowed_;
    const auto borrow = Borrows(tables_.borrows).find(txn_, key.record());
    const bool agree =
        borrow && borrow->token == header.token && borrow->client.value == header.borrower;
    if (!agree) fault(key, "its header and the table of borrows disagree");
    if (!tokens_.insert(header.token).second) fault(key, "its token is in force twice");
  }

  void feed() {
    // Every record has been found in the feed, so equal numbers mean that there is nothing else in
    // it.
    const auto entries = tables_.feed.count(txn_);
    if (entries != records_) {
      say("the feed", "it has " + std::to_string(entries) + " entries for " +
                          std::to_string(records_) + " records");
    }
  }

  void borrows() {
    const auto epoch = database_.meta().number(txn_, "epoch");
    const auto granted = database_.meta().number(txn_, "tokens");
    store::Cursor cursor(txn_, tables_.borrows);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const AnyKey key(TreeId{PairKey::first(cursor.key())},
                       KeyWord(RecordId{PairKey::second(cursor.key())}, Revision{0}));
      const Borrow borrow = Borrows::parse(cursor.value());
      if (!clients_.find(borrow.client)) fault(key, "it is borrowed by no client");
      if (borrow.token >> 48 == epoch && (borrow.token & 0xffff'ffff'ffff) > granted) {
        fault(key, "it is borrowed with a token that was not granted yet");
      }
    }
    const auto rows = txn_.count(tables_.borrows);
    if (rows != borrowed_) {
      say("the table of borrows", std::to_string(rows) + " are in force, and " +
                                      std::to_string(borrowed_) + " records carry one");
    }
  }

  // They last as long as the grant that they are about.
  void notes() {
    const BorrowNotes notes(tables_);
    const auto in_force = [&](AnyKey record, std::uint64_t token) {
      const auto borrow = Borrows(tables_.borrows).find(txn_, record);
      return borrow && borrow->token == token;
    };
    for (const HandOver& offer : notes.hand_overs(txn_)) {
      if (!in_force(offer.record, offer.token))
        fault(offer.record, "a borrow of it that is over is offered to a user");
    }
    for (const Nudge& nudge : notes.nudges(txn_)) {
      if (!in_force(nudge.record, nudge.token))
        fault(nudge.record, "the holder of a borrow of it that is over was nudged");
    }
  }

  void users() {
    const Users users(tables_);
    std::size_t tokens = 0;
    for (const User& user : users.all(txn_)) {
      tokens += users.count_tokens(txn_, user.name);
      if (!users.role(txn_, user.role))
        say("the table of users", user.name + " has a role that there is not");
    }
    if (tokens != txn_.count(tables_.tokens))
      say("the table of tokens", "there are tokens of nobody");
  }

  void leases() {
    std::uint64_t tree = 0, end = 0;
    store::Cursor cursor(txn_, tables_.leases);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (PairKey::first(cursor.key()) != tree) end = 0;
      tree = PairKey::first(cursor.key());
      const std::uint64_t begin = PairKey::second(cursor.key());
      if (begin < end) say("the table of leases", "two overlap at id " + std::to_string(begin));
      end = RowReader(cursor.value()).number<std::uint64_t>();
      if (end <= begin)
        say("the table of leases", "the one at id " + std::to_string(begin) + " is empty");
    }
  }

  void answers() {
    store::Cursor cursor(txn_, tables_.answers);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const auto number = static_cast<std::uint32_t>(PairKey::first(cursor.key()));
      const std::uint64_t operation = PairKey::second(cursor.key());
      const Client* client = clients_.find(ClientNumber{number});
      if (client && operation > client->acknowledged && operation <= client->last_operation)
        continue;
      say("the table of answers", "there is an answer to operation " + std::to_string(operation) +
                                      " of client " + std::to_string(number) +
                                      " that should not be");
    }
  }

  // What is pinned to a released revision may be missing: it can never be removed.
  void released_references() {
    if (!tables_.released_references) return;
    for (const auto& [to, from] : wanted_references(database_, txn_)) {
      const auto target = database_.tree(to.tree)->find(txn_, to.word);
      if (target && target->header().released()) continue;
      if (!has_pair(to, from)) {
        fault(from, "it refers to " + catalogue_->format(to) +
                        ", and the table of released references does not have it");
      }
    }
  }

  bool has_pair(AnyKey to, AnyKey from) {
    const store::ReferenceKey key(to), value(from);
    store::Cursor cursor(txn_, *tables_.released_references);
    if (!cursor.seek(key.bytes()) || !std::ranges::equal(cursor.key(), key.bytes())) return false;
    for (bool more = true; more; more = cursor.next_value()) {
      if (std::ranges::equal(cursor.value(), value.bytes())) return true;
    }
    return false;
  }

  void fault(AnyKey key, const std::string& what) { say(catalogue_->format(key), what); }
  void say(std::string where, std::string what) {
    report_.found(Trouble::contradiction, std::move(where), std::move(what));
  }

  store::Database& database_;
  const Tables& tables_;
  CheckReport& report_;
  const store::ReadTxn txn_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const Clients clients_;
  const std::uint64_t head_;
  std::uint64_t records_ = 0;
  std::uint64_t borrowed_ = 0;
  std::set<std::uint64_t> tokens_;
};

}  // namespace

void check_database(store::Database& database, CheckReport& report) {
  const Tables tables(database);
  Check(database, tables, report).run();
}

std::vector<std::string> check_invariants(store::Database& database) {
  CheckReport report(CheckReport::Side::authority);
  check_database(database, report);
  return report.sentences();
}

}  // namespace coppice::server
