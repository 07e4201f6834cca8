#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/ledger.h"
#include "server/types.h"

namespace coppice::server {

// Borrow, wait and give back: what changes who may change a record, and no body.
//
// Each has its own function; all read the whole request before they write, since reading may throw
// kj's exceptions.
class BorrowRequests {
 public:
  BorrowRequests(Ledger& ledger, const Asker& asker) : ledger_(ledger), asker_(asker) {}

  // All or none (B5). Who asks again gets the same grant (B6).
  Decision borrow(protocol::Borrow::Reader request);
  // Changes nothing that is stored: the line is in memory.
  Decision wait(protocol::Borrow::Reader request);
  // Never refused for what is gone already (S12). Leaves the line of a record that the client does
  // not hold.
  Decision give_back(protocol::GiveBack::Reader request);

 private:
  // A record that is asked for, as it stands.
  struct Wanted {
    AnyKey record;
    Ledger::Tree* tree = nullptr;
    KeyWord head;
    RecordHeader header;
    std::optional<Borrow> borrow;
  };
  struct Returned {
    AnyKey record;
    std::uint64_t token;
  };

  // The records of a request, each once; nothing after adding a refusal.
  std::optional<std::set<AnyKey>> names_of(capnp::List<protocol::RecordName>::Reader records,
                                           std::size_t count_max);
  std::optional<Wanted> look_up(AnyKey record);
  std::optional<Error> in_the_way(const Wanted& wanted) const;
  Grant grant(const Wanted& wanted, const Borrow& terms);
  Place place_in_line(const Wanted& wanted);
  void end(AnyKey record, AuditEntry& entry);
  void refuse(Error error) { refusals_.push_back({std::move(error), Refusal::kNoAction}); }

  Ledger& ledger_;
  const Asker asker_;
  Refusals refusals_;
};

// A range of new ids (D1, D2).
Decision grant_lease(Ledger& ledger, const Asker& asker, protocol::LeaseRequest::Reader request);

}  // namespace coppice::server
