#include "server/borrows.h"

namespace coppice::server {

bool Borrow::named_by(std::uint64_t said, ClientNumber by) const {
  if (by != client) return false;
  if (said & kTokenOfOperation) return operation <= (said & ~kTokenOfOperation);
  return said == token;
}

std::optional<Borrow> Borrows::find(const store::Txn& txn, AnyKey record) const {
  const auto row = txn.find(table_, PairKey(record.tree.value, record.id().value).bytes());
  if (!row) return std::nullopt;
  return parse(*row);
}

void Borrows::put(store::WriteTxn& txn, AnyKey record, const Borrow& borrow) const {
  RowWriter row;
  row.number(borrow.token)
      .number(borrow.operation)
      .number(borrow.since_us)
      .number(borrow.expected_return_us)
      .number(borrow.client.value)
      .text(borrow.purpose);
  if (borrow.overdue_us != 0) row.number(borrow.overdue_us).number(borrow.overdue_uptime_us);
  txn.put(table_, PairKey(record.tree.value, record.id().value).bytes(), row.row());
}

void Borrows::erase(store::WriteTxn& txn, AnyKey record) const {
  txn.erase(table_, PairKey(record.tree.value, record.id().value).bytes());
}

Borrow Borrows::parse(store::Bytes row) {
  RowReader reader(row);
  Borrow borrow;
  borrow.token = reader.number<std::uint64_t>();
  borrow.operation = reader.number<std::uint64_t>();
  borrow.since_us = reader.number<std::int64_t>();
  borrow.expected_return_us = reader.number<std::int64_t>();
  borrow.client = {reader.number<std::uint32_t>()};
  borrow.purpose = reader.text();
  if (reader.rest().empty()) return borrow;
  borrow.overdue_us = reader.number<std::int64_t>();
  borrow.overdue_uptime_us = reader.number<std::int64_t>();
  return borrow;
}

}  // namespace coppice::server
