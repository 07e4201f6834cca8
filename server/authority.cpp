#include "server/authority.h"

#include <algorithm>
#include <optional>

#include "server/borrow_requests.h"
#include "server/borrow_transfers.h"
#include "server/creates.h"
#include "server/messages.h"
#include "server/revocation.h"
#include "server/transaction.h"

namespace coppice::server {
namespace {

using protocol::Request;

Outcome broken(std::string text) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::broken;
  outcome.text = std::move(text);
  return outcome;
}

Outcome no_space(std::uint64_t operation) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::no_space;
  outcome.answer = no_space_answer(operation);
  return outcome;
}

Outcome answered(std::uint64_t operation, const Decision& decision) {
  Outcome outcome;
  outcome.answer = encode_answer(operation, decision);
  if (const auto* accepted = std::get_if<Accepted>(&decision); accepted && accepted->all_fresh) {
    outcome.fresh_first = accepted->first;
    outcome.fresh_last = accepted->last;
  }
  return outcome;
}

// An answer must fit into a frame, however many reasons there are.
void cut_reasons(Refusals& refusals) {
  if (refusals.size() <= kReasonsMax) return;
  const auto more = refusals.size() - kReasonsMax;
  refusals.resize(kReasonsMax);
  refusals.back().error.message += " There are " + std::to_string(more) + " more reasons.";
}

std::optional<Refusals> over_limits(const Options& options,
                                    protocol::Transaction::Reader transaction) {
  const auto count = transaction.getActions().size();
  if (count > options.actions_per_transaction) {
    return refused(error(Errc::bad_request, "The transaction has " + std::to_string(count) +
                                                " actions, and the limit is " +
                                                std::to_string(options.actions_per_transaction) +
                                                "."));
  }
  if (transaction.getComment().size() > kCommentBytesMax) {
    return refused(error(Errc::bad_request, "The comment has more than " +
                                                std::to_string(kCommentBytesMax) + " bytes."));
  }
  return std::nullopt;
}

}  // namespace

// A pending request whose fixed part has been read.
struct Authority::Request {
  protocol::Request::Reader body;
  Asker asker;
  std::uint64_t hash = 0;
  bool connected = true;
};

std::vector<std::uint64_t> no_space_answer(std::uint64_t operation) {
  return encode_answer(operation, refused(error(Errc::no_space,
                                                "The server's disk is full. Nothing was changed; "
                                                "the request can be sent again later.")));
}

GroupResult Authority::decide(std::span<PendingRequest> requests, const WaitingLines& lines,
                              std::int64_t now_us) {
  return premises_.database.write([&](store::WriteTxn& txn) {
    Ledger ledger(txn, premises_, lines, now_us);
    std::vector<Outcome> outcomes;
    outcomes.reserve(requests.size());
    for (PendingRequest& pending : requests) outcomes.push_back(execute(ledger, pending));
    ledger.finish();
    return GroupResult{std::move(outcomes), ledger.changed_clients(), std::move(ledger.lines()),
                       std::move(ledger.news()), ledger.head()};
  });
}

Outcome Authority::execute(Ledger& ledger, PendingRequest& pending) {
  Request request;
  std::uint64_t acknowledged = 0;
  const auto wrong = read_untrusted([&] {
    pending.frame->rewind();
    request.body = pending.frame->message().getRequest();
    request.asker = {pending.client, pending.session, request.body.getOperation()};
    request.hash = pending.frame->request_hash();
    acknowledged = std::max(pending.acknowledged, request.body.getAcknowledged());
  });
  if (wrong) return broken("A request is damaged: " + *wrong + ".");
  request.connected = pending.connected;

  Client& client = ledger.client(pending.client);
  const std::uint64_t operation = request.asker.operation;
  if (operation == 0) return broken("Operations are numbered from 1.");
  if (operation > client.last_operation + 1) {
    if (pending.after_no_space) return no_space(operation);
    return broken("Operation " + std::to_string(operation) + " came after operation " +
                  std::to_string(client.last_operation) + ": a number was skipped.");
  }
  ledger.answers().forget_up_to(ledger.txn(), client, acknowledged);
  client.last_seen_us = ledger.now_us();
  if (operation <= client.last_operation) return repeat(ledger, request);

  const Decision decision = decide(ledger, request);
  Outcome outcome = answered(operation, decision);
  client.last_operation = operation;
  ledger.answers().put(ledger.txn(), client.number, operation, request.hash, outcome.answer);
  return outcome;
}

