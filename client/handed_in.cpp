#include "client/handed_in.h"

#include "client/stored_request.h"

namespace coppice::client {
namespace {

std::vector<std::uint64_t> words_of(std::span<const std::uint64_t> body) {
  return {body.begin(), body.end()};
}

// What a draft starts as.
std::vector<std::uint64_t> released_before(const store::RecordTree& tree, const store::Txn& txn,
                                           KeyWord draft) {
  for (std::uint32_t number = draft.revision().value; number-- > 1;) {
    auto earlier = tree.find(txn, KeyWord(draft.id(), Revision{number}));
    if (earlier && earlier->header().released()) return words_of(earlier->body());
  }
  return {};
}

}  // namespace

std::vector<std::uint64_t> handed_in_body(const Replica& replica, const store::Txn& txn,
                                          AnyKey key) {
  const store::RecordTree* tree = replica.tree(key.tree);
  auto shown = tree ? tree->find(txn, key.word) : std::nullopt;
  if (!shown) return {};
  if (!LocalMark::is_edited(shown->header())) return words_of(shown->body());
  if (auto operation = LocalMark::operation(shown->header()); operation != 0) {
    auto request = txn.find(replica.tables().outbox, operation);
    if (!request) return {};
    StoredRequest stored(*request);
    if (auto body = stored.body_of(key)) return words_of(*body);
  }
  // The operation handed in no body (a release, a state): the authority's is the last.
  auto base = txn.find(replica.tables().bases, PairKey(key).bytes());
  if (base) return words_of(store::stored_record(*base).body());
  // It was made by a next revision whose answer has not come.
  return released_before(*tree, txn, key.word);
}

}  // namespace coppice::client
