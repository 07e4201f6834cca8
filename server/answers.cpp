#include "server/answers.h"

#include <algorithm>
#include <cstring>

namespace coppice::server {

std::optional<Answers::Stored> Answers::find(const store::Txn& txn, ClientNumber client,
                                             std::uint64_t operation) const {
  const auto row = txn.find(table_, PairKey(client.value, operation).bytes());
  if (!row) return std::nullopt;
  RowReader reader(*row);
  Stored stored;
  stored.request_hash = reader.number<std::uint64_t>();
  stored.answer.resize(reader.rest().size() / 8);
  std::memcpy(stored.answer.data(), reader.rest().data(), 8 * stored.answer.size());
  return stored;
}

void Answers::put(store::WriteTxn& txn, ClientNumber client, std::uint64_t operation,
                  std::uint64_t request_hash, std::span<const std::uint64_t> answer) const {
  RowWriter row;
  row.number(request_hash).raw(store::bytes_of(answer));
  txn.put(table_, PairKey(client.value, operation).bytes(), row.row());
}

void Answers::forget_up_to(store::WriteTxn& txn, Client& client, std::uint64_t mark) const {
  mark = std::min(mark, client.last_operation);
  while (client.acknowledged < mark) {
    ++client.acknowledged;
    txn.erase(table_, PairKey(client.number.value, client.acknowledged).bytes());
  }
}

}  // namespace coppice::server
