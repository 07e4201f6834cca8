// The part of Sync that has unfinished work copied to the server, and fetches what others left
// there.

#include <algorithm>

#include <capnp/message.h>

#include "client/convert.h"
#include "client/drawer.h"
#include "client/sync.h"

namespace coppice::client {
namespace {

// What a lost device takes with it, at most; little enough traffic for a record that is edited in
// every frame.
constexpr std::int64_t kShelvePauseUs = 5'000'000;

std::uint64_t digest_of(std::span<const std::uint64_t> body, std::uint64_t token) {
  std::uint64_t digest = token;
  for (const std::uint64_t word : body)
    digest = (digest ^ word) * 0x9e3779b97f4a7c15ull + (digest >> 29);
  return digest;
}

kj::ArrayPtr<const capnp::byte> data_of(std::span<const std::uint64_t> words) {
  return {reinterpret_cast<const capnp::byte*>(words.data()), 8 * words.size()};
}

std::string sentence(const std::string& name, const Holder& holder) {
  return "This is unfinished work of " + holder.user + " on " + holder.device + " in " + name +
         ", as it was copied to the server. Borrow the record and apply it, or throw it away.";
}

}  // namespace

std::optional<std::int64_t> Sync::shelve_deadline_us() const {
  // While it is not live, nothing is copied, and the next step comes by what arrives.
  if (!is_live() || replica_.database().read().number() == shelved_commit_) return std::nullopt;
  return shelve_at_us_;
}

void Sync::shelve(std::int64_t now_us) {
  // A clock that was set back must not make the pause a long one.
  shelve_at_us_ = std::min(shelve_at_us_, now_us + kShelvePauseUs);
  if (!is_live() || now_us < shelve_at_us_) return;
  shelve_at_us_ = now_us + kShelvePauseUs;
  const auto txn = replica_.database().read();
  if (txn.number() == shelved_commit_) return;
  shelved_commit_ = txn.number();
  const auto edited = edited_records(txn);
  std::vector<ShelfCopy> copies;
  for (const ShelfCopy& copy : edited) {
    auto& last = shelved_[copy.key.record()];
    if (std::exchange(last, {copy.token, copy.digest}) != Shelved{copy.token, copy.digest})
      copies.push_back(copy);
  }
  // What is not edited any more was handed in, or thrown away.
  std::erase_if(shelved_, [&](const auto& one) {
    const bool gone = std::ranges::none_of(
        edited, [&](const ShelfCopy& copy) { return copy.key.record() == one.first; });
    if (gone) copies.push_back({.key = one.first, .token = one.second.token});
    return gone;
  });
  send_shelves(copies);
}

std::vector<Sync::ShelfCopy> Sync::edited_records(const store::Txn& txn) const {
  std::vector<ShelfCopy> edited;
  store::Cursor cursor(txn, replica_.tables().borrows);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const AnyKey record = PairKey::parse(cursor.key());
    const store::RecordTree* tree = replica_.tree(record.tree);
    const auto head = tree ? tree->head(txn, record.id()) : std::nullopt;
    if (!head || !LocalMark::is_edited(head->record.header())) continue;
    const RecordHeader& header = head->record.header();
    // A grant that has not come yet has no token to keep it by, nor a new schema a number.
    const bool granted = header.token != 0 && (header.token & OwnGrant::kBit) == 0;
    if (!granted || header.schema_version == 0) continue;
    edited.push_back({.key = AnyKey(record.tree, head->key),
                      .token = header.token,
                      .digest = digest_of(head->record.body(), header.token),
                      .base_iteration = header.iteration,
                      .schema_version = header.schema_version,
                      .body = head->record.body()});
  }
  return edited;
}

