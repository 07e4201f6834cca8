#include "server/record_request.h"

#include "server/creates.h"

namespace coppice::server {
namespace {

AnyKey name_of(protocol::RecordName::Reader name) {
  return {TreeId{name.getTree()}, KeyWord(RecordId{name.getId()}, Revision{0})};
}

}  // namespace

std::string who(const Holder& holder) { return holder.user + " on " + holder.device; }

bool RecordRequest::fits(const char* what, std::size_t size, std::size_t limit) {
  if (size <= limit) return true;
  refuse(error(Errc::bad_request, "The request has " + std::to_string(size) + " " + what +
                                      ", and the limit is " + std::to_string(limit) + "."));
  return false;
}

std::optional<std::set<AnyKey>> RecordRequest::names_of(Names records, std::size_t count_max) {
  if (!fits("records", records.size(), count_max)) return std::nullopt;
  std::set<AnyKey> names;
  for (const auto record : records) {
    if (record.getId() == 0 || record.getId() > kRecordIdMax) {
      refuse(error(Errc::bad_request, std::to_string(record.getId()) + " is no id of a record."));
      return std::nullopt;
    }
    names.insert(name_of(record));
  }
  return names;
}

std::optional<std::map<AnyKey, std::uint64_t>> RecordRequest::grants_of(
    Names records, capnp::List<std::uint64_t>::Reader tokens) {
  if (!names_of(records, kReasonsMax)) return std::nullopt;
  if (tokens.size() != 0 && tokens.size() != records.size()) {
    refuse(error(Errc::bad_request, "The request names one token for each record, or none."));
    return std::nullopt;
  }
  std::map<AnyKey, std::uint64_t> grants;
  for (unsigned i = 0; i < records.size(); ++i)
    grants[name_of(records[i])] = tokens.size() == 0 ? 0 : tokens[i];
  return grants;
}

std::optional<RecordRequest::Wanted> RecordRequest::look_up(AnyKey record) {
  Wanted wanted;
  wanted.record = record;
  wanted.tree = ledger_.tree(record.tree);
  if (wanted.tree == nullptr) {
    refuse(error(Errc::unknown_tree, "This database has no tree " + ledger_.name(record) + ".",
                 record));
    return std::nullopt;
  }
  const auto head = wanted.tree->records.head(ledger_.txn(), record.id());
  if (!head) {
    refuse(error(Errc::unknown_record, "There is no record " + ledger_.name(record) + ".", record));
    return std::nullopt;
  }
  wanted.head = head->key;
  wanted.header = head->record.header();
  // A removed later revision is only a spent number: what was released before it lives on.
  if (wanted.header.removed() && head->key.revision().value == 1) {
    Error removed = error(Errc::removed, ledger_.name(record) + " was removed.", record);
    removed.actual = wanted.header.sequence;
    refuse(std::move(removed));
    return std::nullopt;
  }
  wanted.borrow = ledger_.borrows().find(ledger_.txn(), record);
  return wanted;
}

bool RecordRequest::permitted(Right right, AnyKey record) {
  auto lacking = ledger_.lacks(asker_.client, right, record);
  if (!lacking) return true;
  refuse(std::move(*lacking));
  return false;
}

void RecordRequest::judge_writers(Names records) {
  for (const auto record : records) {
    const AnyKey name = name_of(record);
    const Ledger::Tree* tree = ledger_.tree(name.tree);
    if (!tree) continue;
    if (auto old = too_old_to_write(ledger_, *tree->info, record.getSchemaVersion(), name))
      refuse(std::move(*old));
  }
}

std::optional<Borrow> RecordRequest::terms_of(capnp::Text::Reader purpose,
                                              std::int64_t expected_return_us) {
  if (!fits("bytes of purpose", purpose.size(), kPurposeBytesMax)) return std::nullopt;
  Borrow terms;
  terms.operation = asker_.operation;
  terms.since_us = ledger_.now_us();
  terms.expected_return_us = expected_return_us;
  terms.client = asker_.client;
  terms.purpose = purpose;
  return terms;
}

Grant RecordRequest::grant(const Wanted& wanted, const Borrow& terms) {
  Borrow borrow = terms;
  borrow.token = ledger_.token_after(0);
  ledger_.use_tokens(1);
  RecordHeader header = wanted.header;
  header.token = borrow.token;
  header.borrower = borrow.client.value;
  header.changed_us = ledger_.now_us();
  ledger_.restamp(*wanted.tree, wanted.head, header);
  ledger_.begin_borrow(wanted.record, borrow);
  ledger_.lines().taken(wanted.record, borrow.client);
  return {wanted.record, borrow.token, ledger_.head(), borrow.since_us};
}

std::uint64_t RecordRequest::end_borrow(AnyKey record, Ledger::By by) {
  Ledger::Tree& tree = *ledger_.tree(record.tree);
  const auto head = tree.records.head(ledger_.txn(), record.id());
  RecordHeader header = head->record.header();
  const std::uint64_t token = std::exchange(header.token, 0);
  header.borrower = 0;
  header.changed_us = ledger_.now_us();
  ledger_.restamp(tree, head->key, header);
  ledger_.end_borrow(record, by);
  ledger_.lines().freed(record, ledger_.now_us());
  return token;
}

}  // namespace coppice::server
