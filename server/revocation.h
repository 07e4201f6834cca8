#pragma once

#include <set>
#include <string>

#include "coppice/protocol.capnp.h"
#include "server/record_request.h"
#include "server/types.h"

namespace coppice::server {

// Rule K7: a device, or a user with all devices and tokens, is refused from now on. Its borrows are
// broken; its leases stay its own, so nobody gets these ids.
class Revocation : RecordRequest {
 public:
  Revocation(Ledger& ledger, const Asker& asker) : RecordRequest(ledger, asker) {}

  Decision revoke(protocol::Revoke::Reader request);

 private:
  // Empty after adding a refusal.
  std::set<ClientNumber> devices_of(protocol::Revoke::Reader request);
  std::set<ClientNumber> devices_of_user(const std::string& user);
  void break_borrows(const std::set<ClientNumber>& devices, const std::string& reason,
                     AuditEntry& entry);
};

}  // namespace coppice::server
