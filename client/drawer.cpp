#include "client/drawer.h"

#include <capnp/message.h>

#include "client/convert.h"
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

// The schema that was kept with it; empty: the catalogue has it.
std::vector<std::uint64_t> schema_in(stored::Conflict::Reader conflict, TreeId tree) {
  for (auto schema : conflict.getSchemas()) {
    if (schema.getTree() == tree.value) return canonical_words(schema);
  }
  return {};
}

// The body as the program knows it; as it is stored, where that cannot be.
Conflict::Item to_item(const Reading& reading, stored::Conflict::Reader stored,
                       protocol::Action::Reader action) {
  Conflict::Item item;
  item.key = AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey()));
  item.action = action_name(action.getKind());
  item.mine = words_of(action.getBody());
  item.state_from = action.getStateFrom();
  item.state_to = action.getStateTo();
  item.schema_version = action.getSchemaVersion();
  if (item.schema_version == 0) item.schema = schema_in(stored, item.key.tree);
  if (item.mine.empty() || !item.schema.empty()) return item;
  if (!reading.is_old(item.key.tree, item.schema_version)) return item;
  if (auto body = reading.convert(item.key, item.schema_version, item.mine)) {
    item.mine = std::move(*body);
    item.schema_version = reading.catalogue()->find(item.key.tree)->version();
  }
  return item;
}

// Of the same generation as `mine`, or empty.
std::vector<std::uint64_t> base_of(const Reading& reading, const Conflict::Item& item,
                                   stored::Conflict::Base::Reader base) {
  const auto value = words_of(base.getValue());
  const auto stored = RecordView::parse(std::as_bytes(std::span(value)));
  if (!stored || !item.schema.empty()) return {};
  std::vector<std::uint64_t> room;
  const auto record = reading.readable(item.key, *stored, room);
  if (!record || reading.is_old(item.key.tree, item.schema_version)) return {};
  return {record->body().begin(), record->body().end()};
}

Conflict to_conflict(const Reading& reading, std::uint64_t number,
                     stored::Conflict::Reader stored) {
  Conflict conflict;
  conflict.number = number;
  conflict.comment = stored.getTransaction().getComment();
  for (auto reason : stored.getReasons()) conflict.reasons.push_back(to_error(reason));
  for (auto action : stored.getTransaction().getActions()) {
    Conflict::Item item = to_item(reading, stored, action);
    for (auto base : stored.getBases()) {
      const bool same = base.getTree() == action.getTree() && base.getKey() == action.getKey();
      if (same) item.base = base_of(reading, item, base);
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
  for (auto action : conflict.getTransaction().getActions()) {
    if (action.getBody().size() == 0) continue;
    action.setSchemaVersion(writer.replica().version_in_request(
        writer.txn(), operation, TreeId{action.getTree()}, action.getSchemaVersion()));
  }
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

void keep_shelf_as_conflict(ReplicaWriter& writer, const ShelvedWork& work, const Error& why) {
  capnp::MallocMessageBuilder message;
  auto conflict = message.initRoot<stored::Conflict>();
  auto action = conflict.initTransaction().initActions(1)[0];
  action.setKind(protocol::Action::Kind::CHECK_IN);
  action.setTree(work.key.tree.value);
  action.setKey(work.key.word.value);
  action.setBaseIteration(work.base_iteration);
  action.setSchemaVersion(work.schema_version);
  action.setBody(data_of(std::as_bytes(work.body)));
  put_conflict(writer, conflict, {why});
}

namespace {

// Trees of bodies without a version whose schema is not kept with the conflict yet.
std::vector<TreeInfoPtr> schemas_lacking(stored::Conflict::Reader conflict,
                                         const std::map<TreeId, TreeInfoPtr>& schemas) {
  std::map<TreeId, TreeInfoPtr> lacking;
  for (auto action : conflict.getTransaction().getActions()) {
    const TreeId tree{action.getTree()};
    const bool unnumbered = action.getSchemaVersion() == 0 && action.getBody().size() > 0;
    if (unnumbered && schemas.contains(tree) && schema_in(conflict, tree).empty())
      lacking.emplace(tree, schemas.at(tree));
  }
  std::vector<TreeInfoPtr> infos;
  for (auto& [id, info] : lacking) infos.push_back(std::move(info));
  return infos;
}

// The row with these schemas beside those it has.
std::vector<std::uint64_t> with_schemas(stored::Conflict::Reader conflict,
                                        const std::vector<TreeInfoPtr>& added) {
  capnp::MallocMessageBuilder message;
  message.setRoot(conflict);
  const auto before = conflict.getSchemas();
  auto schemas = message.getRoot<stored::Conflict>().initSchemas(
      before.size() + static_cast<unsigned>(added.size()));
  for (unsigned i = 0; i < schemas.size(); ++i) {
    schemas.setWithCaveats(i, i < before.size() ? before[i] : added[i - before.size()]->schema());
  }
  return canonical_words(message.getRoot<stored::Conflict>().asReader());
}

}  // namespace

void keep_schemas_in_drawer(ReplicaWriter& writer, const std::map<TreeId, TreeInfoPtr>& schemas) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> rows;
  {
    store::Cursor cursor(writer.txn(), writer.replica().tables().drawer);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const auto conflict = capnp::readMessageUnchecked<stored::Conflict>(
          reinterpret_cast<const capnp::word*>(cursor.value().data()));
      const auto lacking = schemas_lacking(conflict, schemas);
      if (!lacking.empty()) rows.emplace(cursor.key_number(), with_schemas(conflict, lacking));
    }
  }
  for (const auto& [number, words] : rows)
    writer.txn().put(writer.replica().tables().drawer, number, store::bytes_of(words));
}

std::vector<Conflict> read_drawer(const Replica& replica, const store::Txn& txn) {
  std::vector<Conflict> conflicts;
  const auto reading = replica.reading();
  store::Cursor cursor(txn, replica.tables().drawer);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    auto root = capnp::readMessageUnchecked<stored::Conflict>(
        reinterpret_cast<const capnp::word*>(cursor.value().data()));
    conflicts.push_back(to_conflict(*reading, cursor.key_number(), root));
  }
  return conflicts;
}

std::optional<StoredConflict> find_in_drawer(const Replica& replica, const store::Txn& txn,
                                             std::uint64_t number) {
  const auto value = txn.find(replica.tables().drawer, number);
  if (!value) return std::nullopt;
  const auto root = capnp::readMessageUnchecked<stored::Conflict>(
      reinterpret_cast<const capnp::word*>(value->data()));
  return StoredConflict{to_conflict(*replica.reading(), number, root), root};
}

bool discard_from_drawer(Replica& replica, std::uint64_t number) {
  return replica.database().write(
      [&](store::WriteTxn& txn) { return txn.erase(replica.tables().drawer, number); });
}

}  // namespace coppice::client
