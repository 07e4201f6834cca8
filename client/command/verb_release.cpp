#include <iostream>

#include "client/command/session.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

void say(const Place& place, const std::string& sentence) {
  if (place.chatter == Chatter::usual) std::cout << sentence << '\n';
}

// A name or a number; empty: 0, the tree's own.
Result<std::uint16_t> state_of(const Client& client, AnyKey key, const std::string& text) {
  if (text.empty()) return 0;
  return client.snapshot().catalogue().find(key.tree)->lifecycle().parse(text);
}

}  // namespace

Result<Done> run(const Place& place, const ReleaseVerb& verb) {
  Session session(place, verb.line);
  // A release is never queued: it is decided while everybody looks.
  if (auto live = session.go_live(); !live) return live;
  const auto keys = session.heads(verb.keys);
  if (!keys) return keys.error();
  std::vector<std::uint16_t> states;
  for (const AnyKey key : *keys) {
    const auto state = state_of(session.client(), key, verb.state);
    if (!state) return state.error();
    states.push_back(*state);
  }
  const auto accepted = session.answer(session.client().submit([&](Transaction& t) {
    for (std::size_t i = 0; i < keys->size(); ++i) t.release((*keys)[i], verb.comment, states[i]);
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
  const auto key = session.client().parse_key(verb.key);
  if (!key) return key.error();
  // Off line it is an intent; but who names a server wants its answer.
  const auto live = session.go_live();
  if (!live && (live.error().code != Errc::offline || !verb.line.server.empty())) return live;
  const auto steps = verb.overriding ? Steps::any : Steps::declared;
  const auto pending = session.client().submit(
      [&](Transaction& t) { t.set_state(*key, verb.from, verb.to, verb.comment, steps); });
  if (!live) {
    if (const auto refused = pending.result(); refused && !*refused) return refused->error();
    say(place, verb.key + ": the step to " + verb.to +
                   " is an intent, and goes out with the next connection.");
    return Done{};
  }
  const auto accepted = session.answer(pending);
  if (!accepted) return accepted.error();
  say(place, verb.key + " is in state " + verb.to + ".");
  return Done{};
}

}  // namespace coppice::command
