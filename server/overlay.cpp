#include "server/overlay.h"

#include "coppice/check.h"

namespace coppice::server {

Overlay::Record* Overlay::record(AnyKey name) {
  if (const auto known = records_.find(name); known != records_.end()) return &known->second;
  Ledger::Tree* tree = ledger_.tree(name.tree);
  if (tree == nullptr) return nullptr;
  Record record;
  record.name = name;
  record.tree = tree;
  if (const auto head = tree->records.head(ledger_.txn(), name.id())) {
    record.head = revision(*tree, AnyKey(name.tree, head->key));
    record.stored_borrow = ledger_.borrows().find(ledger_.txn(), name);
    record.borrow = record.stored_borrow;
  }
  return &records_.emplace(name, std::move(record)).first->second;
}

Overlay::Revision* Overlay::revision(Ledger::Tree& tree, AnyKey key) {
  if (const auto known = revisions_.find(key); known != revisions_.end()) return &known->second;
  const auto stored = tree.records.find(ledger_.txn(), key.word);
  if (!stored) return nullptr;
  Revision revision;
  revision.key = key;
  revision.header = stored->header();
  revision.stored = stored->header();
  revision.body = stored->body();
  return &revisions_.emplace(key, revision).first->second;
}

Overlay::Revision& Overlay::add(Record& record, AnyKey key, const RecordHeader& header,
                                std::span<const std::uint64_t> body) {
  Revision added;
  added.key = key;
  added.header = header;
  Revision& revision = revisions_.emplace(key, added).first->second;
  set_body(revision, body);
  record.head = &revision;
  return revision;
}

Overlay::Revision& Overlay::touch(Revision& revision) {
  if (!revision.touched) touched_.push_back(&revision);
  revision.touched = true;
  return revision;
}

void Overlay::set_body(Revision& revision, std::span<const std::uint64_t> body) {
  touch(revision).body = body;
  revision.body_changed = true;
}

std::span<const std::uint64_t> Overlay::keep(std::span<const std::uint64_t> words) {
  return kept_.emplace_back(words.begin(), words.end());
}

void Overlay::grant(Record& record, Borrow borrow) {
  Revision& head = touch(*record.head);
  head.header.token = borrow.token;
  head.header.borrower = borrow.client.value;
  record.borrow = std::move(borrow);
  borrows_.push_back(&record);
}

void Overlay::end_borrow(Record& record) {
  Revision& head = touch(*record.head);
  head.header.token = 0;
  head.header.borrower = 0;
  record.borrow.reset();
  borrows_.push_back(&record);
}

std::vector<Grant> Overlay::write() {
  for (Revision* revision : touched_) write(*revision);
  std::vector<Grant> grants;
  for (Record* record : borrows_) {
    // Twice in the list: granted and ended in this transaction.
    if (record->borrow == record->stored_borrow) continue;
    write_borrow(*record);
    if (!record->borrow) continue;
    grants.push_back({record->name, record->borrow->token, record->head->header.sequence,
                      record->borrow->since_us});
  }
  return grants;
}

void Overlay::write(Revision& revision) {
  RecordHeader& header = revision.header;
  if (!revision.body_changed && revision.stored == header) return;
  Ledger::Tree& tree = *ledger_.tree(revision.key.tree);
  header.changed_us = ledger_.now_us();
  const bool hash_appears = revision.stored && header.released() && !revision.stored->released();
  if (!revision.body_changed && !hash_appears) {
    ledger_.restamp(tree, revision.key.word, header);
    header.sequence = ledger_.head();
    return;
  }
  // A stored body is a view that the write below makes invalid.
  if (!revision.body_changed)
    revision.body = keep(tree.records.find(ledger_.txn(), revision.key.word)->body());
  header.sequence = ledger_.next_sequence();
  if (revision.body_changed) header.body_sequence = header.sequence;
  header.flags &= static_cast<std::uint16_t>(~RecordHeader::kFresh);
  if (revision.body_changed && ledger_.indexed(revision.key.tree)) {
    const auto before = tree.records.find(ledger_.txn(), revision.key.word);
    ledger_.index(revision.key, before ? before->body() : std::span<const std::uint64_t>{},
                  revision.body);
  }
  tree.records.put(ledger_.txn(), revision.key.word, header, revision.body);
  if (tree.last < revision.key.word) tree.last = revision.key.word;
  ledger_.feed(revision.key, revision.stored ? revision.stored->sequence : 0, header.sequence);
}

void Overlay::write_borrow(Record& record) {
  if (record.borrow) {
    ledger_.begin_borrow(record.name, *record.borrow);
  } else {
    ledger_.end_borrow(record.name, Ledger::By::holder);
    // A removed later revision is only a spent number; the record lives on.
    if (record.head->header.removed() && record.head->key.revision().value == 1) {
      ledger_.lines().drop(record.name);
    } else {
      ledger_.lines().freed(record.name, ledger_.now_us());
    }
  }
  // What was written is what is stored, should the record be in the list once more.
  record.stored_borrow = record.borrow;
}

}  // namespace coppice::server
