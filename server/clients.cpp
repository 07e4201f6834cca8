#include "server/clients.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace coppice::server {
namespace {

constexpr std::uint32_t kProven = 1;
constexpr std::uint32_t kRevoked = 2;

Client client_from(ClientNumber number, store::Bytes row) {
  RowReader reader(row);
  Client client;
  client.number = number;
  std::memcpy(client.uuid.data(), reader.take(client.uuid.size()).data(), client.uuid.size());
  client.last_operation = reader.number<std::uint64_t>();
  client.acknowledged = reader.number<std::uint64_t>();
  client.last_seen_us = reader.number<std::int64_t>();
  client.device = reader.text();
  client.user = reader.text();
  const std::uint32_t flags = reader.rest().empty() ? 0 : reader.number<std::uint32_t>();
  client.proven = (flags & kProven) != 0;
  client.revoked = (flags & kRevoked) != 0;
  return client;
}

}  // namespace

Clients::Clients(const store::Txn& txn, const Tables& tables) {
  store::Cursor cursor(txn, tables.clients);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const ClientNumber number{static_cast<std::uint32_t>(cursor.key_number())};
    remember(client_from(number, cursor.value()));
  }
}

const Client* Clients::find(const Uuid& uuid) const {
  const auto found = numbers_.find(uuid);
  return found == numbers_.end() ? nullptr : find(found->second);
}

const Client* Clients::find(ClientNumber number) const {
  const auto found = all_.find(number);
  return found == all_.end() ? nullptr : &found->second;
}

ClientNumber Clients::next_number() const {
  return {all_.empty() ? 1 : all_.rbegin()->first.value + 1};
}

void Clients::store(store::WriteTxn& txn, const Tables& tables, const Client& client) {
  RowWriter row;
  row.raw(client.uuid)
      .number(client.last_operation)
      .number(client.acknowledged)
      .number(client.last_seen_us)
      .text(client.device)
      .text(client.user)
      .number((client.proven ? kProven : 0) | (client.revoked ? kRevoked : 0));
  const std::uint64_t number = client.number.value;
  txn.put(tables.clients, number, row.row());
  txn.put(tables.client_ids, client.uuid, store::bytes_of(number));
}

void Clients::remember(Client client) {
  numbers_[client.uuid] = client.number;
  const ClientNumber number = client.number;
  all_.insert_or_assign(number, std::move(client));
}

void Clients::forget(ClientNumber number) {
  const auto found = all_.find(number);
  numbers_.erase(found->second.uuid);
  all_.erase(found);
}

void Clients::left(ClientNumber number, std::int64_t now_us) {
  online_.erase(number);
  const auto found = all_.find(number);
  if (found == all_.end()) return;
  found->second.last_seen_us = std::max(found->second.last_seen_us, now_us);
}

Holder Clients::person(ClientNumber number) const {
  Holder holder;
  holder.client = number.value;
  if (const Client* client = find(number)) {
    holder.device = client->device;
    holder.user = client->user;
    holder.last_seen_us = online(number) ? 0 : client->last_seen_us;
  }
  return holder;
}

Holder Clients::holder(const Borrow& borrow) const {
  Holder holder = person(borrow.client);
  holder.since_us = borrow.since_us;
  holder.purpose = borrow.purpose;
  holder.expected_return_us = borrow.expected_return_us;
  holder.token = borrow.token;
  holder.overdue_us = borrow.overdue_us;
  return holder;
}

}  // namespace coppice::server
