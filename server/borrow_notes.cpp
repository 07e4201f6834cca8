#include "server/borrow_notes.h"

namespace coppice::server {
namespace {

AnyKey record_from(store::Bytes key) {
  return {TreeId{PairKey::first(key)}, KeyWord(RecordId{PairKey::second(key)}, Revision{0})};
}

PairKey key_of(AnyKey record) { return {record.tree.value, record.id().value}; }

HandOver hand_over_from(store::Bytes key, store::Bytes row) {
  RowReader reader(row);
  HandOver offer;
  offer.record = record_from(key);
  offer.token = reader.number<std::uint64_t>();
  offer.time_us = reader.number<std::int64_t>();
  offer.by = {reader.number<std::uint32_t>()};
  offer.user = reader.text();
  offer.reason = reader.text();
  return offer;
}

Nudge nudge_from(store::Bytes key, store::Bytes row) {
  RowReader reader(row);
  Nudge nudge;
  nudge.record = record_from(key);
  nudge.token = reader.number<std::uint64_t>();
  nudge.time_us = reader.number<std::int64_t>();
  nudge.by = {reader.number<std::uint32_t>()};
  nudge.text = reader.text();
  return nudge;
}

}  // namespace

std::optional<HandOver> BorrowNotes::hand_over(const store::Txn& txn, AnyKey record) const {
  // Every borrow that ends asks.
  if (txn.count(hand_overs_) == 0) return std::nullopt;
  const PairKey key = key_of(record);
  const auto row = txn.find(hand_overs_, key.bytes());
  if (!row) return std::nullopt;
  return hand_over_from(key.bytes(), *row);
}

std::vector<HandOver> BorrowNotes::hand_overs(const store::Txn& txn) const {
  std::vector<HandOver> offers;
  store::Cursor cursor(txn, hand_overs_);
  for (bool more = cursor.first(); more; more = cursor.next())
    offers.push_back(hand_over_from(cursor.key(), cursor.value()));
  return offers;
}

std::vector<HandOver> BorrowNotes::hand_overs_to(const store::Txn& txn,
                                                 const std::string& user) const {
  std::vector<HandOver> offers = hand_overs(txn);
  std::erase_if(offers, [&](const HandOver& offer) { return offer.user != user; });
  return offers;
}

void BorrowNotes::put(store::WriteTxn& txn, const HandOver& offer) const {
  RowWriter row;
  row.number(offer.token)
      .number(offer.time_us)
      .number(offer.by.value)
      .text(offer.user)
      .text(offer.reason);
  txn.put(hand_overs_, key_of(offer.record).bytes(), row.row());
}

bool BorrowNotes::erase_hand_over(store::WriteTxn& txn, AnyKey record) const {
  return txn.erase(hand_overs_, key_of(record).bytes());
}

std::optional<Nudge> BorrowNotes::nudge(const store::Txn& txn, AnyKey record) const {
  const PairKey key = key_of(record);
  const auto row = txn.find(nudges_, key.bytes());
  if (!row) return std::nullopt;
  return nudge_from(key.bytes(), *row);
}

std::vector<Nudge> BorrowNotes::nudges(const store::Txn& txn) const {
  std::vector<Nudge> nudges;
  store::Cursor cursor(txn, nudges_);
  for (bool more = cursor.first(); more; more = cursor.next())
    nudges.push_back(nudge_from(cursor.key(), cursor.value()));
  return nudges;
}

void BorrowNotes::put(store::WriteTxn& txn, const Nudge& nudge) const {
  RowWriter row;
  row.number(nudge.token).number(nudge.time_us).number(nudge.by.value).text(nudge.text);
  txn.put(nudges_, key_of(nudge.record).bytes(), row.row());
}

void BorrowNotes::erase_nudge(store::WriteTxn& txn, AnyKey record) const {
  if (txn.count(nudges_) > 0) txn.erase(nudges_, key_of(record).bytes());
}

}  // namespace coppice::server
