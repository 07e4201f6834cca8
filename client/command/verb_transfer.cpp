// Ends, moves and asks for borrows of others.
#include <iostream>

#include "client/command/describe.h"
#include "client/command/session.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

// Goes live with the keys, and does one thing with them.
template <typename F>
Result<Done> with_keys(const Place& place, const Line& line, const std::vector<std::string>& texts,
                       const std::string& done, F&& ask) {
  Session session(place, line);
  const auto keys = session.parse(texts);
  if (!keys) return keys.error();
  if (auto live = session.go_live(); !live) return live;
  const auto answered = session.answer(ask(session.client(), *keys));
  if (!answered) return answered.error();
  if (session.chatter() == Chatter::usual)
    std::cout << done << " " << listed(session.client(), *keys) << ".\n";
  return Done{};
}

Result<Done> list_offers(const Place& place, const Line& line) {
  Session session(place, line);
  if (auto live = session.go_live(); !live) return live;
  for (const HandOver& offer : session.client().hand_overs()) {
    std::cout << session.client().format(offer.record) << "  offered by " << who(offer.by) << ", "
              << format_time(offer.time_us);
    if (!offer.reason.empty()) std::cout << ": " << on_one_line(offer.reason);
    std::cout << '\n';
  }
  return Done{};
}

}  // namespace

Result<Done> run(const Place& place, const BreakVerb& verb) {
  return with_keys(place, verb.line, verb.keys, "Broke the borrow of",
                   [&](Client& client, const std::vector<AnyKey>& keys) {
                     return client.break_borrow(keys, verb.reason);
                   });
}

Result<Done> run(const Place& place, const TakeOverVerb& verb) {
  return with_keys(place, verb.line, verb.keys, "Took over",
                   [&](Client& client, const std::vector<AnyKey>& keys) {
                     return client.take_over(keys, {.reason = verb.reason});
                   });
}

Result<Done> run(const Place& place, const HandOverVerb& verb) {
  using Action = HandOverVerb::Action;
  switch (verb.action) {
    case Action::list:
      return list_offers(place, verb.line);
    case Action::accept:
      return with_keys(place, verb.line, verb.keys, "Accepted",
                       [&](Client& client, const std::vector<AnyKey>& keys) {
                         return client.accept(keys, {.reason = verb.reason});
                       });
    case Action::decline:
      return with_keys(
          place, verb.line, verb.keys, "Declined",
          [](Client& client, const std::vector<AnyKey>& keys) { return client.decline(keys); });
    case Action::offer:
      break;
  }
  const std::string done = verb.user.empty() ? "Nobody is offered" : verb.user + " is offered";
  return with_keys(place, verb.line, verb.keys, done,
                   [&](Client& client, const std::vector<AnyKey>& keys) {
                     return client.hand_over(keys, verb.user, verb.reason);
                   });
}

Result<Done> run(const Place& place, const NudgeVerb& verb) {
  return with_keys(place, verb.line, verb.keys, "Asked the holder of",
                   [&](Client& client, const std::vector<AnyKey>& keys) {
                     return client.nudge(keys, verb.text);
                   });
}

Result<Done> run(const Place& place, const ShelfVerb& verb) {
  return with_keys(
      place, verb.line, verb.keys, "In the drawer is now the unfinished work in",
      [](Client& client, const std::vector<AnyKey>& keys) { return client.fetch_shelves(keys); });
}

Result<Done> run(const Place& place, const RevokeVerb& verb) {
  Session session(place, verb.line);
  if (auto live = session.go_live(); !live) return live;
  Client& client = session.client();
  const auto revoked =
      session.answer(verb.user.empty() ? client.revoke_device(verb.device, verb.reason)
                                       : client.revoke_user(verb.user, verb.reason));
  if (!revoked) return revoked.error();
  if (session.chatter() == Chatter::usual) {
    const std::string name =
        verb.user.empty() ? client.snapshot().client_name(verb.device) : verb.user;
    std::cout << "Revoked " << name << ".\n";
  }
  return Done{};
}

}  // namespace coppice::command
