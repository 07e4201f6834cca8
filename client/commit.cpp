#include "client/commit.h"

#include <algorithm>

#include "client/convert.h"
#include "client/handed_in.h"
#include "client/replica_writer.h"
#include "store/unique_check.h"

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

// A value that is one record's already, for each that this transaction would give to another.
std::vector<Error> unique_refusals(Replica& replica, const TransactionState& state) {
  auto txn = replica.database().read();
  store::UniqueCheck check(replica.indexes(), txn);
  for (const Work& work : state.works()) {
    if (work.changed) check.add(work.key, {work.body, work.header.schema_version});
  }
  std::vector<Error> refusals;
  for (const auto& clash : check.run())
    refusals.push_back(not_unique(*replica.database().catalogue(), clash));
  return refusals;
}

// A transaction that is ready to be written.
struct Prepared {
  std::uint64_t operation = 0;  // 0: nothing is to be asked of the authority
  wire::Frame frame;
};

// Errors: every reason why it cannot be written.
Result<Prepared> prepare(Replica& replica, TransactionState& state, std::int64_t now_us) {
  state.finish();
  if (state.refused()) return combine(state.reasons());
  if (auto clashes = unique_refusals(replica, state); !clashes.empty())
    return combine(std::move(clashes));
  Prepared prepared;
  if (!state.actions().empty()) {
    prepared.operation = next_operation(replica);
    auto request = state.request(prepared.operation, now_us);
    if (!request) return request.error();
    prepared.frame = *request;
  }
  // It must not pin what is written now.
  state.let_go();
  return prepared;
}

void put_transaction(ReplicaWriter& writer, const TransactionState& state, const Prepared& prepared,
                     std::int64_t now_us) {
  if (prepared.operation != 0) put_request(writer, prepared.operation, prepared.frame);
  const bool moves_states = std::ranges::any_of(state.actions(), [](const PlannedAction& action) {
    return action.kind == ActionKind::SET_STATE;
  });
  if (moves_states) {
    const std::uint64_t nothing = 0;
    writer.txn().append(*writer.replica().tables().intents, prepared.operation,
                        store::bytes_of(nothing));
  }
  for (const std::uint64_t conflict : state.settled())
    writer.txn().erase(writer.replica().tables().drawer, conflict);
  for (const Work& work : state.works()) {
    if (work.changed) put_work(writer, work, prepared.operation, now_us);
  }
  put_leases(writer);
}

void tell_warnings(const TransactionState& state, std::vector<Event>& events) {
  for (const Error& warning : state.warnings()) {
    Event event;
    event.kind = Event::Kind::warning;
    event.origin = Event::Origin::local;
    event.key = warning.key;
    event.error = warning;
    events.push_back(std::move(event));
  }
}

// Ids that were taken go back unless the transaction was written.
class TakenIds {
 public:
  explicit TakenIds(IdPool& ids) : ids_(&ids) {}
  ~TakenIds() {
    if (ids_) ids_->give_back();
  }
  TakenIds(const TakenIds&) = delete;
  void keep() { std::exchange(ids_, nullptr)->keep(); }

 private:
  IdPool* ids_;
};

}  // namespace

Result<Committed> commit_transaction(Replica& replica, TransactionState& state,
                                     std::int64_t now_us) {
  TakenIds ids(replica.ids());
  auto prepared = prepare(replica, state, now_us);
  if (!prepared) return prepared.error();
  Committed committed{prepared->operation, {}};
  try {
    committed.events = write_replica(replica, Event::Origin::local, [&](ReplicaWriter& writer) {
      put_transaction(writer, state, *prepared, now_us);
      return writer.take_events();
    });
  } catch (const IndexerFailed& failed) {
    return failed.error();
  }
  ids.keep();
  tell_warnings(state, committed.events);
  return committed;
}

WhatIf try_transaction(Replica& replica, TransactionState& state, std::int64_t now_us,
                       const std::function<void(const Snapshot& outcome)>& look) {
  const TakenIds ids(replica.ids());
  WhatIf report;
  auto prepared = prepare(replica, state, now_us);
  if (!prepared) {
    report.refusals = prepared.error().reasons;
    if (report.refusals.empty()) report.refusals.push_back(prepared.error());
    return report;
  }
  // Thrown to have the write transaction undone.
  struct Undo {};
  try {
    write_replica(replica, Event::Origin::local, [&](ReplicaWriter& writer) {
      put_transaction(writer, state, *prepared, now_us);
      report.changes = writer.take_events();
      tell_warnings(state, report.changes);
      if (look) look(writer.outcome());
      throw Undo{};
    });
  } catch (const Undo&) {
  } catch (const IndexerFailed& failed) {
    report.refusals.push_back(failed.error());
    report.changes.clear();
  }
  return report;
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
  write_replica(replica, Event::Origin::local,
                [&](ReplicaWriter& writer) { put_request(writer, operation, frame); });
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

Result<Committed> queue_give_back(Replica& replica, const std::vector<AnyKey>& records) {
  const std::uint64_t operation = next_operation(replica);
  auto give_back = [&](ReplicaWriter& writer) {
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
                  auto returned = request.initGiveBack();
                  auto names = returned.initRecords(static_cast<unsigned>(held.size()));
                  auto tokens = returned.initTokens(static_cast<unsigned>(held.size()));
                  for (unsigned i = 0; i < held.size(); ++i) {
                    names[i].setTree(held[i].first.tree.value);
                    names[i].setId(held[i].first.id().value);
                    tokens.set(i, held[i].second);
                  }
                }));
    return writer.take_events();
  };
  try {
    return Committed{operation, write_replica(replica, Event::Origin::local, give_back)};
  } catch (const IndexerFailed& failed) {
    return failed.error();
  }
}

}  // namespace coppice::client
