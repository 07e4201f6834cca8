// The part of ServerCore that tells of borrows: endings, offers, nudges and lines.

#include "server/messages.h"
#include "server/news_messages.h"
#include "server/server_core.h"
#include "server/session.h"

namespace coppice::server {

void ServerCore::tell(const News& news) {
  // Before the changes that carry it out, and so before a next grant is used (K4).
  if (!news.endings.empty()) tell_all(ended_message(news.endings, clients_));
  for (const std::string& user : news.offered_to) tell_hand_overs(user);
  for (const auto& [holder, nudge] : news.nudges) {
    if (Session* session = live_session(holder))
      send(*session, nudged_message(std::span(&nudge, 1), clients_));
  }
  for (const ClientNumber client : news.revoked) {
    if (Session* session = live_session(client)) {
      refuse(*session, error(Errc::revoked, "An administrator has revoked this device."));
    }
  }
  overdue_.expect_return(news.return_us);
}

void ServerCore::tell_lines() {
  const auto changes = lines_.take_changes();
  if (!changes.empty()) tell_all(lines_message(changes, LinesAre::changes));
}

void ServerCore::tell_all(const wire::Frame& frame) {
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::live) send(*session, frame);
  }
}

void ServerCore::tell_hand_overs(const std::string& user) {
  std::optional<wire::Frame> frame;
  for (auto& [id, session] : sessions_) {
    const bool concerned =
        session->state == Session::State::live && clients_.find(session->client)->user == user;
    if (!concerned) continue;
    if (!frame) frame = hand_overs_to(user);
    send(*session, *frame);
  }
}

wire::Frame ServerCore::hand_overs_to(const std::string& user) {
  const auto txn = database_.read();
  const auto offers = BorrowNotes(tables_).hand_overs_to(txn, user);
  std::vector<ClientNumber> holders;
  for (const HandOver& offer : offers) {
    const auto borrow = Borrows(tables_.borrows).find(txn, offer.record);
    holders.push_back(borrow ? borrow->client : ClientNumber{});
  }
  return hand_overs_message(offers, holders, clients_);
}

void ServerCore::tell_what_happened(Session& session, const Hello& hello,
                                    std::int64_t last_seen_us) {
  const auto txn = database_.read();
  std::vector<Ending> endings;
  for (Ending& ending : Endings(tables_.endings).of(txn, session.client)) {
    if (ending.sequence > hello.cursor) endings.push_back(std::move(ending));
  }
  if (!endings.empty()) send(session, ended_message(endings, clients_));
  const BorrowNotes notes(tables_);
  std::vector<Nudge> nudges;
  for (Nudge& nudge : notes.nudges(txn)) {
    const auto borrow = Borrows(tables_.borrows).find(txn, nudge.record);
    const bool ours = borrow && borrow->token == nudge.token && borrow->client == session.client;
    if (ours && nudge.time_us >= last_seen_us) nudges.push_back(std::move(nudge));
  }
  if (!nudges.empty()) send(session, nudged_message(nudges, clients_));
  const std::string user = clients_.find(session.client)->user;
  if (!notes.hand_overs_to(txn, user).empty()) send(session, hand_overs_to(user));
  const auto lines = lines_.all();
  if (!lines.empty()) send(session, lines_message(lines, LinesAre::all));
}

ServerCore::Session* ServerCore::live_session(ClientNumber client) {
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::live && session->client == client) return session.get();
  }
  return nullptr;
}

void ServerCore::look_for_overdue() {
  if (!overdue_.is_due(now_us_)) return;
  try {
    if (const auto head = overdue_.look(lines_, now_us_)) head_ = *head;
  } catch (const NoSpaceError& e) {
    log(LogLevel::error, e.what());
  }
}

// The client is there again.
void ServerCore::hear(ClientNumber client) {
  if (!overdue_.come(client)) return;
  try {
    head_ = overdue_.forgive(client, lines_, now_us_);
  } catch (const NoSpaceError& e) {
    // The marks stay until the next time.
    log(LogLevel::error, e.what());
  }
}

std::optional<std::int64_t> ServerCore::deadline_us() const {
  std::optional<std::int64_t> first;
  for (const auto due : {lines_.deadline_us(), overdue_.deadline_us(), drain_.deadline_us()}) {
    if (due && (!first || *due < *first)) first = due;
  }
  return first;
}

}  // namespace coppice::server
