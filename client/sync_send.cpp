#include <algorithm>

#include <capnp/message.h>

#include "client/commit.h"
#include "client/convert.h"
#include "client/stored_request.h"
#include "client/sync.h"

namespace coppice::client {
namespace {

// Unanswered bytes on their way: enough to keep a group commit busy, little enough that a lost
// connection wastes little.
constexpr std::size_t kInFlightBytesMax = 16u << 20;
// Leases begin small and grow with use.
constexpr std::uint64_t kFirstLease = 1'000;
constexpr std::uint64_t kLargestOwnLease = 100'000;
// No request for a lease is larger; what is need not be looked at to see that it is none.
constexpr std::size_t kLeaseRequestBytesMax = 256;

}  // namespace

Error Sync::too_large(const wire::Frame& frame) const {
  return error(Errc::bad_request,
               "A transaction written here has " + std::to_string(frame.size_bytes()) +
                   " bytes, and the server takes at most " +
                   std::to_string(limits_.frame_bytes_max) +
                   ". Raise the server's limit and connect again; everything is kept here.");
}

void Sync::send(capnp::MessageBuilder& message) { transport_->send(to_frame(message)); }

void Sync::send_requests() {
  auto txn = replica_.database().read();
  std::size_t bytes = 0;
  store::Cursor cursor(txn, replica_.tables().outbox);
  for (bool more = cursor.seek(next_to_send_); more; more = cursor.next()) {
    if (in_flight_.size() >= in_flight_max_ || bytes > kInFlightBytesMax) return;
    const std::uint64_t operation = cursor.key_number();
    next_to_send_ = operation + 1;
    // Accepted already, and only waiting for the feed to get there.
    if (txn.find(replica_.tables().awaiting, operation)) continue;
    auto frame = wire::Frame::copy_of(cursor.value());
    // Written when the server took larger ones, or while we had not heard of its limit.
    if (frame.size_bytes() > limits_.frame_bytes_max) return give_up(too_large(frame));
    bytes += frame.size_bytes();
    in_flight_.push_back(operation);
    transport_->send(std::move(frame));
  }
}

void Sync::ask_for_ids() {
  auto catalogue = replica_.database().catalogue();
  for (TreeId id : replica_.program_trees()) {
    auto tree = catalogue->find(id);
    const std::uint64_t left = replica_.ids().left(id);
    const std::uint64_t capacity = replica_.ids().capacity(id);
    if (left * 2 > capacity || tree->version() == 0 || !leases_asked_.insert(id).second) continue;
    const std::uint64_t count = std::clamp(2 * capacity, kFirstLease, kLargestOwnLease);
    queue_request(replica_, [&](protocol::Request::Builder request) {
      auto lease = request.initLease();
      lease.setTree(id.value);
      lease.setCount(count);
    });
  }
}

// Trees for which a lease was asked for, and not answered.
std::set<TreeId> Sync::leases_in_outbox() const {
  std::set<TreeId> trees;
  auto txn = replica_.database().read();
  store::Cursor cursor(txn, replica_.tables().outbox);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    if (cursor.value().size() > kLeaseRequestBytesMax) continue;
    StoredRequest stored(cursor.value());
    if (stored.reader().isLease()) trees.insert(TreeId{stored.reader().getLease().getTree()});
  }
  return trees;
}

void Sync::tell_of_ids(TreeId tree, int percent) {
  Event event;
  event.kind = Event::Kind::lease;
  event.origin = Event::Origin::local;
  event.key = AnyKey(tree, KeyWord{});
  event.place = static_cast<std::uint32_t>(percent);
  events_.push(std::move(event));
}

void Sync::warn_of_ids() {
  for (TreeId tree : replica_.ids().trees()) {
    const std::uint64_t capacity = replica_.ids().capacity(tree);
    const std::uint64_t left = replica_.ids().left(tree);
    const int percent = capacity == 0 ? 0 : static_cast<int>(100 * left / capacity);
    for (int mark : {20, 10}) {
      auto [told, first] = ids_warned_.emplace(tree, 100);
      if (percent > mark || told->second <= mark) continue;
      told->second = mark;
      tell_of_ids(tree, percent);
    }
  }
}

void Sync::when_flushed(Promise<Done> promise) {
  auto txn = replica_.database().read();
  const auto last = replica_.database().meta().number(txn, fact::kLastOperation);
  flush_promises_.push_back({last, std::move(promise)});
}
void Sync::when_live(Promise<Done> promise) { live_promises_.push_back(std::move(promise)); }

void Sync::refuse_waiting(const Error& why) {
  promises_.refuse_all(why);
  end_compare(why);
  end_fetch(why);
  for (auto& flush : std::exchange(flush_promises_, {})) flush.promise.settle(why);
  for (auto& promise : std::exchange(live_promises_, {})) promise.settle(why);
  for (auto& preparing : std::exchange(preparing_, {})) preparing.promise.settle(why);
}

bool Sync::settle(Preparing& preparing) const {
  std::optional<Error> refused;
  bool answered = true;
  const auto look = [&](const auto& pending) {
    const auto result = pending.result();
    answered &= result.has_value();
    if (result && !*result && !refused) refused = result->error();
  };
  if (preparing.borrow) look(*preparing.borrow);
  for (const auto& lease : preparing.leases) look(lease);
  if (refused) {
    preparing.promise.settle(*refused);
    return true;
  }
  if (!answered || !is_live()) return false;
  Ready ready;
  if (preparing.borrow) ready.borrowed = (*preparing.borrow->result())->keys;
  preparing.promise.settle(std::move(ready));
  return true;
}

void Sync::settle_waiting() {
  // Nobody will answer. What was asked for stays in the outbox.
  if (gave_up_) refuse_waiting(*gave_up_);
  if (!flush_promises_.empty()) {
    auto txn = replica_.database().read();
    store::Cursor oldest(txn, replica_.tables().outbox);
    const std::uint64_t open = oldest.first() ? oldest.key_number() : ~std::uint64_t{0};
    std::erase_if(flush_promises_, [&](Flush& flush) {
      if (flush.operation >= open) return false;
      flush.promise.settle(Done{});
      return true;
    });
  }
  std::erase_if(preparing_, [&](Preparing& preparing) { return settle(preparing); });
  if (!live_promises_.empty() && is_live()) {
    for (auto& promise : std::exchange(live_promises_, {})) promise.settle(Done{});
  }
}

}  // namespace coppice::client
