#pragma once

#include <cstdint>
#include <optional>

#include "coppice/protocol.capnp.h"
#include "server/record_request.h"
#include "server/types.h"

namespace coppice::server {

// Borrow, wait and give back: what changes who may change a record, and no body.
class BorrowRequests : RecordRequest {
 public:
  BorrowRequests(Ledger& ledger, const Asker& asker) : RecordRequest(ledger, asker) {}

  // All or none (B5). Who asks again gets the same grant (B6).
  Decision borrow(protocol::Borrow::Reader request);
  // Changes nothing that is stored: the line is in memory.
  Decision wait(protocol::Borrow::Reader request);
  // Never refused for what is gone already (S12). Leaves the line of a record that the client does
  // not hold, and declines what its user is offered by a hand-over.
  Decision give_back(protocol::GiveBack::Reader request);

 private:
  std::optional<Error> in_the_way(const Wanted& wanted) const;
  Place place_in_line(const Wanted& wanted);
  void leave(AnyKey record);
};

// A range of new ids (D1, D2).
Decision grant_lease(Ledger& ledger, const Asker& asker, protocol::LeaseRequest::Reader request);

}  // namespace coppice::server
