#include "coppice/client.h"

#include <pwd.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>

#include "client/access_token.h"
#include "client/ask.h"
#include "client/check_replica.h"
#include "client/client_implementation.h"
#include "client/drawer.h"
#include "client/intents.h"
#include "client/snapshot_state.h"
#include "client/unfinished.h"
#include "client/websocket_transport.h"
#include "store/compact.h"
#include "store/statistics.h"
#include "wire/url.h"

namespace coppice {
namespace {

std::uint64_t system_random() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number)
    throw StorageError("The system gives no random numbers.");
  return number;
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "this computer";
  return name;
}

std::string login_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry ? entry->pw_name : "somebody";
}

Client::Options with_defaults(Client::Options options) {
  if (options.name.empty()) options.name = host_name();
  if (options.user.empty()) options.user = login_name();
  return options;
}

}  // namespace

namespace client {

Client open_client(const std::filesystem::path& folder, Client::Options options,
                   TransportFactory transport, std::function<std::uint64_t()> random,
                   const store::RunLimits& runs) {
  return Client(std::make_unique<Client::Implementation>(
      folder, with_defaults(std::move(options)), std::move(transport), std::move(random), runs));
}

}  // namespace client

Client::Client(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

Client Client::open(const std::filesystem::path& folder, Options options) {
  client::TransportFactory transport = client::make_websocket_transport;
  if (options.access == Access::read_only) transport = nullptr;
  return client::open_client(folder, std::move(options), std::move(transport), system_random);
}

Result<Done> Client::connect(const std::string& url, const std::string& token) {
  const auto token_bytes = client::parse_access_token(token);
  if (!token_bytes) return token_bytes.error();
  auto parsed = wire::parse_url(url);
  if (!parsed) return error(Errc::bad_request, parsed.error().sentence);
  auto& self = *implementation_;
  auto connected = self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    self.sync.connect(url, *token_bytes, self.now_us());
    return Done{};
  });
  self.wake();
  return connected;
}

void Client::disconnect() {
  auto& self = *implementation_;
  auto done = self.as_writer([&]() -> Result<Done> {
    self.sync.disconnect();
    return Done{};
  });
  (void)done;  // inside a write there is nothing to be told, and nobody to tell
  self.wake();
}

Result<Done> Client::fetch_anew() {
  auto& self = *implementation_;
  return self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    return self.sync.fetch_anew();
  });
}

Snapshot Client::snapshot(std::string_view name) const {
  return client::take_snapshot(implementation_->replica, name);
}

std::vector<Pin> Client::pins() const { return implementation_->pins(); }

Statistics Client::statistics() const {
  return store::statistics_of(implementation_->replica.database());
}

Compaction Client::compact(const std::filesystem::path& folder) {
  const auto done = store::compact(folder, store::Role::replica);
  return {.bytes_before = done.bytes_before, .bytes_after = done.bytes_after};
}

Status Client::status() const {
  auto& self = *implementation_;
  Status status = self.sync.status();
  auto txn = self.replica.database().read();
  status.outbox = txn.count(self.replica.tables().outbox);
  status.conflicts = txn.count(self.replica.tables().drawer);
  if (self.replica.tables().intents) status.intents = txn.count(*self.replica.tables().intents);
  status.indexers_set_aside = self.replica.indexers().set_aside();
  // What is edited is borrowed.
  store::Cursor cursor(txn, self.replica.tables().borrows);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    AnyKey key = client::PairKey::parse(cursor.key());
    auto* tree = self.replica.tree(key.tree);
    auto head = tree ? tree->head(txn, key.id()) : std::nullopt;
    if (head && LocalMark::is_edited(head->record.header())) ++status.unchecked;
  }
  return status;
}

std::string Client::format(AnyKey key) const {
  return implementation_->replica.database().catalogue()->format(key);
}

Result<AnyKey> Client::parse_key(std::string_view text) const {
  return implementation_->replica.database().catalogue()->parse(text);
}

namespace {

// What the user's function does. REQUIRES: the caller is the writer. If the function throws, the
// ids it took are given back.
std::unique_ptr<client::TransactionState> collect_transaction(
    Client::Implementation& self, const std::function<void(Transaction&)>& fn) {
  auto state = std::make_unique<client::TransactionState>(
      self.replica, client::take_snapshot(self.replica), self.sync.on_line(), self.sync.limits());
  Transaction transaction(*state);
  try {
    fn(transaction);
  } catch (...) {
    self.replica.ids().give_back();
    throw;
  }
  return state;
}

// Collects and commits one transaction. REQUIRES: the caller is the writer. Returns its operation,
// 0 if it has none.
Result<std::uint64_t> write_transaction(Client::Implementation& self,
                                        const std::function<void(Transaction&)>& fn) {
  if (auto writable = self.writable(); !writable) return writable.error();
  auto state = collect_transaction(self, fn);
  auto committed = client::commit_transaction(self.replica, *state, self.now_us());
  if (!committed) return committed.error();
  self.events.push(std::move(committed->events));
  return committed->operation;
}

}  // namespace

