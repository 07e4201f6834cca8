#include "server/audit.h"

#include <cstring>

#include <capnp/message.h>

#include "schema/body_shape.h"

namespace coppice::server {
namespace {

void fill(audit::Entry::Builder to, const Asker& asker, std::int64_t now_us,
          const AuditEntry& entry) {
  to.setKind(entry.kind);
  to.setClient(asker.client.value);
  to.setOperation(asker.operation);
  to.setFirst(entry.first);
  to.setLast(entry.last);
  to.setTime(now_us);
  to.setClaimedTime(entry.claimed_time_us);
  to.setText(entry.text);
  auto items = to.initItems(static_cast<unsigned>(entry.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    items[i].setTree(entry.items[i].key.tree.value);
    items[i].setKey(entry.items[i].key.word.value);
    items[i].setToken(entry.items[i].token);
    items[i].setAction(entry.items[i].action);
    items[i].setState(entry.items[i].state);
    items[i].setEffects(entry.items[i].effects);
  }
}

}  // namespace

void write_audit(store::WriteTxn& txn, store::Table table, std::uint64_t number, const Asker& asker,
                 std::int64_t now_us, const AuditEntry& entry) {
  const std::size_t words = 32 + entry.text.size() / 8 + 4 * entry.items.size();
  capnp::MallocMessageBuilder message(static_cast<unsigned>(words));
  auto root = message.initRoot<audit::Entry>();
  fill(root, asker, now_us, entry);
  const auto segments = message.getSegmentsForOutput();
  if (segments.size() > 1) {
    txn.append(table, number, store::bytes_of(canonical_words(root.asReader())));
  } else {
    txn.append(table, number, std::as_bytes(std::span(segments[0].begin(), segments[0].size())));
  }
}

}  // namespace coppice::server
