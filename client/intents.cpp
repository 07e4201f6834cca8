#include "client/intents.h"

#include "client/stored_request.h"

namespace coppice::client {

std::vector<Intent> read_intents(const Replica& replica, const store::Txn& txn) {
  std::vector<Intent> intents;
  if (!replica.tables().intents) return intents;
  store::Cursor cursor(txn, *replica.tables().intents);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const auto request = txn.find(replica.tables().outbox, cursor.key_number());
    if (!request) continue;
    const StoredRequest stored(*request);
    // Work that was left behind is replaced under its number.
    if (!stored.reader().isTransaction()) continue;
    const auto transaction = stored.reader().getTransaction();
    for (const auto action : transaction.getActions()) {
      if (action.getKind() != protocol::Action::Kind::SET_STATE) continue;
      intents.push_back({.operation = cursor.key_number(),
                         .key = AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey())),
                         .from = action.getStateFrom(),
                         .to = action.getStateTo(),
                         .comment = transaction.getComment()});
    }
  }
  return intents;
}

}  // namespace coppice::client
