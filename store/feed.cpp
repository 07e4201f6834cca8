#include "store/feed.h"

#include <cstring>

namespace coppice::store {
namespace {

AnyKey key_from(Bytes value) {
  std::uint64_t words[2];
  if (value.size() != sizeof words) throw CorruptionError("An entry of the feed is damaged.");
  std::memcpy(words, value.data(), sizeof words);
  return AnyKey(TreeId{words[0]}, KeyWord(words[1]));
}

}  // namespace

void Feed::advance(WriteTxn& txn, std::uint64_t previous, std::uint64_t sequence,
                   AnyKey key) const {
  if (previous != 0) txn.erase(table_, previous);
  std::uint64_t words[2] = {key.tree.value, key.word.value};
  txn.append(table_, sequence, bytes_of(words));
}

std::optional<AnyKey> Feed::at(const Txn& txn, std::uint64_t sequence) const {
  auto value = txn.find(table_, sequence);
  if (!value) return std::nullopt;
  return key_from(*value);
}

AnyKey Feed::Walk::key() const { return key_from(cursor_.value()); }

}  // namespace coppice::store
