#include "server/messages.h"

#include <cstring>

#include <capnp/serialize.h>

#include "schema/body_shape.h"
#include "server/outgoing.h"

namespace coppice::server {
namespace {

void fill(protocol::Grant::Builder to, const Grant& grant) {
  to.setTree(grant.record.tree.value);
  to.setId(grant.record.id().value);
  to.setToken(grant.token);
  to.setSequence(grant.sequence);
  to.setSince(grant.since_us);
}

void fill(capnp::List<protocol::Grant>::Builder to, const std::vector<Grant>& grants) {
  for (unsigned i = 0; i < to.size(); ++i) fill(to[i], grants[i]);
}

void fill(protocol::Waiting::Builder to, const Place& place) {
  to.setTree(place.record.tree.value);
  to.setId(place.record.id().value);
  to.setPlace(place.place);
  if (place.holder) server::fill(to.initHolder(), *place.holder);
}

// One overload for each member of Decision.
struct AnswerFiller {
  protocol::Answer::Builder to;

  void operator()(const Refusals& refusals) {
    auto list = to.initRefused(static_cast<unsigned>(refusals.size()));
    for (unsigned i = 0; i < list.size(); ++i) server::fill(list[i], refusals[i]);
  }
  void operator()(const Accepted& accepted) {
    auto out = to.initAccepted();
    out.setFirst(accepted.first);
    out.setLast(accepted.last);
    out.setTime(accepted.time_us);
    fill(out.initGrants(static_cast<unsigned>(accepted.grants.size())), accepted.grants);
  }
  void operator()(const Borrowed& borrowed) {
    fill(to.initBorrowed(static_cast<unsigned>(borrowed.grants.size())), borrowed.grants);
  }
  void operator()(const Waiting& waiting) {
    auto list = to.initWaiting(static_cast<unsigned>(waiting.places.size()));
    for (unsigned i = 0; i < list.size(); ++i) fill(list[i], waiting.places[i]);
  }
  void operator()(const GaveBack&) { to.setGaveBack(); }
  void operator()(const Ended&) { to.setDone(); }
  void operator()(const Lease& lease) {
    auto out = to.initLeased();
    out.setTree(lease.tree.value);
    out.setBegin(lease.begin);
    out.setEnd(lease.end);
  }
};

}  // namespace

void fill(protocol::Holder::Builder to, const Holder& holder) {
  to.setClient(holder.client);
  to.setDevice(holder.device);
  to.setUser(holder.user);
  to.setSince(holder.since_us);
  to.setLastSeen(holder.last_seen_us);
  to.setPurpose(holder.purpose);
  to.setExpectedReturn(holder.expected_return_us);
  to.setToken(holder.token);
  to.setOverdue(holder.overdue_us);
}

void fill(protocol::Refusal::Builder to, const Refusal& refusal) {
  const Error& error = refusal.error;
  to.setCode(static_cast<protocol::Code>(error.code));
  to.setTree(error.key.tree.value);
  to.setKey(error.key.word.value);
  if (error.holder) fill(to.initHolder(), *error.holder);
  to.setExpected(error.expected);
  to.setActual(error.actual);
  to.setText(error.message);
  to.setAction(refusal.action);
}

std::vector<std::uint64_t> encode_answer(std::uint64_t operation, const Decision& decision) {
  capnp::word scratch[256];
  std::memset(scratch, 0, sizeof scratch);
  capnp::MallocMessageBuilder message(kj::ArrayPtr<capnp::word>(scratch, 256));
  auto answer = message.initRoot<protocol::Answer>();
  answer.setOperation(operation);
  std::visit(AnswerFiller{answer}, decision);
  const auto segments = message.getSegmentsForOutput();
  if (segments.size() > 1) return canonical_words(answer.asReader());
  std::vector<std::uint64_t> words(segments[0].size());
  std::memcpy(words.data(), segments[0].begin(), 8 * words.size());
  return words;
}

wire::Frame answers_message(std::span<const std::vector<std::uint64_t>> answers) {
  std::size_t words = 8;
  for (const auto& answer : answers) words += answer.size() + 8;
  Outgoing out(8 * words);
  auto list = out.message().initAnswers(static_cast<unsigned>(answers.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    const auto* words_of = reinterpret_cast<const capnp::word*>(answers[i].data());
    list.setWithCaveats(i, capnp::readMessageUnchecked<protocol::Answer>(words_of));
  }
  return out.finish();
}

wire::Frame position_message(std::uint64_t cursor) {
  Outgoing out(128);
  auto changes = out.message().initChanges();
  changes.setUpTo(cursor);
  changes.setHead(cursor);
  changes.setComplete(true);
  return out.finish();
}

wire::Frame refused_message(const Error& error) {
  Outgoing out(1024);
  fill(out.message().initRefused(), Refusal{error, Refusal::kNoAction});
  return out.finish();
}

std::vector<wire::Frame> catalogue_messages(const std::vector<TreeInfoPtr>& versions) {
  // One schema alone may be as large as TreeInfo::parse allows, and still fits a frame.
  constexpr std::size_t kMessageWords = (4u << 20) / 8;
  std::vector<wire::Frame> frames;
  for (auto begin = versions.begin(); begin != versions.end();) {
    std::size_t words = 8;
    auto end = begin;
    do {
      words += (*end++)->message().size() + 8;
    } while (end != versions.end() && words < kMessageWords);
    Outgoing out(8 * words);
    auto list = out.message().initCatalogue(static_cast<unsigned>(end - begin));
    for (unsigned i = 0; i < list.size(); ++i) list.setWithCaveats(i, begin[i]->schema());
    frames.push_back(out.finish());
    begin = end;
  }
  return frames;
}

wire::Frame clients_message(std::span<const Client> clients) {
  Outgoing out(64 * clients.size() + 64);
  auto list = out.message().initClients(static_cast<unsigned>(clients.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setNumber(clients[i].number.value);
    list[i].setDevice(clients[i].device);
    list[i].setUser(clients[i].user);
  }
  return out.finish();
}

wire::Frame described_message(const Identity& identity, const std::string& server_name,
                              std::uint64_t head) {
  Outgoing out(1024);
  auto message = out.message().initDescribed();
  message.setDatabase(
      kj::arrayPtr(reinterpret_cast<const kj::byte*>(identity.uuid.data()), identity.uuid.size()));
  message.setEpoch(identity.epoch);
  message.setApplication(identity.application);
  message.setServer(server_name);
  message.setHead(head);
  return out.finish();
}

wire::Frame offer_message(const Offer& offer) {
  Outgoing out(128);
  auto message = out.message().initOffer();
  message.setTree(offer.record.tree.value);
  message.setId(offer.record.id().value);
  message.setUntil(offer.until_us);
  return out.finish();
}

}  // namespace coppice::server
