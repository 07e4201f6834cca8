#include <iostream>

#include "client/command/session.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

void say(const Place& place, const std::string& sentence) {
  if (place.chatter == Chatter::usual) std::cout << sentence << '\n';
}

}  // namespace

Result<Done> run(const Place& place, const ReleaseVerb& verb) {
  Session session(place, verb.line);
  // A release is never queued: it is decided while everybody looks.
  if (auto live = session.go_live(); !live) return live;
  const auto keys = session.heads(verb.keys);
  if (!keys) return keys.error();
  const auto accepted = session.answer(session.client().submit([&](Transaction& t) {
    for (const AnyKey key : *keys) t.release(key, verb.comment, verb.state);
  }));
  if (!accepted) return accepted.error();
  say(place, "Released " + listed(session.client(), *keys) + ".");
  return Done{};
}

Result<Done> run(const Place& place, const ReviseVerb& verb) {
  Session session(place, verb.line);
  if (auto live = session.go_live(); !live) return live;
  const auto keys = session.heads(verb.keys);
  if (!keys) return keys.error();
  std::vector<AnyKey> drafts;
  const auto accepted = session.answer(session.client().submit([&](Transaction& t) {
    drafts.clear();
    for (const AnyKey key : *keys) drafts.push_back(t.next_revision(key));
  }));
  if (!accepted) return accepted.error();
  say(place, "Made " + listed(session.client(), drafts) + ".");
  return Done{};
}

Result<Done> run(const Place& place, const StateVerb& verb) {
  Session session(place, verb.line);
  if (auto live = session.go_live(); !live) return live;
  const auto key = session.client().parse_key(verb.key);
  if (!key) return key.error();
  const auto accepted = session.answer(
      session.client().submit([&](Transaction& t) { t.set_state(*key, verb.from, verb.to); }));
  if (!accepted) return accepted.error();
  say(place, verb.key + " is in state " + std::to_string(verb.to) + ".");
  return Done{};
}

}  // namespace coppice::command