Outcome Authority::repeat(Ledger& ledger, const Request& request) {
  const std::uint64_t operation = request.asker.operation;
  auto stored = ledger.answers().find(ledger.txn(), request.asker.client, operation);
  if (!stored) {
    return answered(operation, refused(error(Errc::stale_operation,
                                             "Operation " + std::to_string(operation) +
                                                 " was answered, and the answer acknowledged.")));
  }
  if (stored->request_hash != request.hash) {
    return answered(operation, refused(error(Errc::request_id_reused,
                                             "Operation " + std::to_string(operation) +
                                                 " came before with another content.")));
  }
  // A place in a line ended with the connection that asked for it: the client waits again.
  if (request.body.isWait()) return answered(operation, decide(ledger, request));
  Outcome outcome;
  outcome.answer = std::move(stored->answer);
  return outcome;
}

Decision Authority::decide(Ledger& ledger, const Request& request) {
  Decision decision;
  const auto wrong = read_untrusted([&] {
    switch (request.body.which()) {
      case protocol::Request::TRANSACTION:
        decision = transaction(ledger, request);
        break;
      case protocol::Request::BORROW:
        decision = BorrowRequests(ledger, request.asker).borrow(request.body.getBorrow());
        break;
      case protocol::Request::WAIT:
        decision = request.connected
                       ? BorrowRequests(ledger, request.asker).wait(request.body.getWait())
                       : refused(error(Errc::cancelled,
                                       "The connection ended before the place in the line began."));
        break;
      case protocol::Request::GIVE_BACK:
        decision = BorrowRequests(ledger, request.asker).give_back(request.body.getGiveBack());
        break;
      case protocol::Request::LEASE:
        decision = grant_lease(ledger, request.asker, request.body.getLease());
        break;
      case protocol::Request::BREAK_BORROW:
        decision =
            BorrowTransfers(ledger, request.asker).break_borrows(request.body.getBreakBorrow());
        break;
      case protocol::Request::TAKE_OVER:
        decision = BorrowTransfers(ledger, request.asker).take_over(request.body.getTakeOver());
        break;
      case protocol::Request::HAND_OVER:
        decision = BorrowTransfers(ledger, request.asker).hand_over(request.body.getHandOver());
        break;
      case protocol::Request::ACCEPT:
        decision = BorrowTransfers(ledger, request.asker).accept(request.body.getAccept());
        break;
      case protocol::Request::NUDGE:
        decision = BorrowTransfers(ledger, request.asker).nudge(request.body.getNudge());
        break;
      case protocol::Request::REVOKE:
        decision = Revocation(ledger, request.asker).revoke(request.body.getRevoke());
        break;
      default:
        decision = refused(
            error(Errc::bad_request, "This server does not know this kind of request. Update it."));
    }
  });
  if (wrong) return refused(error(Errc::bad_request, "The request is damaged: " + *wrong + "."));
  if (auto* refusals = std::get_if<Refusals>(&decision)) cut_reasons(*refusals);
  return decision;
}

Decision Authority::transaction(Ledger& ledger, const Request& request) {
  const auto transaction = request.body.getTransaction();
  if (auto refusals = over_limits(ledger.options(), transaction)) return *refusals;
  AuditEntry entry;
  entry.claimed_time_us = transaction.getClaimedTime();
  entry.text = transaction.getComment();
  Accepted accepted;
  if (Creates::applies(transaction)) {
    Creates creates(ledger, request.asker);
    creates.judge(transaction);
    if (!creates.refusals().empty()) return creates.refusals();
    accepted = creates.apply();
  } else {
    Transaction changes(ledger, request.asker);
    changes.judge(transaction);
    if (!changes.refusals().empty()) return changes.refusals();
    accepted = changes.apply();
    entry.kind = audit::Entry::Kind::TRANSACTION;
    entry.items = changes.take_items();
  }
  entry.first = accepted.first;
  entry.last = accepted.last;
  if (entry.first <= entry.last) ledger.audit(request.asker, entry);
  return accepted;
}

}  // namespace coppice::server
