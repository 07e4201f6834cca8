#include "client/unfinished.h"

#include "client/drawer.h"
#include "client/intents.h"
#include "client/stored_request.h"

namespace coppice::client {
namespace {

using Kind = Unfinished::Kind;

std::string records(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " record" : " records");
}

// What is edited is borrowed.
void add_edits(const Replica& replica, const store::Txn& txn, std::size_t count_max,
               std::vector<Unfinished>& all) {
  store::Cursor cursor(txn, replica.tables().borrows);
  for (bool more = cursor.first(); more && all.size() < count_max; more = cursor.next()) {
    const AnyKey record = PairKey::parse(cursor.key());
    const auto* tree = replica.tree(record.tree);
    const auto head = tree ? tree->head(txn, record.id()) : std::nullopt;
    if (!head || !LocalMark::is_edited(head->record.header())) continue;
    all.push_back({Kind::edited, 0, AnyKey(record.tree, head->key), "not checked in"});
  }
}

Unfinished of_transaction(protocol::Transaction::Reader transaction) {
  Unfinished one{.kind = Kind::waiting};
  const auto actions = transaction.getActions();
  if (actions.size() > 0)
    one.key = AnyKey(TreeId{actions[0].getTree()}, KeyWord(actions[0].getKey()));
  one.what = records(actions.size());
  if (transaction.getComment().size() > 0) one.what += ": " + std::string(transaction.getComment());
  return one;
}

Unfinished of_request(protocol::Request::Reader request) {
  switch (request.which()) {
    case protocol::Request::TRANSACTION:
      return of_transaction(request.getTransaction());
    case protocol::Request::BORROW:
      return {.kind = Kind::waiting,
              .what = "borrow " + records(request.getBorrow().getRecords().size())};
    case protocol::Request::GIVE_BACK:
      return {.kind = Kind::waiting,
              .what = "return " + records(request.getGiveBack().getRecords().size())};
    case protocol::Request::LEASE:
      return {.kind = Kind::waiting, .what = "lease of ids"};
    default:
      return {.kind = Kind::waiting, .what = "a question to the server"};
  }
}

void add_outbox(const Replica& replica, const store::Txn& txn, std::size_t count_max,
                std::vector<Unfinished>& all) {
  std::size_t count = 0;
  store::Cursor cursor(txn, replica.tables().outbox);
  for (bool more = cursor.first(); more && count < count_max; more = cursor.next(), ++count) {
    Unfinished one = of_request(StoredRequest(cursor.value()).reader());
    one.number = cursor.key_number();
    const auto& intents = replica.tables().intents;
    if (intents && txn.find(*intents, one.number)) one.kind = Kind::intent;
    all.push_back(std::move(one));
  }
}

void add_conflicts(const Replica& replica, const store::Txn& txn, std::size_t count_max,
                   std::vector<Unfinished>& all) {
  for (const Conflict& conflict : read_drawer(replica, txn)) {
    if (count_max-- == 0) return;
    Unfinished one{.kind = Kind::conflict, .number = conflict.number};
    if (!conflict.items.empty()) one.key = conflict.items.front().key;
    one.what = records(conflict.items.size());
    if (!conflict.reasons.empty()) one.what += ": " + conflict.reasons.front().message;
    all.push_back(std::move(one));
  }
}

}  // namespace

std::vector<Unfinished> read_unfinished(const Replica& replica, const store::Txn& txn,
                                        std::size_t count_max) {
  std::vector<Unfinished> all;
  add_edits(replica, txn, count_max, all);
  add_outbox(replica, txn, count_max, all);
  add_conflicts(replica, txn, count_max, all);
  return all;
}

}  // namespace coppice::client
