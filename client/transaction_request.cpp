// The end of a transaction: what was collected becomes a request.

#include <algorithm>

#include "client/convert.h"
#include "client/handed_in.h"
#include "client/transaction_state.h"
#include "schema/body_shape.h"

namespace coppice::client {
namespace {

bool has_body(ActionKind kind) {
  return kind == ActionKind::CREATE || kind == ActionKind::CHECK_IN;
}

bool wants_comment(ActionKind kind) {
  return kind == ActionKind::CHECK_IN || kind == ActionKind::RELEASE || kind == ActionKind::REMOVE;
}

}  // namespace

void TransactionState::finish() {
  for (Work& work : works_) {
    if (!work.message) continue;
    work.body = canonical_words(work.message->getRoot<capnp::AnyStruct>().asReader());
    work.message.reset();
  }
  std::erase_if(actions_, [](const PlannedAction& action) { return action.dropped; });
  pin_references();
  look_for_obsolete();
  std::optional<store::ReadTxn> txn;
  for (PlannedAction& action : actions_) {
    Work* work = this->work(action.key);
    if (!work || action.kind == ActionKind::CREATE) continue;
    action.base_iteration = work->header.iteration;
    if (action.kind != ActionKind::CHECK_IN) continue;
    // As the authority counts: a check-in that changes nothing makes no iteration.
    if (!work->is_new && !txn) txn.emplace(replica_.database().read());
    const auto before =
        work->is_new ? work->started_as : handed_in_body(replica_, *txn, action.key).body;
    if (work->body != before) ++work->header.iteration;
  }
  check_limits();
}

void TransactionState::check_limits() {
  if (actions_.size() > limits_.actions_max) {
    refuse(Errc::bad_request, {},
           "The transaction has " + std::to_string(actions_.size()) +
               " actions; the server takes at most " + std::to_string(limits_.actions_max) +
               ". Split it.");
  }
  for (const Work& work : works_) {
    const std::size_t body_bytes = 8 * work.body.size();
    if (!work.changed || body_bytes <= limits_.body_bytes_max) continue;
    refuse(Errc::invalid, work.key,
           "has a body of " + std::to_string(body_bytes) + " bytes; the server takes at most " +
               std::to_string(limits_.body_bytes_max) + ".");
  }
  if (comment_.empty()) check_comments();
}

void TransactionState::check_comments() {
  for (const PlannedAction& action : actions_) {
    // Not looked up for each of very many creates.
    if (!wants_comment(action.kind) && action.kind != ActionKind::SET_STATE) continue;
    const auto tree = before_->catalogue().find(action.key.tree);
    if (!tree) continue;
    if (wants_comment(action.kind) && tree->comment_on_check_in()) {
      refuse(Errc::comment_needed, action.key,
             "is of a tree that asks for a comment with every change. Say what was done and why.");
    }
    if (action.kind != ActionKind::SET_STATE) continue;
    const Lifecycle& lifecycle = tree->lifecycle();
    for (const auto& step : lifecycle.steps()) {
      const bool goes = step.from == action.state_from && step.to == action.state_to;
      if (!goes || !step.comment) continue;
      refuse(Errc::comment_needed, action.key,
             "needs a comment that says why it goes from state '" + lifecycle.name(step.from) +
                 "' to '" + lifecycle.name(step.to) + "'.");
    }
  }
}

Result<wire::Frame> TransactionState::request(std::uint64_t operation,
                                              std::int64_t claimed_time_us) {
  std::size_t words = 64 + comment_.size() / 8;
  for (const Work& work : works_) words += work.body.size() + 16;
  words += actions_.size() * 12;
  capnp::MallocMessageBuilder message(
      static_cast<unsigned>(std::min<std::size_t>(words, 1u << 27)));
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(operation);
  auto transaction = request.initTransaction();
  transaction.setComment(comment_);
  transaction.setClaimedTime(claimed_time_us);
  auto list = transaction.initActions(static_cast<unsigned>(actions_.size()));
  unsigned index = 0;
  for (const PlannedAction& planned : actions_) fill(list[index++], planned, operation);
  auto frame = to_frame(message);
  if (frame.size_bytes() > limits_.frame_bytes_max) {
    return error(Errc::bad_request, "The transaction has " + std::to_string(frame.size_bytes()) +
                                        " bytes; the server takes at most " +
                                        std::to_string(limits_.frame_bytes_max) + ". Split it.");
  }
  return frame;
}

void TransactionState::fill(protocol::Action::Builder action, const PlannedAction& planned,
                            std::uint64_t operation) {
  action.setKind(planned.kind);
  action.setKeepBorrow(planned.borrowing == Borrowing::kept);
  action.setTree(planned.key.tree.value);
  action.setKey(planned.key.word.value);
  action.setToken(planned.token == OwnGrant::kBit ? OwnGrant::of(operation) : planned.token);
  action.setBaseIteration(planned.base_iteration);
  action.setStateFrom(planned.state_from);
  action.setStateTo(planned.state_to);
  action.setPins(planned.pins);
  action.setOverride(planned.steps == Steps::any);
  if (has_body(planned.kind)) {
    const Work& source = *work(planned.key);
    action.setBody(kj::arrayPtr(reinterpret_cast<const capnp::byte*>(source.body.data()),
                                source.body.size() * 8));
    action.setSchemaVersion(source.header.schema_version);
    const std::uint32_t writer = replica_.writes_by(planned.key.tree);
    if (writer < source.header.schema_version) action.setWriter(writer);
  }
  if (planned.kind == ActionKind::NEXT_REVISION) fill_next_revision(action, *work(planned.key));
}

// The authority copies what was released, but cannot migrate it.
void TransactionState::fill_next_revision(protocol::Action::Builder action, const Work& draft) {
  if (!draft.started_converted) return;
  action.setBody(kj::arrayPtr(reinterpret_cast<const capnp::byte*>(draft.started_as.data()),
                              draft.started_as.size() * 8));
  action.setSchemaVersion(replica_.reading()->catalogue()->find(draft.key.tree)->version());
}

}  // namespace coppice::client
