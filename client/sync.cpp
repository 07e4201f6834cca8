#include "client/sync.h"

#include <algorithm>

#include <capnp/serialize.h>

#include "client/apply.h"
#include "client/convert.h"
#include "client/leave_behind.h"

namespace coppice::client {
namespace {

// One write transaction takes about this much of what has arrived: large enough that a wait for the
// disk is shared by many records, small enough that other writers get their turn.
constexpr std::size_t kBatchBytesMax = 32u << 20;
// A unit that is not complete by then is no unit: the server promised less.
constexpr std::size_t kHeldBytesMax = 256u << 20;

capnp::ReaderOptions options_for(const wire::Frame& frame) {
  // A peer's message may be read about three times over: bodies are walked once more by their own
  // check.
  return {.traversalLimitInWords = 3 * (frame.size_bytes() / 8) + 1024, .nestingLimit = 32};
}

// Records that one step puts into new indexes: some tens of milliseconds.
constexpr std::size_t kIndexedInOneStep = 20'000;

// A frame as a message. A view of the frame.
class Message {
 public:
  explicit Message(const wire::Frame& frame)
      : reader_(kj::arrayPtr(reinterpret_cast<const capnp::word*>(frame.bytes().data()),
                             frame.size_bytes() / 8),
                options_for(frame)) {}
  protocol::ToClient::Reader root() { return reader_.getRoot<protocol::ToClient>(); }

