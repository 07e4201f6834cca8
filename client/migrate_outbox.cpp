#include "client/migrate_outbox.h"

#include "client/convert.h"
#include "client/stored_request.h"

namespace coppice::client {
namespace {

// A body of a request, as it will be.
struct Converted {
  unsigned action;
  AnyKey key;
  std::vector<std::uint64_t> body;
};

bool has_old_body(const Reading& reading, protocol::Action::Reader action) {
  const TreeId tree{action.getTree()};
  // A program that is ahead lets the server have what an earlier one wrote.
  return action.getBody().size() > 0 && !reading.is_ahead(tree) &&
         reading.is_old(tree, action.getSchemaVersion());
}

// Nothing if there is nothing to convert, or one of the bodies cannot be converted.
std::vector<Converted> converted_bodies(const Reading& reading, protocol::Request::Reader request) {
  std::vector<Converted> all;
  if (!request.isTransaction()) return all;
  const auto actions = request.getTransaction().getActions();
  for (unsigned i = 0; i < actions.size(); ++i) {
    if (!has_old_body(reading, actions[i])) continue;
    const AnyKey key(TreeId{actions[i].getTree()}, KeyWord(actions[i].getKey()));
    const std::span body(reinterpret_cast<const std::uint64_t*>(actions[i].getBody().begin()),
                         actions[i].getBody().size() / 8);
    auto made = reading.convert(key, actions[i].getSchemaVersion(), body);
    if (!made) return {};
    all.push_back({i, key, std::move(*made)});
  }
  return all;
}

// The tree shows what the request hands in, unless it was edited since.
void show(ReplicaWriter& writer, std::uint64_t operation, const Converted& converted,
          std::uint32_t version) {
  const auto current = writer.visible(converted.key);
  if (!current || current->header().removed()) return;
  RecordHeader header = current->header();
  if (LocalMark::operation(header) != operation || LocalMark::is_edited(header)) return;
  header.schema_version = version;
  writer.show(converted.key, header, converted.body);
}

void migrate_request(ReplicaWriter& writer, std::uint64_t operation) {
  capnp::MallocMessageBuilder message;
  std::vector<Converted> all;
  {
    const StoredRequest stored(*writer.txn().find(writer.replica().tables().outbox, operation));
    all = converted_bodies(*writer.replica().reading(), stored.reader());
    if (all.empty()) return;
    message.initRoot<protocol::ToServer>().setRequest(stored.reader());
  }
  auto actions = message.getRoot<protocol::ToServer>().getRequest().getTransaction().getActions();
  for (const Converted& one : all) {
    const std::uint32_t version = writer.replica().writes_by(one.key.tree);
    actions[one.action].setBody(
        kj::arrayPtr(reinterpret_cast<const capnp::byte*>(one.body.data()), 8 * one.body.size()));
    actions[one.action].setSchemaVersion(version);
    show(writer, operation, one, version);
  }
  writer.txn().put(writer.replica().tables().outbox, operation, to_frame(message).bytes());
}

}  // namespace

void migrate_outbox(ReplicaWriter& writer, std::uint64_t executed) {
  std::vector<std::uint64_t> operations;
  {
    store::Cursor cursor(writer.txn(), writer.replica().tables().outbox);
    for (bool more = cursor.seek(executed + 1); more; more = cursor.next()) {
      operations.push_back(cursor.key_number());
    }
  }
  for (std::uint64_t operation : operations) migrate_request(writer, operation);
}

}  // namespace coppice::client
