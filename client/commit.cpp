#include "client/commit.h"

#include "client/convert.h"
#include "client/handed_in.h"
#include "client/replica_writer.h"

namespace coppice::client {
namespace {

void put_request(ReplicaWriter& writer, std::uint64_t operation, const wire::Frame& frame) {
  writer.txn().append(writer.replica().tables().outbox, operation, frame.bytes());
  writer.meta().set_number(writer.txn(), fact::kLastOperation, operation);
}

std::uint64_t next_operation(Replica& replica) {
  auto txn = replica.database().read();
  return replica.database().meta().number(txn, fact::kLastOperation) + 1;
}

void put_work(ReplicaWriter& writer, const Work& work, std::uint64_t operation,
              std::int64_t now_us) {
  RecordHeader header = work.header;
  // An edit lies on the operation that changed the record last; for a draft that is the one which
  // makes it.
  const std::uint64_t below = work.is_new ? operation : LocalMark::operation(work.header);
  header.sequence = work.edited ? LocalMark::edited(below) : LocalMark::queued(operation);
  header.changed_us = now_us;
  if (work.is_new) header.created_us = now_us;
  if (header.token == OwnGrant::kBit) header.token = OwnGrant::of(operation);
  const auto stored = work.is_new ? std::nullopt : writer.visible(work.key);
  if (work.is_new) {
    writer.show_new(work.key, header, work.body);
  } else if (stored && stored->header().released()) {
    // What was released keeps its bytes, however this program reads them.
    header.schema_version = stored->header().schema_version;
    writer.keep_base(work.key);
    writer.show_header(work.key, header);
  } else {
    writer.keep_base(work.key);
    writer.show(work.key, header, work.body);
  }
  if (header.token & OwnGrant::kBit && work.is_new) {
    Holder ourselves;
    ourselves.client = header.borrower;
    ourselves.since_us = now_us;
    ourselves.token = header.token;
    writer.set_holder(work.key, ourselves);
  }
}

void put_leases(ReplicaWriter& writer) {
  for (const auto& [tree, range] : writer.replica().ids().changed()) {
    std::uint64_t stored[2] = {range.next, range.end};
    writer.txn().put(writer.replica().tables().leases, PairKey(tree, range.begin).bytes(),
                     store::bytes_of(stored));
  }
}

}  // namespace

Result<Committed> commit_transaction(Replica& replica, TransactionState& state,
                                     std::int64_t now_us) {
  state.finish();
  Committed committed;
  wire::Frame frame;
  if (!state.refused() && !state.actions().empty()) {
    committed.operation = next_operation(replica);
    auto request = state.request(committed.operation, now_us);
    if (!request) {
      replica.ids().give_back();
      return request.error();
    }
    frame = *request;
  }
  if (state.refused()) {
    replica.ids().give_back();
    return combine(state.reasons());
  }
  state.let_go();
  try {
    committed.events = replica.database().write([&](store::WriteTxn& txn) {
      ReplicaWriter writer(replica, txn, Event::Origin::local);
      if (committed.operation != 0) put_request(writer, committed.operation, frame);
      for (const Work& work : state.works()) {
        if (work.changed) put_work(writer, work, committed.operation, now_us);
      }
      put_leases(writer);
      return writer.take_events();
    });
  } catch (...) {
    replica.ids().give_back();
    throw;
  }
  replica.ids().keep();
  return committed;
}

wire::Frame request_frame(std::uint64_t operation,
                          const std::function<void(protocol::Request::Builder)>& fill) {
  capnp::MallocMessageBuilder message;
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(operation);
  fill(request);
  return to_frame(message);
}

std::uint64_t queue_request(Replica& replica,
                            const std::function<void(protocol::Request::Builder)>& fill) {
  const std::uint64_t operation = next_operation(replica);
  auto frame = request_frame(operation, fill);
  replica.database().write([&](store::WriteTxn& txn) {
    ReplicaWriter writer(replica, txn, Event::Origin::local);
    put_request(writer, operation, frame);
  });
  return operation;
}

namespace {

// The record as it is without an edit that was not handed in, and without the borrow.
void show_given_back(ReplicaWriter& writer, AnyKey key, RecordHeader header,
                     std::uint64_t operation) {
  const auto shown = writer.visible(key)->body();
  auto given_back = handed_in_body(writer.replica(), writer.txn(), key);
  // Where nothing else is known of it, what is shown is all there is.
  if (given_back.body.empty()) {
    given_back = {{shown.begin(), shown.end()}, header.schema_version};
  }
  if (LocalMark::is_edited(header) && LocalMark::operation(header) == 0) {
    header = writer.base(key)->header();
  }
  header.token = 0;
  header.borrower = 0;
  header.sequence = LocalMark::queued(operation);
  header.schema_version = given_back.schema_version;
  writer.keep_base(key);
  writer.show(key, header, given_back.body);
}

}  // namespace

Committed queue_give_back(Replica& replica, const std::vector<AnyKey>& records) {
  const std::uint64_t operation = next_operation(replica);
  auto events = replica.database().write([&](store::WriteTxn& txn) {
    ReplicaWriter writer(replica, txn, Event::Origin::local);
    std::vector<std::pair<AnyKey, std::uint64_t>> held;
    for (AnyKey record : records) {
      auto head = replica.tree(record.tree) ? writer.head(record) : std::nullopt;
      if (!head) continue;
      const RecordHeader header = head->record.header();
      if (header.borrower != replica.client_number() || header.token == 0) continue;
      held.emplace_back(record, header.token);
      show_given_back(writer, AnyKey(record.tree, head->key), header, operation);
    }
    put_request(writer, operation,
                request_frame(operation, [&](protocol::Request::Builder request) {
                  auto give_back = request.initGiveBack();
                  auto names = give_back.initRecords(static_cast<unsigned>(held.size()));
                  auto tokens = give_back.initTokens(static_cast<unsigned>(held.size()));
                  for (unsigned i = 0; i < held.size(); ++i) {
                    names[i].setTree(held[i].first.tree.value);
                    names[i].setId(held[i].first.id().value);
                    tokens.set(i, held[i].second);
                  }
                }));
    return writer.take_events();
  });
  return {operation, std::move(events)};
}

}  // namespace coppice::client
