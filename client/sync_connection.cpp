#include <algorithm>
#include <cstdio>

#include <capnp/message.h>

#include "client/convert.h"
#include "client/migrate_outbox.h"
#include "client/sync.h"

namespace coppice::client {
namespace {

// Pauses between attempts double from the first to the last, each with a random part, so that a
// hundred clients do not come back to a restarted server at one moment.
constexpr std::int64_t kFirstPauseUs = 100'000;
constexpr std::int64_t kLastPauseUs = 30'000'000;

std::int64_t pause_us(int attempts, std::uint64_t random) {
  std::int64_t pause = kFirstPauseUs << std::min(attempts, 9);
  pause = std::min(pause, kLastPauseUs);
  return pause / 2 + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(pause));
}

kj::ArrayPtr<const capnp::byte> data_of(const std::string& bytes) {
  return {reinterpret_cast<const capnp::byte*>(bytes.data()), bytes.size()};
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

// Whether code that trusts what is stored may read it.
bool is_readable(const Catalogue& catalogue, TreeId id, const std::optional<RecordView>& record) {
  if (!record) return false;
  if (record->header().removed()) return true;
  const auto tree = catalogue.describing(id, record->header().schema_version);
  std::vector<std::uint64_t> scratch;
  return tree && tree->shape().check(std::as_bytes(record->body()), scratch).has_value();
}

// A refusal after which trying again by itself would only be refused again.
bool is_final(Errc code) { return code != Errc::recovering && code != Errc::no_space; }

}  // namespace

Sync::Sync(Replica& replica, Identity identity, EventQueue& events,
           std::function<std::uint64_t()> random)
    : replica_(replica),
      identity_(std::move(identity)),
      events_(events),
      random_(std::move(random)),
      drain_(replica_.indexes()) {
  auto txn = replica_.database().read();
  const auto& meta = replica_.database().meta();
  position_.cursor = meta.number(txn, fact::kCursor);
  position_.head = meta.number(txn, fact::kHead);
  position_.first_sync = meta.number(txn, fact::kFirstSync) != 0;
  position_.catching_up = meta.number(txn, fact::kCatchingUp) != 0;
  position_.partial = meta.number(txn, fact::kPartial) != 0;
  first_sync_total_ = meta.number(txn, fact::kFirstSyncTotal);
  status_.reason = "not connected yet";
  status_.url = meta.text(txn, fact::kServerUrl);
  status_.database_uuid = hex(meta.text(txn, fact::kDatabaseUuid));
  refresh_status();
}

void Sync::connect(std::string url, std::string token, std::int64_t now_us) {
  // Asked again while it goes on: nothing is new, and a live connection must not call itself a
  // connecting one.
  if (wanted_ && connected_ && url == url_ && token == token_) return;
  url_ = std::move(url);
  token_ = std::move(token);
  wanted_ = true;
  attempts_ = 0;
  gave_up_.reset();
  refused_offers_.reset();
  replica_.database().write([&](store::WriteTxn& txn) {
    if (replica_.database().meta().text(txn, fact::kServerUrl) != url_) {
      replica_.database().meta().set_text(txn, fact::kServerUrl, url_);
    }
  });
  {
    std::lock_guard lock(status_mutex_);
    status_.url = url_;
  }
  if (connected_) {
    // To somewhere else, or while we say goodbye: closed() comes, and then it is tried again.
    welcomed_ = false;
    transport_->close();
  } else {
    connect_at_us_ = now_us;
  }
  set_connection(Connection::connecting, "connecting to " + url_);
}

void Sync::disconnect() {
  wanted_ = false;
  welcomed_ = false;
  connect_at_us_.reset();
  if (connected_ && transport_) transport_->close();
  set_connection(Connection::offline, "disconnected by the application");
}

Result<Done> Sync::fetch_anew() {
  if (wanted_ || connected_) {
    return error(Errc::bad_request,
                 "The replica is connected. Disconnect it before it fetches everything anew.");
  }
  replica_.database().write([&](store::WriteTxn& txn) {
    for (auto name : {fact::kCursor, fact::kPartial, fact::kFirstSync, fact::kFirstSyncSince,
                      fact::kFirstSyncTree, fact::kFirstSyncKey, fact::kFirstSyncDone}) {
      replica_.database().meta().set_number(txn, name, 0);
    }
  });
  position_.cursor = 0;
  position_.partial = position_.first_sync = false;
  refresh_status();
  return Done{};
}

void Sync::try_connect(std::int64_t now_us) {
  if (connected_) connect_at_us_.reset();
  if (!wanted_ || !connect_at_us_) return;
  // A clock that was set back must not make the pause a long one.
  connect_at_us_ = std::min(*connect_at_us_, now_us + 2 * kLastPauseUs);
  if (*connect_at_us_ > now_us) return;
  connect_at_us_.reset();
  connected_ = true;
  transport_->connect(url_);
}

void Sync::send_hello() {
  auto txn = replica_.database().read();
  const auto& meta = replica_.database().meta();
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  hello.setClient(data_of(replica_.client_uuid()));
  hello.setDevice(identity_.device);
  hello.setUser(identity_.user);
  hello.setApplication(identity_.application);
  hello.setToken(data_of(token_));
  hello.setDatabase(data_of(meta.text(txn, fact::kDatabaseUuid)));
  hello.setEpoch(static_cast<std::uint16_t>(meta.number(txn, fact::kEpoch)));
  hello.setCursor(position_.cursor);
  hello.setPartial(position_.partial);
  hello.setAcknowledged(meta.number(txn, fact::kAnswered));
  hello.setLastOperation(meta.number(txn, fact::kLastOperation));
  if (has_first_sync_position()) {
    auto position = hello.initFirstSync();
    position.setSince(meta.number(txn, fact::kFirstSyncSince));
    position.setTree(meta.number(txn, fact::kFirstSyncTree));
    position.setKey(meta.number(txn, fact::kFirstSyncKey));
    position.setDone(meta.number(txn, fact::kFirstSyncDone));
  }
  const auto offers = refused_offers_ ? std::vector<TreeInfoPtr>{} : replica_.offers();
  auto schemas = hello.initSchemas(static_cast<unsigned>(offers.size()));
  for (unsigned i = 0; i < schemas.size(); ++i) schemas.setWithCaveats(i, offers[i]->schema());
  tell_known(hello);
  send(message);
}

void Sync::tell_known(protocol::Hello::Builder hello) const {
  std::vector<std::pair<TreeId, std::uint32_t>> versions;
  const auto catalogue = replica_.database().catalogue();
  for (const auto& [id, tree] : catalogue->trees()) {
    for (const auto& [number, version] : catalogue->history(id)) {
      if (number != 0) versions.emplace_back(id, number);
    }
  }
  auto known = hello.initKnown(static_cast<unsigned>(versions.size()));
  for (unsigned i = 0; i < known.size(); ++i) {
    known[i].setTree(versions[i].first.value);
    known[i].setVersion(versions[i].second);
  }
}

// Whether a part of the unfinished first sync is here: it goes on after that.
bool Sync::has_first_sync_position() const {
  auto txn = replica_.database().read();
  return position_.first_sync && replica_.database().meta().number(txn, fact::kFirstSyncTree) != 0;
}

void Sync::lost(const wire::Closed& why, std::int64_t now_us) {
  connected_ = false;
  welcomed_ = false;
  held_.clear();
  in_flight_.clear();
  // What still concerns us is said again after the next welcome.
  endings_.clear();
  shelved_.clear();
  shelved_commit_ = 0;
  end_fetch(error(Errc::offline, "The connection was lost before the answer came. Ask again."));
  {
    std::lock_guard lock(status_mutex_);
    hand_overs_.clear();
  }
  end_compare(error(Errc::offline,
                    "The connection was lost before the comparison was complete. Ask again."));
  std::string reason = std::exchange(why_given_up_, {});
  if (!wanted_) {
    auto now = status();
    return set_connection(
        now.connection == Connection::refused ? Connection::refused : Connection::offline,
        now.reason);
  }
  connect_at_us_ = now_us + pause_us(attempts_++, random_());
  if (reason.empty()) reason = why.text.empty() ? "the connection was lost" : why.text;
  set_connection(Connection::connecting, std::move(reason));
}

void Sync::suspend(const std::string& why, std::int64_t now_us) {
  fail(error(Errc::no_space, why));
  if (wanted_) connect_at_us_ = now_us + kLastPauseUs / 10;
}

// The other side broke the protocol: what it said was not applied. The connection is of no use any
// more.
void Sync::fail(const Error& why) {
  held_.clear();
  batch_.clear();
  batch_bytes_ = 0;
  welcomed_ = false;
  if (wanted_) set_connection(Connection::connecting, why.message);
  if (!connected_) return;
  why_given_up_ = why.message;
  transport_->close();
}

void Sync::refused(protocol::Refusal::Reader refusal) {
  auto why = to_error(refusal);
  // Perhaps a tree was migrated since: then our schemas, and the work by them, are a thing of the
  // past.
  if (why.code == Errc::incompatible_schema && !refused_offers_ && !replica_.offers().empty()) {
    refused_offers_ = why;
    return fail(why);
  }
  if (is_final(why.code)) return give_up(std::move(why));
  fail(why);
}

// This server and this replica do not go together: trying again would change nothing.
void Sync::give_up(Error why) {
  wanted_ = false;
  welcomed_ = false;
  set_connection(Connection::refused, why.message);
  gave_up_ = std::move(why);
  transport_->close();
}

void Sync::welcome(protocol::Welcome::Reader welcome) {
  bool ours = true;
  {
    auto txn = replica_.database().read();
    const auto& meta = replica_.database().meta();
    std::string uuid(welcome.getDatabase().asChars().begin(), welcome.getDatabase().size());
    std::string bound = meta.text(txn, fact::kDatabaseUuid);
    ours = uuid.size() == 16 && (bound.empty() || bound == uuid);
  }
  if (!ours) {
    return give_up(error(Errc::foreign_database,
                         "This replica belongs to another database than the one at " + url_ +
                             ". Connect it to its own, or use another folder."));
  }
  const std::size_t offers = replica_.offers().size();
  if (!adopt(welcome.getCatalogue(), welcome.getLastOperation())) return;
  if (!settle_refused_offers(offers)) return;
  if (replica_.reading()->converts()) migrate_unsent(welcome.getLastOperation());
  // A first sync from its beginning tells of no record that was removed, so nothing of before may
  // stay: neither what another first sync left, nor our own creates that were accepted before we
  // ever had a cursor.
  // Before bind(): should this process end between the two, the first sync begins anew.
  if (welcome.getDiscardReplica() || (welcome.getFirstSync() && !has_first_sync_position()))
    discard_synced_records();
  bind(welcome);
  auto limits = welcome.getLimits();
  if (limits.getActionsPerTransaction() > 0)
    limits_.actions_max = limits.getActionsPerTransaction();
  if (limits.getFrameBytes() > 0) limits_.frame_bytes_max = limits.getFrameBytes();
  if (limits.getBodyBytes() > 0) limits_.body_bytes_max = limits.getBodyBytes();
  if (limits.getRequestsInFlight() > 0) in_flight_max_ = limits.getRequestsInFlight();
  next_to_send_ = 1;
  in_flight_.clear();
  leases_asked_ = leases_in_outbox();
  welcomed_ = true;
  // With nothing to be brought, this is all that can go well; else see conclude().
  if (is_live()) attempts_ = 0;
  {
    std::lock_guard lock(status_mutex_);
    status_.server = welcome.getServer();
  }
  set_connection(is_live() ? Connection::live : Connection::syncing, "");
}

bool Sync::settle_refused_offers(std::size_t offers_before) {
  if (!refused_offers_) return true;
  Error why = *std::exchange(refused_offers_, std::nullopt);
  const std::size_t offers = replica_.offers().size();
  if (offers == 0) return true;
  if (offers == offers_before) {
    give_up(std::move(why));
  } else {
    // The others have to be offered.
    fail(why);
  }
  return false;
}

void Sync::migrate_unsent(std::uint64_t executed) {
  events_.push(write_replica(replica_, Event::Origin::remote, [&](ReplicaWriter& writer) {
    migrate_outbox(writer, executed);
    return writer.take_events();
  }));
}

void Sync::bind(protocol::Welcome::Reader welcome) {
  position_.first_sync = welcome.getFirstSync();
  position_.head = std::max(welcome.getHead(), position_.cursor);
  position_.catching_up = position_.first_sync || position_.cursor < position_.head;
  replica_.set_client_number(welcome.getClientNumber());
  std::string uuid(welcome.getDatabase().asChars().begin(), welcome.getDatabase().size());
  const auto& meta = replica_.database().meta();
  const std::pair<std::string_view, std::uint64_t> numbers[] = {
      {fact::kEpoch, welcome.getEpoch()},
      {fact::kClientNumber, welcome.getClientNumber()},
      {fact::kHead, position_.head},
      {fact::kFirstSync, position_.first_sync},
      {fact::kCatchingUp, position_.catching_up},
  };
  // Coming back to where nothing has happened is the usual case, and need not wait for the disk.
  const bool known = [&] {
    auto txn = replica_.database().read();
    return meta.text(txn, fact::kDatabaseUuid) == uuid && meta.text(txn, fact::kLines).empty() &&
           std::ranges::all_of(numbers, [&](const auto& fact) {
             return meta.number(txn, fact.first) == fact.second;
           });
  }();
  if (!known) {
    replica_.database().write([&](store::WriteTxn& txn) {
      meta.set_text(txn, fact::kDatabaseUuid, uuid);
      meta.set_text(txn, fact::kLines, "");
      for (const auto& [name, number] : numbers) meta.set_number(txn, name, number);
    });
  }
  std::lock_guard lock(status_mutex_);
  status_.database_uuid = hex(uuid);
}

void Sync::discard_synced_records() {
  write_replica(replica_, Event::Origin::remote, [&](ReplicaWriter& writer) {
    store::WriteTxn& txn = writer.txn();
    auto catalogue = replica_.database().catalogue();
    for (const auto& [id, info] : catalogue->trees()) {
      auto* tree = replica_.tree(id);
      std::vector<KeyWord> synced, damaged;
      store::Cursor cursor(txn, tree->table());
      for (bool more = cursor.first(); more; more = cursor.next()) {
        const auto record = RecordView::parse(cursor.value());
        const KeyWord key(cursor.key_number());
        // Work of our own stays, whatever its state.
        if (record && LocalMark::is_local(record->header())) continue;
        (is_readable(*catalogue, id, record) ? synced : damaged).push_back(key);
      }
      for (KeyWord key : synced) writer.forget(AnyKey(id, key));
      // No indexer can be told of these: the indexes are made again when the replica is opened.
      for (KeyWord key : damaged) tree->erase(txn, key);
      if (damaged.empty()) continue;
      writer.touch_everything();
      for (const auto& follower : replica_.indexers().followers())
        writer.meta().set_number(txn, follower->version_fact(), 0);
    }
    txn.clear(replica_.tables().borrows);
    writer.meta().set_number(txn, fact::kCursor, 0);
    writer.meta().set_number(txn, fact::kPartial, 0);
    for (auto name :
         {fact::kFirstSyncSince, fact::kFirstSyncTree, fact::kFirstSyncKey, fact::kFirstSyncDone}) {
      writer.meta().set_number(txn, name, 0);
    }
  });
  position_.cursor = 0;
  position_.partial = false;
}

void Sync::set_connection(Connection connection, std::string reason) {
  {
    std::lock_guard lock(status_mutex_);
    if (status_.connection == connection && status_.reason == reason) return;
    status_.connection = connection;
    status_.reason = std::move(reason);
  }
  refresh_status();
  Event event;
  event.kind = Event::Kind::connection;
  event.origin = Event::Origin::local;
  events_.push(std::move(event));
}

void Sync::refresh_status() {
  auto txn = replica_.database().read();
  const std::uint64_t done = replica_.database().meta().number(txn, fact::kFirstSyncDone);
  std::lock_guard lock(status_mutex_);
  status_.cursor = position_.cursor;
  status_.head = position_.head;
  status_.first_sync = position_.first_sync;
  status_.records_done = done;
  status_.records_total = first_sync_total_;
}

Status Sync::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

bool Sync::is_live() const { return welcomed_ && !position_.first_sync && !position_.catching_up; }

}  // namespace coppice::client
