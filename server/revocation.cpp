#include "server/revocation.h"

#include <utility>
#include <vector>

#include "server/users.h"

namespace coppice::server {

Decision Revocation::revoke(protocol::Revoke::Reader request) {
  if (!permitted(Right::admin, AnyKey{})) return refusals_;
  const std::string reason = request.getReason();
  const std::string user = request.getClient() == 0 ? std::string(request.getUser()) : "";
  if (!fits("bytes of reason", reason.size(), kPurposeBytesMax)) return refusals_;
  if (reason.empty()) return refused(error(Errc::comment_needed, "Who revokes a device says why."));
  const auto devices = devices_of(request);
  if (!refusals_.empty()) return refusals_;

  AuditEntry entry{.kind = audit::Entry::Kind::REVOKE, .first = ledger_.head() + 1};
  entry.text = user.empty() ? who(ledger_.premises().clients.person(*devices.begin())) : user;
  entry.text += ": " + reason;
  break_borrows(devices, reason, entry);
  for (const ClientNumber device : devices) {
    ledger_.client(device).revoked = true;
    ledger_.news().revoked.insert(device);
  }
  const Users users(ledger_.premises().tables);
  if (!user.empty() && users.find(ledger_.txn(), user)) (void)users.remove(ledger_.txn(), user);
  ledger_.forget_permits();
  entry.last = ledger_.head();
  ledger_.audit(asker_, entry);
  return Ended{};
}

std::set<ClientNumber> Revocation::devices_of(protocol::Revoke::Reader request) {
  const ClientNumber device{request.getClient()};
  std::set<ClientNumber> devices =
      device.value == 0 ? devices_of_user(request.getUser()) : std::set<ClientNumber>{device};
  if (device.value != 0 && ledger_.premises().clients.find(device) == nullptr) {
    refuse(
        error(Errc::bad_request, "There is no device " + std::to_string(device.value) + " here."));
  }
  // The last administrator must not lock itself out; and without users the database would be open.
  const bool own_user =
      device.value == 0 && ledger_.permit(asker_.client).user == std::string(request.getUser());
  if (own_user || devices.contains(asker_.client)) {
    refuse(error(Errc::bad_request,
                 "Nobody revokes the device or the user that one works as. Another administrator "
                 "must do it."));
  }
  return devices;
}

std::set<ClientNumber> Revocation::devices_of_user(const std::string& user) {
  std::set<ClientNumber> devices;
  for (const auto& [number, client] : ledger_.premises().clients.all()) {
    if (client.user == user && !client.revoked) devices.insert(number);
  }
  const bool known = Users(ledger_.premises().tables).find(ledger_.txn(), user).has_value();
  if (devices.empty() && !known)
    refuse(error(Errc::bad_request, "There is no user '" + user + "' here."));
  return devices;
}

void Revocation::break_borrows(const std::set<ClientNumber>& devices, const std::string& reason,
                               AuditEntry& entry) {
  std::vector<std::pair<AnyKey, Borrow>> borrows;
  {
    store::Cursor cursor(ledger_.txn(), ledger_.premises().tables.borrows);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      Borrow borrow = Borrows::parse(cursor.value());
      if (!devices.contains(borrow.client)) continue;
      const TreeId tree{PairKey::first(cursor.key())};
      const KeyWord word(RecordId{PairKey::second(cursor.key())}, Revision{0});
      borrows.emplace_back(AnyKey(tree, word), std::move(borrow));
    }
  }
  for (const auto& [record, borrow] : borrows) {
    entry.items.push_back({record, end_borrow(record, Ledger::By::others), 0});
    ledger_.end_by_other({.record = record,
                          .holder = borrow.client,
                          .token = borrow.token,
                          .how = Ending::How::revoked,
                          .by = asker_.client,
                          .time_us = ledger_.now_us(),
                          .reason = reason,
                          .sequence = ledger_.head()});
  }
}

}  // namespace coppice::server
