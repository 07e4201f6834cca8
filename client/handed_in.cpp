#include "client/handed_in.h"

#include "client/stored_request.h"

namespace coppice::client {
namespace {

HandedIn handed_in(RecordView record) {
  return {{record.body().begin(), record.body().end()}, record.header().schema_version};
}

// What a draft starts as.
HandedIn released_before(const store::RecordTree& tree, const store::Txn& txn, KeyWord draft) {
  for (std::uint32_t number = draft.revision().value; number-- > 1;) {
    auto earlier = tree.find(txn, KeyWord(draft.id(), Revision{number}));
    if (earlier && earlier->header().released()) return handed_in(*earlier);
  }
  return {};
}

}  // namespace

HandedIn handed_in_body(const Replica& replica, const store::Txn& txn, AnyKey key) {
  const store::RecordTree* tree = replica.tree(key.tree);
  auto shown = tree ? tree->find(txn, key.word) : std::nullopt;
  if (!shown) return {};
  if (!LocalMark::is_edited(shown->header())) return handed_in(*shown);
  if (auto operation = LocalMark::operation(shown->header()); operation != 0) {
    auto request = txn.find(replica.tables().outbox, operation);
    if (!request) return {};
    StoredRequest stored(*request);
    if (auto found = stored.body_of(key)) {
      return {{found->body.begin(), found->body.end()},
              replica.version_in_request(txn, operation, key.tree, found->schema_version)};
    }
  }
  // The operation handed in no body (a release, a state): the authority's is the last.
  auto base = txn.find(replica.tables().bases, PairKey(key).bytes());
  if (base) return handed_in(store::stored_record(*base));
  // It was made by a next revision whose answer has not come.
  return released_before(*tree, txn, key.word);
}

}  // namespace coppice::client