 private:
  capnp::FlatArrayMessageReader reader_;
};

// The server sent what this client does not understand. Everything of the transaction is given up.
struct Broken {
  Error error;
};

}  // namespace

void Sync::step(std::deque<WireEvent> happened, std::int64_t now_us) {
  for (WireEvent& event : happened) waiting_.push_back(std::move(event));
  // One that fails for the machine's reasons leaves the rest for the next step.
  while (!waiting_.empty()) {
    if (waiting_.front().kind == WireEvent::Kind::closed) apply_batch();
    const WireEvent event = std::move(waiting_.front());
    waiting_.pop_front();
    deal_with(event, now_us);
  }
  apply_batch();
  try_connect(now_us);
  if (welcomed_) {
    ask_for_ids();
    send_requests();
    shelve(now_us);
    send_fetch();
  }
  warn_of_ids();
  settle_waiting();
  // Of a schema that came meanwhile: piece by piece, so that other writers get their turn.
  if (replica_.indexes().has_work()) {
    replica_.indexes().work(kIndexedInOneStep);
  } else {
    drain_.step(now_us);
  }
}

void Sync::deal_with(const WireEvent& event, std::int64_t now_us) {
  switch (event.kind) {
    case WireEvent::Kind::opened:
      return send_hello();
    case WireEvent::Kind::received:
      transport_->consumed(event.frame.size_bytes());
      if (connected_) receive(event.frame);
      return;
    case WireEvent::Kind::drained:
      return;
    case WireEvent::Kind::closed:
      return lost(event.why, now_us);
  }
}

void Sync::receive(const wire::Frame& frame) {
  try {
    Message message(frame);
    auto root = message.root();
    using Which = protocol::ToClient::Which;
    if (!wanted_) return;  // we are saying goodbye
    if (!welcomed_ && !root.isWelcome() && !root.isRefused())
      return;  // the tail of a connection we gave up
    switch (root.which()) {
      case Which::WELCOME:
        return welcome(root.getWelcome());
      case Which::REFUSED:
        return refused(root.getRefused());
      case Which::CATALOGUE:
        apply_batch();
        adopt(root.getCatalogue(), std::nullopt);
        return;
      case Which::CLIENTS:
        return apply_names(root.getClients());
      case Which::OFFER: {
        Event event;
        event.kind = Event::Kind::offered;
        event.key = AnyKey(TreeId{root.getOffer().getTree()},
                           KeyWord(RecordId{root.getOffer().getId()}, Revision{0}));
        event.until_us = root.getOffer().getUntil();
        apply_batch();
        return events_.push(std::move(event));
      }
      case Which::SHELVES:
        return shelves(root.getShelves());
      case Which::ENDED:
        return ended(root.getEnded());
      case Which::HAND_OVERS:
        return offered(root.getHandOvers());
      case Which::NUDGED:
        return nudged(root.getNudged());
      case Which::LINES:
        return lines(root.getLines());
      case Which::CHANGES:
        held_.push_back(frame);
        if (!root.getChanges().getComplete()) {
          std::size_t held_bytes = 0;
          for (const auto& part : held_) held_bytes += part.size_bytes();
          if (held_bytes > kHeldBytesMax)
            fail(error(Errc::bad_request, "The server sent a change without an end."));
          return;
        }
        for (auto& part : std::exchange(held_, {})) {
          batch_bytes_ += part.size_bytes();
          batch_.push_back(std::move(part));
        }
        break;
      case Which::COMPARED:
        return compared(root.getCompared());
      case Which::ANSWERS:
      case Which::SNAPSHOT:
        batch_bytes_ += frame.size_bytes();
        batch_.push_back(frame);
        break;
      default:
        return fail(
            error(Errc::protocol_version,
                  "The server sent a message this version does not know. Update this program."));
    }
    if (batch_bytes_ > kBatchBytesMax) apply_batch();
  } catch (const kj::Exception& e) {
    fail(error(Errc::bad_request, std::string("The server sent a damaged message: ") +
                                      e.getDescription().cStr() + "."));
  }
}

bool Sync::adopt(capnp::List<protocol::TreeSchema>::Reader schemas,
                 std::optional<std::uint64_t> executed) {
  std::vector<TreeInfoPtr> versions;
  for (auto schema : schemas) {
    auto tree = TreeInfo::parse(schema);
    if (!tree || (*tree)->version() == 0) {
      fail(tree ? error(Errc::bad_request, "The server sent a schema without a number.")
                : tree.error());
      return false;
    }
    versions.push_back(*tree);
  }
  if (versions.empty()) return true;
  const auto next = replica_.reading_with(versions);
  if (!next) {
    give_up(next.error());
    return false;
  }
  const bool begins = begins_generation(*replica_.database().catalogue(), *(*next)->catalogue());
  if (refused_offers_ && !begins) {
    // What the server has is of no use to us.
    give_up(*std::exchange(refused_offers_, std::nullopt));
    return false;
  }
  if (begins && !executed) {
    fail(error(Errc::bad_request, "The server was migrated. It is connected anew."));
    return false;
  }
  if (begins) {
    std::vector<LeftBehind> left;
    events_.push(write_replica(replica_, Event::Origin::remote, [&](ReplicaWriter& writer) {
      left = leave_behind(writer, **next, *executed);
      return writer.take_events();
    }));
    for (const auto& [operation, why] : left) promises_.refuse(operation, why);
  }
  replica_.adopt(versions);
  return true;
}

void Sync::apply_names(capnp::List<protocol::ClientName>::Reader names) {
  if (names.size() == 0) return;
  replica_.database().write([&](store::WriteTxn& txn) {
    for (auto name : names) {
      std::string text = std::string(name.getUser().cStr()) + ", " + name.getDevice().cStr();
      txn.put(replica_.tables().names, name.getNumber(),
              std::as_bytes(std::span(text.data(), text.size())));
    }
  });
}

void Sync::apply_batch() {
  if (batch_.empty()) return;
  auto frames = std::exchange(batch_, {});
  batch_bytes_ = 0;
  // The write function may run more than once, and may fail.
  const Position before = position_;
  auto undo = [&] { position_ = before; };
  Outcome outcome;
  try {
    write_replica(replica_, Event::Origin::remote, [&](ReplicaWriter& writer) {
      undo();
      outcome = Outcome{};
      for (const auto& frame : frames) apply(writer, frame, outcome);
      const auto& meta = writer.meta();
      store::WriteTxn& txn = writer.txn();
      meta.set_number(txn, fact::kCursor, position_.cursor);
      meta.set_number(txn, fact::kHead, position_.head);
      meta.set_number(txn, fact::kFirstSync, position_.first_sync);
      meta.set_number(txn, fact::kCatchingUp, position_.catching_up);
      meta.set_number(txn, fact::kPartial, position_.partial);
      if (outcome.answered) meta.set_number(txn, fact::kAnswered, outcome.answered);
      outcome.events = writer.take_events();
    });
  } catch (const Broken& broken) {
    undo();
    return fail(broken.error);
  } catch (const kj::Exception& e) {
    undo();
    return fail(error(Errc::bad_request, std::string("The server sent a damaged message: ") +
                                             e.getDescription().cStr() + "."));
  } catch (...) {
    undo();
    throw;
  }
  conclude(std::move(outcome));
}

void Sync::apply(ReplicaWriter& writer, const wire::Frame& frame, Outcome& outcome) {
  Message message(frame);
  auto root = message.root();
  if (root.isAnswers()) return apply_answers(writer, root.getAnswers(), outcome);
  if (root.isChanges()) return apply_changes(writer, root.getChanges(), outcome);
  if (root.isSnapshot()) return apply_snapshot(writer, root.getSnapshot(), outcome);
}

void Sync::apply_changes(ReplicaWriter& writer, protocol::Changes::Reader changes,
                         Outcome& outcome) {
  tell_endings(writer, changes.getUpTo(), outcome);
  Applier applier(writer, endings_);
  for (auto change : changes.getRecords()) {
    auto done = applier.change(change);
    if (!done) throw Broken{done.error()};
  }
  if (changes.getUpTo() < position_.cursor) return;
  position_.cursor = changes.getUpTo();
  position_.head = std::max({position_.head, changes.getHead(), position_.cursor});
  if (changes.getComplete())
    position_.catching_up = position_.partial = changes.getHead() > changes.getUpTo();
  // Within a unit, and between the pieces of a cut one, a record may have moved on to a later part:
  // only a whole state holds the effects of all operations up to the cursor.
  if (!changes.getComplete() || position_.partial) return;
  for (const Applier::Over over : applier.reach(position_.cursor)) {
    outcome.settle.push_back([this, over] {
      Accepted told{.operation = over.operation, .sequence = over.sequence};
      if (auto at = accepted_at_us_.extract(over.operation)) told.time_us = at.mapped();
      promises_.settle<Accepted>(told.operation, told);
    });
    Event event;
    event.kind = Event::Kind::accepted;
    event.origin = Event::Origin::local;
    event.operation = over.operation;
    event.sequence = over.sequence;
    writer.tell(std::move(event));
  }
}

void Sync::apply_snapshot(ReplicaWriter& writer, protocol::SnapshotPart::Reader part,
                          Outcome& outcome) {
  // Nobody was told of these records before, so nobody is told of each; status() says how far we
  // are.
  writer.set_telling(ReplicaWriter::Telling::off);
  Applier applier(writer, endings_);
  for (auto record : part.getRecords()) {
    auto done = applier.snapshot_record(TreeId{part.getTree()}, record);
    if (!done) throw Broken{done.error()};
  }
  writer.set_telling(ReplicaWriter::Telling::on);
  Event event;
  event.kind = Event::Kind::progress;
  writer.tell(std::move(event));
  auto position = part.getPosition();
  const auto& meta = writer.meta();
  meta.set_number(writer.txn(), fact::kFirstSyncSince, position.getSince());
  meta.set_number(writer.txn(), fact::kFirstSyncTree, position.getTree());
  meta.set_number(writer.txn(), fact::kFirstSyncKey, position.getKey());
  meta.set_number(writer.txn(), fact::kFirstSyncDone, position.getDone());
  meta.set_number(writer.txn(), fact::kFirstSyncTotal, part.getTotal());
  const std::uint64_t total = part.getTotal();
  outcome.settle.push_back([this, total] { first_sync_total_ = total; });
  position_.first_sync = !part.getLast();
  // Records of the first trees may be older than those of the last: only the feed makes them one
  // state.
  position_.catching_up = true;
  if (!part.getLast()) return;
  tell_endings(writer, position.getSince(), outcome);
  position_.cursor = position.getSince();
}

void Sync::apply_answers(ReplicaWriter& writer, capnp::List<protocol::Answer>::Reader answers,
                         Outcome& outcome) {
  for (auto answer : answers) {
    if (answer.isRefused() && answer.getRefused().size() > 0 &&
        answer.getRefused()[0].getCode() == protocol::Code::NO_SPACE) {
      // Not executed, and not refused for ever: the same request goes again with the next
      // connection.
      outcome.retry_later = true;
      return;
    }
    apply_answer(writer, answer, outcome);
    outcome.answered = std::max(outcome.answered, answer.getOperation());
  }
}

void Sync::apply_answer(ReplicaWriter& writer, protocol::Answer::Reader answer, Outcome& outcome) {
  Applier applier(writer, endings_);
  const std::uint64_t operation = answer.getOperation();
  using Which = protocol::Answer::Which;
  switch (answer.which()) {
    case Which::REFUSED: {
      std::vector<Error> reasons;
      for (auto reason : answer.getRefused()) reasons.push_back(to_error(reason));
      if (reasons.empty())
        reasons.push_back(error(Errc::bad_request, "The server refused and did not say why."));
      if (!applier.refused(operation, reasons)) return;
      outcome.settle.push_back(
          [this, operation, why = combine(reasons)] { promises_.refuse(operation, why); });
      return;
    }
    case Which::ACCEPTED: {
      auto accepted = answer.getAccepted();
      auto result = applier.accepted(operation, accepted, position_.partial ? 0 : position_.cursor);
      Accepted told{
          .operation = operation, .sequence = accepted.getLast(), .time_us = accepted.getTime()};
      if (!result.over) {
        outcome.settle.push_back([this, told] { accepted_at_us_[told.operation] = told.time_us; });
        return;
      }
      outcome.settle.push_back([this, told] { promises_.settle<Accepted>(told.operation, told); });
      Event event;
      event.kind = Event::Kind::accepted;
      event.origin = Event::Origin::local;
      event.operation = operation;
      event.sequence = accepted.getLast();
      return writer.tell(std::move(event));
    }
    case Which::BORROWED: {
      applier.answered(operation);
      Granted granted{.operation = operation, .sequence = 0, .records = {}};
      for (auto grant : answer.getBorrowed()) {
        granted.sequence = std::max(granted.sequence, grant.getSequence());
        granted.records.push_back(
            AnyKey(TreeId{grant.getTree()}, KeyWord(RecordId{grant.getId()}, Revision{0})));
      }
      outcome.settle.push_back([this, granted] { granted_.push_back(granted); });
      return;
    }
    case Which::WAITING: {
      applier.answered(operation);
      InLine line;
      for (auto waiting : answer.getWaiting()) {
        line.place = std::max(line.place, waiting.getPlace());
        Event event;
        event.kind = Event::Kind::queued;
        event.key =
            AnyKey(TreeId{waiting.getTree()}, KeyWord(RecordId{waiting.getId()}, Revision{0}));
        event.place = waiting.getPlace();
        event.holder = to_holder(waiting.getHolder());
        writer.tell(std::move(event));
      }
      outcome.settle.push_back(
          [this, operation, line] { promises_.settle<InLine>(operation, line); });
      return;
    }
    case Which::GAVE_BACK:
      applier.gave_back(operation);
      outcome.settle.push_back([this, operation] { promises_.settle<Done>(operation, Done{}); });
      return;
    case Which::DONE:
      applier.answered(operation);
      outcome.settle.push_back([this, operation] { promises_.settle<Done>(operation, Done{}); });
      return;
    case Which::LEASED:
      return apply_lease(writer, operation, answer.getLeased(), outcome);
    default:
      throw Broken{
          error(Errc::protocol_version,
                "The server sent an answer this version does not know. Update this program.")};
  }
}

void Sync::apply_lease(ReplicaWriter& writer, std::uint64_t operation,
                       protocol::Lease::Reader lease, Outcome& outcome) {
  Applier applier(writer);
  if (!applier.answered(operation)) return;
  applier.leased(lease);
  const TreeId tree{lease.getTree()};
  const IdRange range{lease.getBegin(), lease.getBegin(), lease.getEnd()};
  outcome.settle.push_back([this, operation, tree, range] {
    replica_.ids().add(tree, range);
    leases_asked_.erase(tree);
    ids_warned_.erase(tree);
    tell_of_ids(tree, static_cast<int>(100 * replica_.ids().left(tree) /
                                       std::max<std::uint64_t>(replica_.ids().capacity(tree), 1)));
    promises_.settle<Leased>(operation, Leased{RecordId{range.begin}, RecordId{range.end}});
  });
}

void Sync::conclude(Outcome outcome) {
  if (!outcome.retry_later) attempts_ = 0;
  for (auto& settle : outcome.settle) settle();
  refresh_status();
  events_.push(std::move(outcome.events));
  settle_grants();
  forget_endings();
  if (outcome.answered != 0) {
    while (!in_flight_.empty() && in_flight_.front() <= outcome.answered) in_flight_.pop_front();
    if (connected_ && welcomed_) {
      capnp::MallocMessageBuilder message;
      message.initRoot<protocol::ToServer>().setAcknowledge(outcome.answered);
      send(message);
    }
  }
  if (welcomed_) set_connection(is_live() ? Connection::live : Connection::syncing, "");
  if (outcome.retry_later)
    fail(error(
        Errc::no_space,
        "The server has no space left on its disk. Everything is kept here and sent again later."));
}

void Sync::settle_grants() {
  if (position_.partial) return;
  auto ready = std::partition(granted_.begin(), granted_.end(),
                              [&](const Granted& g) { return g.sequence > position_.cursor; });
  std::vector<Granted> settled(ready, granted_.end());
  granted_.erase(ready, granted_.end());
  if (settled.empty()) return;
  auto txn = replica_.database().read();
  for (const Granted& granted : settled) {
    Borrow borrow;
    for (AnyKey record : granted.records) {
      auto* tree = replica_.tree(record.tree);
      auto head = tree ? tree->head(txn, record.id()) : std::nullopt;
      borrow.keys.push_back(head ? AnyKey(record.tree, head->key) : record);
    }
    promises_.settle<Borrow>(granted.operation, std::move(borrow));
  }
}

}  // namespace coppice::client
