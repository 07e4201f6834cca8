#pragma once

#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/record_request.h"
#include "server/types.h"

namespace coppice::server {

// What ends a borrow by the will of another than its holder, or moves it: break, take over, hand
// over and accept; and nudge, which only asks (rules K1, K4, K5, K6, V4).
//
// Whose borrow ends is told who, when and why, and its device is fenced: the token is dead. None of
// this touches what the holder has in its replica.
class BorrowTransfers : RecordRequest {
 public:
  BorrowTransfers(Ledger& ledger, const Asker& asker) : RecordRequest(ledger, asker) {}

  // All or none, as are the others.
  Decision break_borrows(protocol::Break::Reader request);
  Decision take_over(protocol::Borrow::Reader request);
  Decision hand_over(protocol::HandOver::Reader request);
  Decision accept(protocol::Accept::Reader request);
  Decision nudge(protocol::Nudge::Reader request);

 private:
  // Each says whether it may be, and adds a reason if not.
  bool is_held(const Wanted& wanted, std::uint64_t token);
  bool may_break(const Wanted& wanted);
  bool may_break_overdue(const Wanted& wanted);
  bool same_user(const Wanted& wanted);
  bool may_offer(const Wanted& wanted);
  bool offered(const Wanted& wanted);
  bool may_nudge_again(const Wanted& wanted);
  bool reasoned(capnp::Text::Reader reason);
  bool is_user(const std::string& user);

  // The records of a request that somebody holds; empty after adding refusals.
  std::vector<Wanted> held(Names records, capnp::List<std::uint64_t>::Reader tokens);
  // Moves borrows to the asker.
  Decision move(const std::vector<Wanted>& all, const Borrow& terms, audit::Entry::Kind kind,
                Ending::How how);
  void tell_ending(const Wanted& wanted, Ending::How how, const std::string& reason);
};

}  // namespace coppice::server
