#include "server/server_core.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/messages.h"
#include "server/outgoing.h"
#include "server/released_references.h"
#include "server/session.h"
#include "server/users.h"

namespace coppice::server {
namespace {

Identity open_identity(store::Database& database, const std::function<std::uint64_t()>& random) {
  const store::Meta& meta = database.meta();
  return database.write([&](store::WriteTxn& txn) {
    Identity identity;
    if (meta.number(txn, "epoch") == 0) {
      // Version 4, variant 1 of RFC 4122: random.
      std::uint64_t words[2] = {random(), random()};
      std::memcpy(identity.uuid.data(), words, sizeof words);
      identity.uuid[6] = (identity.uuid[6] & std::byte{0x0f}) | std::byte{0x40};
      identity.uuid[8] = (identity.uuid[8] & std::byte{0x3f}) | std::byte{0x80};
      const auto* text = reinterpret_cast<const char*>(identity.uuid.data());
      meta.set_text(txn, "uuid", {text, identity.uuid.size()});
      meta.set_number(txn, "epoch", 1);
    }
    const std::string uuid = meta.text(txn, "uuid");
    if (uuid.size() != identity.uuid.size()) throw CorruptionError("The database has no identity.");
    std::memcpy(identity.uuid.data(), uuid.data(), uuid.size());
    identity.epoch = static_cast<std::uint16_t>(meta.number(txn, "epoch"));
    identity.application = meta.text(txn, "application");
    return identity;
  });
}

}  // namespace

ServerCore::ServerCore(store::Database& database, Options options, wire::ServerSessions& sessions,
                       std::function<std::uint64_t()> random)
    : database_(database),
      options_(std::move(options)),
      wire_(sessions),
      tables_(database),
      identity_(open_identity(database, random)),
      clients_(database.read(), tables_),
      indexes_(database_, store::Indexes::Kept::unique, nullptr, options_.index_runs),
      drain_(indexes_),
      premises_{database_, tables_, options_, clients_, indexes_},
      authority_(premises_),
      pump_(database_, tables_, clients_, options_),
      overdue_(premises_),
      lines_(options_.offer_us),
      pin_watch_(database.environment(),
                 std::chrono::microseconds(options_.snapshot_age_warning_us)),
      head_(database.meta().number(database.read(), "head")) {
  indexes_.work_to_the_end();
  enter_released_references(database_, tables_);
}

ServerCore::~ServerCore() = default;

bool ServerCore::has_users() const { return !Users(tables_).open(database_.read()); }

// --------
// Events of the wire

void ServerCore::opened(wire::SessionId id, const std::string& database, const std::string& peer,
                        std::int64_t now_us) {
  advance_clock(now_us);
  auto session = std::make_unique<Session>();
  session->id = id;
  session->database = database;
  session->peer = peer;
  sessions_.insert_or_assign(id, std::move(session));
}

void ServerCore::received(wire::SessionId id, wire::Frame frame, std::int64_t now_us) {
  advance_clock(now_us);
  Session* session = find(id);
  const std::size_t size_bytes = frame.size_bytes();
  if (session == nullptr || session->state == Session::State::closing) {
    wire_.consumed(id, size_bytes);
    return;
  }
  std::unique_ptr<Incoming> incoming;
  if (size_bytes <= options_.frame_bytes) incoming = Incoming::open(std::move(frame));
  if (incoming == nullptr) {
    const bool too_large = size_bytes > options_.frame_bytes;
    end_with(*session, too_large ? "A frame is larger than the limit." : "A frame is no message.");
    wire_.consumed(id, size_bytes);
    return;
  }
  queued_bytes_ += size_bytes;
  take(*session, std::move(incoming));
}

void ServerCore::drained(wire::SessionId id, std::int64_t now_us) {
  advance_clock(now_us);
  if (Session* session = find(id)) session->drained = true;
}

void ServerCore::closed(wire::SessionId id, std::int64_t now_us, const std::string& why) {
  advance_clock(now_us);
  Session* session = find(id);
  if (session == nullptr) return;
  if (why.empty()) {
    log(LogLevel::info, session->peer + " left");
  } else {
    log(LogLevel::warning, session->peer + " left: " + why);
  }
  leave(*session);
  if (session->hello) done_with(id, session->hello->size_bytes());
  sessions_.erase(id);
}

void ServerCore::take(Session& session, std::unique_ptr<Incoming> frame) {
  const std::size_t size_bytes = frame->size_bytes();
  const bool live = session.state == Session::State::live;
  std::string wrong;
  switch (frame->message().which()) {
    case protocol::ToServer::HELLO:
      if (session.state != Session::State::awaiting_hello) {
        wrong = "A second hello.";
        break;
      }
      session.state = Session::State::greeting;
      session.hello = std::move(frame);
      to_greet_.push_back(session.id);
      return;
    case protocol::ToServer::REQUEST:
      if (live) return take_request(session, std::move(frame));
      wrong = "A request came before the welcome.";
      break;
    case protocol::ToServer::ACKNOWLEDGE:
      if (!live) wrong = "An acknowledgement came before the welcome.";
      session.acknowledged = std::max(session.acknowledged, frame->message().getAcknowledge());
      break;
    case protocol::ToServer::COMPARE:
      wrong = live ? take_compare(session, *frame) : "A comparison came before the welcome.";
      break;
    case protocol::ToServer::DESCRIBE:
      if (session.state == Session::State::awaiting_hello) {
        describe(session, frame->message().getDescribe());
      } else {
        wrong = "Only who has not said hello may ask what there is.";
      }
      break;
    case protocol::ToServer::SHELVE:
      wrong = live ? take_shelves(session, *frame) : "A shelf came before the welcome.";
      break;
    case protocol::ToServer::FETCH_SHELVES:
      wrong = live ? show_shelves(session, *frame) : "Shelves were asked for before the welcome.";
      break;
    case protocol::ToServer::TOKEN: {
      const auto token = frame->message().getToken();
      const auto bytes = std::as_bytes(std::span(token.begin(), token.size()));
      session.token.assign(bytes.begin(), bytes.end());
      break;
    }
    default:
      wrong = "This server does not know this kind of message. Update it.";
  }
  if (!wrong.empty()) end_with(session, wrong);
  done_with(session.id, size_bytes);
}

void ServerCore::take_request(Session& session, std::unique_ptr<Incoming> frame) {
  if (session.requests_queued >= options_.requests_in_flight) {
    end_with(session, "More than " + std::to_string(options_.requests_in_flight) +
                          " requests wait for their answers.");
    done_with(session.id, frame->size_bytes());
    return;
  }
  ++session.requests_queued;
  PendingRequest pending;
  pending.session = session.id;
  pending.client = session.client;
  pending.frame = std::move(frame);
  queue_.push_back(std::move(pending));
}

std::string ServerCore::take_compare(Session& session, Incoming& frame) {
  if (session.comparison) return "A comparison came before the answer to the one before it.";
  std::string wrong;
  const auto broken = read_untrusted([&] {
    auto question = Comparison::read(frame.message().getCompare());
    if (question) {
      session.comparison.emplace(database_, tables_, std::move(*question));
    } else {
      wrong = question.error().message;
    }
  });
  return broken ? *broken : wrong;
}

// --------
// Steps

bool ServerCore::step(std::int64_t now_us) {
  advance_clock(now_us);
  greet_all();
  decide_group();
  lines_.expire(now_us_);
  tell_offers();
  tell_lines();
  look_for_overdue();
  keep_shelves();
  feed_all();
  const bool more = answer_comparisons();
  warn_of_pins();
  if (queue_.empty()) drain_.step(now_us_);
  return more || !queue_.empty() || !to_greet_.empty();
}

std::vector<PendingRequest> ServerCore::next_group() {
  std::vector<PendingRequest> group;
  std::size_t group_bytes = 0;
  while (
      !queue_.empty() && group.size() < options_.group_requests &&
      (group.empty() || group_bytes + queue_.front().frame->size_bytes() <= options_.group_bytes)) {
    PendingRequest& next = queue_.front();
    group_bytes += next.frame->size_bytes();
    const Session* session = find(next.session);
    next.connected = session != nullptr && session->state == Session::State::live;
    if (session != nullptr) {
      next.after_no_space = session->after_no_space;
      next.acknowledged = session->acknowledged;
    }
    group.push_back(std::move(next));
    queue_.pop_front();
  }
  return group;
}

void ServerCore::decide_group() {
  std::vector<PendingRequest> group = next_group();
  if (group.empty()) return;
  try {
    GroupResult result = authority_.decide(group, lines_, now_us_);
    lines_ = std::move(result.lines);
    head_ = result.head;
    remember(std::move(result.clients));
    tell(result.news);
    answer(group, std::move(result.outcomes));
  } catch (const NoSpaceError& e) {
    log(LogLevel::error, e.what());
    std::vector<Outcome> outcomes;
    for (const PendingRequest& pending : group) {
      Outcome outcome;
      outcome.kind = Outcome::Kind::no_space;
      outcome.answer = no_space_answer(pending.frame->message().getRequest().getOperation());
      outcomes.push_back(std::move(outcome));
    }
    answer(group, std::move(outcomes));
  }
  for (const PendingRequest& pending : group)
    done_with(pending.session, pending.frame->size_bytes());
}

void ServerCore::remember(std::map<ClientNumber, Client> changed) {
  std::vector<Client> first_heard_of;
  for (auto& [number, client] : changed) {
    const Client* before = clients_.find(number);
    const bool was_named = before != nullptr && is_named_by_headers(*before);
    if (!was_named && is_named_by_headers(client)) first_heard_of.push_back(client);
    clients_.remember(std::move(client));
  }
  if (!first_heard_of.empty()) tell_names(first_heard_of);
}

void ServerCore::answer(std::span<const PendingRequest> group, std::vector<Outcome> outcomes) {
  std::map<wire::SessionId, std::vector<std::vector<std::uint64_t>>> answers;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Session* session = find(group[i].session);
    if (session == nullptr) continue;
    --session->requests_queued;
    if (session->state != Session::State::live) continue;
    Outcome& outcome = outcomes[i];
    if (outcome.kind == Outcome::Kind::broken) {
      end_with(*session, outcome.text);
      continue;
    }
    session->after_no_space = outcome.kind == Outcome::Kind::no_space;
    if (outcome.fresh_first <= outcome.fresh_last) {
      session->own_fresh.push_back({outcome.fresh_first, outcome.fresh_last});
    }
    answers[session->id].push_back(std::move(outcome.answer));
  }
  for (auto& [id, list] : answers) send_answers(id, std::move(list));
}

