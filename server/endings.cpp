#include "server/endings.h"

#include "server/borrows.h"

namespace coppice::server {
namespace {

Ending ending_from(store::Bytes key, store::Bytes row) {
  RowReader reader(row);
  Ending ending;
  ending.holder = {static_cast<std::uint32_t>(PairKey::first(key))};
  ending.token = PairKey::second(key);
  ending.sequence = reader.number<std::uint64_t>();
  const TreeId tree{reader.number<std::uint64_t>()};
  ending.record = AnyKey(tree, KeyWord(RecordId{reader.number<std::uint64_t>()}, Revision{0}));
  ending.time_us = reader.number<std::int64_t>();
  ending.by = {reader.number<std::uint32_t>()};
  ending.how = static_cast<Ending::How>(reader.number<std::uint32_t>());
  ending.reason = reader.text();
  return ending;
}

}  // namespace

std::string sentence_of(const Ending& ending, const Holder& by) {
  std::string text = by.user + " on " + by.device;
  switch (ending.how) {
    case Ending::How::broken:
      text += " has broken this borrow of it";
      break;
    case Ending::How::taken_over:
      text += " has taken this borrow of it over";
      break;
    case Ending::How::handed_over:
      text += " was handed this borrow of it";
      break;
    case Ending::How::revoked:
      text += " has revoked this device";
      break;
  }
  return ending.reason.empty() ? text : text + ": " + ending.reason;
}

void Endings::put(store::WriteTxn& txn, const Ending& ending) const {
  RowWriter row;
  row.number(ending.sequence)
      .number(ending.record.tree.value)
      .number(ending.record.id().value)
      .number(ending.time_us)
      .number(ending.by.value)
      .number(static_cast<std::uint32_t>(ending.how))
      .text(ending.reason);
  txn.put(table_, PairKey(ending.holder.value, ending.token).bytes(), row.row());
}

std::vector<Ending> Endings::of(const store::Txn& txn, ClientNumber client) const {
  std::vector<Ending> all;
  store::Cursor cursor(txn, table_);
  for (bool more = cursor.seek(PairKey(client.value, 0).bytes());
       more && PairKey::first(cursor.key()) == client.value; more = cursor.next())
    all.push_back(ending_from(cursor.key(), cursor.value()));
  return all;
}

std::optional<Ending> Endings::find(const store::Txn& txn, ClientNumber client, AnyKey record,
                                    std::uint64_t token) const {
  std::optional<Ending> found;
  for (Ending& ending : of(txn, client)) {
    const bool meant = (token & kTokenOfOperation) != 0 || ending.token == token;
    if (meant && ending.record == record.record()) found = std::move(ending);
  }
  return found;
}

void Endings::forget_up_to(store::WriteTxn& txn, ClientNumber client,
                           std::uint64_t sequence) const {
  for (const Ending& ending : of(txn, client)) {
    if (ending.sequence <= sequence)
      txn.erase(table_, PairKey(ending.holder.value, ending.token).bytes());
  }
}

}  // namespace coppice::server