Result<std::uint64_t> Client::run_write(const std::function<void(Transaction&)>& fn) {
  auto& self = *implementation_;
  auto written = self.as_writer([&] { return write_transaction(self, fn); });
  if (written) self.wake();
  return written;
}

WhatIf Client::what_if(const std::function<void(Transaction&)>& fn,
                       const std::function<void(const Snapshot& outcome)>& look) {
  auto& self = *implementation_;
  auto tried = self.as_writer([&]() -> Result<WhatIf> {
    if (auto writable = self.writable(); !writable) return writable.error();
    auto state = collect_transaction(self, fn);
    return client::try_transaction(self.replica, *state, self.now_us(), look);
  });
  if (tried) return std::move(*tried);
  return {.refusals = {tried.error()}, .changes = {}};
}

Result<AnyLiveQuery> Client::live(const AnyQuery& query) {
  auto& self = *implementation_;
  return self.as_writer([&]() -> Result<AnyLiveQuery> {
    if (auto writable = self.writable(); !writable) return writable.error();
    return self.live.add(query);
  });
}

Pending<Accepted> Client::submit(const std::function<void(Transaction&)>& fn) {
  auto& self = *implementation_;
  auto promise = self.promise<Accepted>();
  // The promise waits before the sync thread can see an answer: both are one turn as the writer.
  auto written = self.as_writer([&] {
    auto operation = write_transaction(self, fn);
    if (operation && *operation != 0) self.sync.promises().wait(*operation, promise);
    return operation;
  });
  if (!written) promise.settle(written.error());
  if (written && *written == 0) promise.settle(Accepted{});
  self.wake();
  return promise.pending();
}

Pending<Leased> Client::lease(TreeId tree, std::uint64_t count) {
  return client::ask<Leased>(*implementation_, "lease ids", client::Asked::any_time,
                             [&](protocol::Request::Builder request) {
                               auto lease = request.initLease();
                               lease.setTree(tree.value);
                               lease.setCount(count);
                             });
}

std::uint64_t Client::ids_left(TreeId tree) const {
  return implementation_->replica.ids().left(tree);
}

Pending<Done> Client::flushed() {
  auto promise = implementation_->promise<Done>();
  auto asked = implementation_->as_writer([&]() -> Result<Done> {
    if (auto writable = implementation_->writable(); !writable) return writable;
    implementation_->sync.when_flushed(promise);
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  implementation_->wake();
  return promise.pending();
}

Pending<Done> Client::synced() {
  auto promise = implementation_->promise<Done>();
  auto asked = implementation_->as_writer([&]() -> Result<Done> {
    if (auto writable = implementation_->writable(); !writable) return writable;
    implementation_->sync.when_live(promise);
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  implementation_->wake();
  return promise.pending();
}

std::vector<Unfinished> Client::unfinished(std::size_t count_max) const {
  auto txn = implementation_->replica.database().read();
  return client::read_unfinished(implementation_->replica, txn, count_max);
}

std::vector<Intent> Client::intents() const {
  auto txn = implementation_->replica.database().read();
  return client::read_intents(implementation_->replica, txn);
}

std::vector<Conflict> Client::conflicts() const {
  auto txn = implementation_->replica.database().read();
  return client::read_drawer(implementation_->replica, txn);
}

Result<Done> Client::discard_conflict(std::uint64_t number) {
  auto& self = *implementation_;
  return self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    if (client::discard_from_drawer(self.replica, number)) return Done{};
    return error(Errc::unknown_record, "There is no conflict " + std::to_string(number) + ".");
  });
}

std::vector<Event> Client::poll() { return implementation_->events.take(); }

bool Client::wait_for_events(std::chrono::milliseconds at_most) {
  return implementation_->events.wait(at_most);
}

void Client::step(std::int64_t now_us) { implementation_->step(now_us); }

Pending<Comparison> Client::compare() {
  auto& self = *implementation_;
  auto promise = self.promise<Comparison>();
  auto asked = self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    self.sync.compare(promise);
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  self.wake();
  return promise.pending();
}

void Client::check(CheckReport& report) const {
  client::check_replica(implementation_->replica, report);
}

std::vector<std::string> Client::check_invariants() const {
  CheckReport report(CheckReport::Side::replica);
  check(report);
  return report.sentences();
}

}  // namespace coppice