void ServerCore::send_answers(wire::SessionId id, std::vector<std::vector<std::uint64_t>> answers) {
  Session* session = find(id);
  std::span<const std::vector<std::uint64_t>> rest(answers);
  while (!rest.empty()) {
    std::size_t count = 0, size_bytes = 0;
    while (count < rest.size() && (count == 0 || size_bytes < options_.part_bytes)) {
      size_bytes += 8 * rest[count++].size();
    }
    send(*session, answers_message(rest.first(count)));
    rest = rest.subspan(count);
  }
}

void ServerCore::tell_offers() {
  for (const Offer& offer : lines_.take_offers()) {
    Session* session = find(offer.session);
    if (session != nullptr && session->state == Session::State::live) {
      send(*session, offer_message(offer));
    }
  }
}

bool ServerCore::answer_comparisons() {
  std::uint64_t budget = options_.compared_per_step;
  bool more = false;
  for (auto& [id, session] : sessions_) {
    if (!session->comparison || session->state != Session::State::live) continue;
    if (auto answer = session->comparison->run(budget)) {
      session->comparison.reset();
      send(*session, std::move(*answer));
    } else {
      more = true;
    }
  }
  return more;
}

// --------
// Feeding

void ServerCore::feed_all() {
  // One read transaction for all, and none if nobody can be fed.
  std::unique_ptr<FeedPump::Pass> pass;
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::live && session->drained) feed(*session, pass);
  }
}

