#include "client/drawer.h"

#include <capnp/message.h>

#include "client/convert.h"
#include "client/drawer.capnp.h"
#include "client/stored_request.h"
#include "schema/body_shape.h"

namespace coppice::client {
namespace {

kj::ArrayPtr<const capnp::byte> data_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const capnp::byte*>(bytes.data()), bytes.size()};
}

std::vector<std::uint64_t> words_of(capnp::Data::Reader data) {
  std::vector<std::uint64_t> words(data.size() / 8);
  if (!words.empty()) std::memcpy(words.data(), data.begin(), words.size() * 8);
  return words;
}

// The authority's values of the records that the transaction names.
void set_bases(ReplicaWriter& writer, stored::Conflict::Builder conflict) {
  struct Base {
    AnyKey key;
    std::vector<std::byte> value;
  };
  std::vector<Base> bases;
  for (auto action : conflict.asReader().getTransaction().getActions()) {
    AnyKey key(TreeId{action.getTree()}, KeyWord(action.getKey()));
    auto authority = writer.base(key);
    if (!authority) {
      auto shown = writer.visible(key);
      if (shown && !LocalMark::is_local(shown->header())) authority = shown;
    }
    if (authority) bases.push_back({key, {authority->value().begin(), authority->value().end()}});
  }
  auto list = conflict.initBases(static_cast<unsigned>(bases.size()));
  for (unsigned i = 0; i < bases.size(); ++i) {
    list[i].setTree(bases[i].key.tree.value);
    list[i].setKey(bases[i].key.word.value);
    list[i].setValue(data_of(bases[i].value));
  }
}

void put_conflict(ReplicaWriter& writer, stored::Conflict::Builder conflict,
                  const std::vector<Error>& reasons) {
  set_bases(writer, conflict);
  auto list = conflict.initReasons(static_cast<unsigned>(reasons.size()));
  for (unsigned i = 0; i < reasons.size(); ++i) set_refusal(list[i], reasons[i]);
  const std::uint64_t number = writer.meta().number(writer.txn(), fact::kConflictNumber) + 1;
  writer.meta().set_number(writer.txn(), fact::kConflictNumber, number);
  auto words = canonical_words(conflict.asReader());
  writer.txn().append(writer.replica().tables().drawer, number, store::bytes_of(words));
  Event event;
  event.kind = Event::Kind::conflict;
  event.origin = Event::Origin::local;
  event.operation = conflict.getOperation();
  event.error = combine(reasons);
  event.key = event.error.key;
  writer.tell(std::move(event));
}

const char* action_name(protocol::Action::Kind kind) {
  switch (kind) {
    case protocol::Action::Kind::CREATE:
      return "create";
    case protocol::Action::Kind::CHECK_IN:
      return "check in";
    case protocol::Action::Kind::RELEASE:
      return "release";
    case protocol::Action::Kind::NEXT_REVISION:
      return "next revision";
    case protocol::Action::Kind::SET_STATE:
      return "set state";
    case protocol::Action::Kind::REMOVE:
      return "remove";
  }
  return "unknown";
}

Conflict to_conflict(std::uint64_t number, stored::Conflict::Reader stored) {
  Conflict conflict;
  conflict.number = number;
  conflict.comment = stored.getTransaction().getComment();
  for (auto reason : stored.getReasons()) conflict.reasons.push_back(to_error(reason));
  for (auto action : stored.getTransaction().getActions()) {
    Conflict::Item item;
    item.key = AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey()));
    item.action = action_name(action.getKind());
    item.mine = words_of(action.getBody());
    for (auto base : stored.getBases()) {
      if (base.getTree() != action.getTree() || base.getKey() != action.getKey()) continue;
      auto value = words_of(base.getValue());
      if (auto record = RecordView::parse(std::as_bytes(std::span(value)))) {
        item.base.assign(record->body().begin(), record->body().end());
      }
    }
    conflict.items.push_back(std::move(item));
  }
  return conflict;
}

}  // namespace

void keep_request_as_conflict(ReplicaWriter& writer, std::uint64_t operation,
                              const std::vector<Error>& reasons) {
  capnp::MallocMessageBuilder message;
  auto conflict = message.initRoot<stored::Conflict>();
  conflict.setOperation(operation);
  conflict.setTransaction(
      StoredRequest(*writer.txn().find(writer.replica().tables().outbox, operation))
          .reader()
          .getTransaction());
  put_conflict(writer, conflict, reasons);
}

void keep_edit_as_conflict(ReplicaWriter& writer, AnyKey key, RecordView mine, const Error& why) {
  capnp::MallocMessageBuilder message;
  auto conflict = message.initRoot<stored::Conflict>();
  auto action = conflict.initTransaction().initActions(1)[0];
  action.setKind(protocol::Action::Kind::CHECK_IN);
  action.setTree(key.tree.value);
  action.setKey(key.word.value);
  action.setToken(mine.header().token);
  action.setBaseIteration(mine.header().iteration);
  action.setSchemaVersion(mine.header().schema_version);
  action.setBody(data_of(std::as_bytes(mine.body())));
  put_conflict(writer, conflict, {why});
}

std::vector<Conflict> read_drawer(const Replica& replica, const store::Txn& txn) {
  std::vector<Conflict> conflicts;
  store::Cursor cursor(txn, replica.tables().drawer);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    auto root = capnp::readMessageUnchecked<stored::Conflict>(
        reinterpret_cast<const capnp::word*>(cursor.value().data()));
    conflicts.push_back(to_conflict(cursor.key_number(), root));
  }
  return conflicts;
}

bool discard_from_drawer(Replica& replica, std::uint64_t number) {
  return replica.database().write(
      [&](store::WriteTxn& txn) { return txn.erase(replica.tables().drawer, number); });
}

}  // namespace coppice::client
