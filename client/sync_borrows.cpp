// The part of Sync that deals with what others do to borrows.

#include <algorithm>

#include "client/convert.h"
#include "client/known_lines.h"
#include "client/sync.h"

namespace coppice::client {
namespace {

AnyKey record_of(std::uint64_t tree, std::uint64_t id) {
  return {TreeId{tree}, KeyWord(RecordId{id}, Revision{0})};
}

Event::Kind kind_of(protocol::Ending::How how) {
  switch (how) {
    case protocol::Ending::How::TAKEN_OVER:
      return Event::Kind::taken_over;
    case protocol::Ending::How::HANDED_OVER:
      return Event::Kind::handed_over;
    case protocol::Ending::How::BROKEN:
    case protocol::Ending::How::REVOKED:
      break;
  }
  return Event::Kind::broken;
}

}  // namespace

std::string EndedBorrow::sentence(const std::string& name) const {
  std::string text = by.user + " on " + by.device;
  if (revoked) {
    text += " has revoked this device, and with it the borrow of " + name;
  } else if (how == Event::Kind::taken_over) {
    text += " has taken over the borrow of " + name;
  } else if (how == Event::Kind::handed_over) {
    text += " has got the borrow of " + name + " by a hand-over";
  } else {
    text += " has broken your borrow of " + name;
  }
  return text + (by.purpose.empty() ? "." : ": " + by.purpose + ".");
}

Event EndedBorrow::event() const {
  Event event;
  event.kind = how;
  event.key = record;
  event.sequence = sequence;
  event.holder = holder;
  event.by = by;
  event.text = by.purpose;
  return event;
}

void Sync::ended(capnp::List<protocol::Ending>::Reader endings) {
  for (const auto ending : endings) {
    EndedBorrow one;
    one.record = record_of(ending.getTree(), ending.getId());
    one.how = kind_of(ending.getHow());
    one.revoked = ending.getHow() == protocol::Ending::How::REVOKED;
    one.holder = to_holder(ending.getHolder());
    one.holder.token = ending.getToken();
    one.by = to_holder(ending.getBy());
    one.by.since_us = ending.getTime();
    one.by.purpose = ending.getReason();
    one.sequence = ending.getSequence();
    if (one.sequence > position_.cursor) endings_.push_back(std::move(one));
  }
  std::ranges::stable_sort(endings_, {}, &EndedBorrow::sequence);
}

// Told with the changes that carry it, and before what comes after it: a next holder, say.
void Sync::tell_endings(ReplicaWriter& writer, std::uint64_t up_to, Outcome& outcome) {
  for (const EndedBorrow& one : endings_) {
    const bool due = one.sequence > outcome.endings_told && one.sequence <= up_to;
    if (due && !one.told) writer.tell(one.event());
  }
  outcome.endings_told = std::max(outcome.endings_told, up_to);
}

// What the record's own change has not brought yet may still be asked for, while pieces of a cut
// unit are missing.
void Sync::forget_endings() {
  for (EndedBorrow& one : endings_) one.told = one.told || one.sequence <= position_.cursor;
  if (!position_.partial) std::erase_if(endings_, [](const EndedBorrow& one) { return one.told; });
}

void Sync::offered(capnp::List<protocol::HandOverOffer>::Reader offers) {
  std::vector<HandOver> now;
  for (const auto offer : offers) {
    now.push_back({record_of(offer.getTree(), offer.getId()), to_holder(offer.getHolder()),
                   to_holder(offer.getBy()), offer.getTime(), offer.getReason()});
  }
  std::vector<HandOver> before;
  {
    std::lock_guard lock(status_mutex_);
    before = std::exchange(hand_overs_, now);
  }
  apply_batch();
  for (const HandOver& offer : now) {
    const bool known = std::ranges::any_of(before, [&](const HandOver& one) {
      return one.record == offer.record && one.time_us == offer.time_us;
    });
    if (known) continue;
    Event event;
    event.kind = Event::Kind::hand_over;
    event.key = offer.record;
    event.holder = offer.holder;
    event.by = offer.by;
    event.text = offer.reason;
    events_.push(std::move(event));
  }
}

void Sync::nudged(capnp::List<protocol::Nudged>::Reader nudges) {
  apply_batch();
  for (const auto nudge : nudges) {
    Event event;
    event.kind = Event::Kind::nudged;
    event.key = record_of(nudge.getTree(), nudge.getId());
    event.by = to_holder(nudge.getBy());
    event.by.since_us = nudge.getTime();
    event.text = nudge.getText();
    events_.push(std::move(event));
  }
}

void Sync::lines(protocol::Lines::Reader lines) { take_lines(replica_, lines); }

std::vector<HandOver> Sync::hand_overs() const {
  std::lock_guard lock(status_mutex_);
  return hand_overs_;
}

}  // namespace coppice::client