void ServerCore::feed(Session& session, std::unique_ptr<FeedPump::Pass>& pass) {
  for (int parts = 0; parts < options_.parts_per_drain; ++parts) {
    if (session.first_sync) {
      send(session, session.first_sync->next_part(database_, tables_, clients_, options_));
      if (!session.first_sync->done()) continue;
      session.cursor = session.whole = session.first_sync->since();
      session.first_sync.reset();
      session.owes_position = true;
      return;
    }
    if (session.unit == nullptr) {
      if (!pass) pass = std::make_unique<FeedPump::Pass>(pump_);
      session.unit = pass->unit(session.cursor, session.whole, session.client, session.own_fresh);
      session.parts_sent = 0;
      if (session.unit == nullptr) {
        if (std::exchange(session.owes_position, false))
          send(session, position_message(session.cursor));
        return;
      }
      session.owes_position = false;
    }
    send(session, session.unit->parts[session.parts_sent++]);
    if (session.parts_sent == session.unit->parts.size()) session.finish_unit();
  }
}

void ServerCore::send(Session& session, wire::Frame frame) {
  session.drained = false;
  wire_.send(session.id, std::move(frame));
}

// --------
// Sessions

ServerCore::Session* ServerCore::find(wire::SessionId id) {
  const auto session = sessions_.find(id);
  return session == sessions_.end() ? nullptr : session->second.get();
}

void ServerCore::end_with(Session& session, const std::string& text) {
  log(LogLevel::warning, session.peer + " is sent away: " + text);
  leave(session);
  session.state = Session::State::closing;
  wire_.close(session.id, text);
}

// The client of the session is not on line any more.
void ServerCore::leave(Session& session) {
  if (session.state != Session::State::live) return;
  clients_.left(session.client, now_us_);
  overdue_.leave(session.client);
  lines_.leave_all(session.id, now_us_);
}

void ServerCore::done_with(wire::SessionId session, std::size_t size_bytes) {
  queued_bytes_ -= size_bytes;
  wire_.consumed(session, size_bytes);
}

void ServerCore::advance_clock(std::int64_t now_us) { now_us_ = std::max(now_us_, now_us); }

// Where nothing happens nobody looks, and nothing grows.
void ServerCore::warn_of_pins() {
  if (now_us_ - pins_looked_at_us_ < options_.snapshot_age_warning_us / 4) return;
  pins_looked_at_us_ = now_us_;
  for (const Pin& pin : pin_watch_.news()) log(LogLevel::warning, pin.sentence());
}

void ServerCore::log(LogLevel level, const std::string& text) const {
  if (options_.log) options_.log(level, text);
}

}  // namespace coppice::server