void Sync::send_shelves(std::span<const ShelfCopy> copies) {
  while (!copies.empty()) {
    std::size_t count = 0, size_bytes = 1024;
    for (; count < copies.size(); ++count) {
      size_bytes += 128 + 8 * copies[count].body.size();
      if (count > 0 && size_bytes > limits_.frame_bytes_max / 2) break;
    }
    capnp::MallocMessageBuilder message;
    auto list = message.initRoot<protocol::ToServer>().initShelve(static_cast<unsigned>(count));
    for (unsigned i = 0; i < list.size(); ++i) {
      list[i].setTree(copies[i].key.tree.value);
      list[i].setKey(copies[i].key.word.value);
      list[i].setToken(copies[i].token);
      list[i].setBaseIteration(copies[i].base_iteration);
      list[i].setSchemaVersion(copies[i].schema_version);
      list[i].setBody(data_of(copies[i].body));
    }
    send(message);
    copies = copies.subspan(count);
  }
}

// --------
// Fetching

void Sync::fetch_shelves(const std::vector<AnyKey>& records, Promise<Done> promise) {
  if (!is_live()) {
    return promise.settle(error(
        Errc::offline, "We are not live, and shelves are kept by the server. Try again later."));
  }
  if (fetch_) {
    return promise.settle(
        error(Errc::bad_request, "Shelves are being fetched already. Wait for the answer."));
  }
  if (records.empty()) return promise.settle(Done{});
  fetch_ = Fetch{records, std::move(promise)};
}

// With the next step, as everything that goes to the server.
void Sync::send_fetch() {
  if (!fetch_ || fetch_->records.empty()) return;
  const auto records = std::exchange(fetch_->records, {});
  capnp::MallocMessageBuilder message;
  auto names = message.initRoot<protocol::ToServer>().initFetchShelves(
      static_cast<unsigned>(records.size()));
  for (unsigned i = 0; i < names.size(); ++i) {
    names[i].setTree(records[i].tree.value);
    names[i].setId(records[i].id().value);
  }
  send(message);
}

void Sync::shelves(capnp::List<protocol::Shelf>::Reader shelves) {
  if (!fetch_) return;  // nobody asked
  apply_batch();
  std::size_t kept = 0;
  events_.push(write_replica(replica_, Event::Origin::remote, [&](ReplicaWriter& writer) {
    kept = 0;
    for (const auto shelf : shelves) {
      // Ours is here.
      if (shelf.getHolder().getClient() == replica_.client_number()) continue;
      if (keep_shelf(writer, shelf)) ++kept;
    }
    return writer.take_events();
  }));
  refresh_status();
  if (kept > 0) return end_fetch(Done{});
  end_fetch(error(Errc::unknown_record,
                  "Nobody's unfinished work in it is on the server that we may see."));
}

// A body that no schema here describes is not kept: it could not be read.
bool Sync::keep_shelf(ReplicaWriter& writer, protocol::Shelf::Reader shelf) {
  const auto item = shelf.getItem();
  const AnyKey key(TreeId{item.getTree()}, KeyWord(item.getKey()));
  const auto catalogue = replica_.database().catalogue();
  const auto tree = catalogue->describing(key.tree, item.getSchemaVersion());
  if (!tree) return false;
  std::vector<std::uint64_t> scratch;
  const auto data = item.getBody();
  const auto body =
      tree->shape().check({reinterpret_cast<const std::byte*>(data.begin()), data.size()}, scratch);
  if (!body) return false;
  Error why = error(Errc::pending_changes,
                    sentence(catalogue->format(key), to_holder(shelf.getHolder())), key);
  why.holder = to_holder(shelf.getHolder());
  why.holder->since_us = shelf.getTime();
  keep_shelf_as_conflict(writer,
                         {.key = key,
                          .base_iteration = item.getBaseIteration(),
                          .schema_version = item.getSchemaVersion(),
                          .body = body->words()},
                         why);
  return true;
}

void Sync::end_fetch(Result<Done> result) {
  if (auto fetch = std::exchange(fetch_, std::nullopt)) fetch->promise.settle(std::move(result));
}

}  // namespace coppice::client
