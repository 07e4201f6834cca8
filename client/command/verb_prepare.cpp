#include <charconv>
#include <iostream>

#include "client/command/find_tree.h"
#include "client/command/session.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

// "parts=500".
Result<std::pair<TreeId, std::uint64_t>> ids_of(const Client& client, const std::string& text) {
  const auto equals = text.find('=');
  const auto tree = find_tree(client.snapshot().catalogue(), text.substr(0, equals));
  if (!tree) return tree.error();
  std::uint64_t count = 0;
  const char* end = text.data() + text.size();
  const char* begin = equals == std::string::npos ? end : text.data() + equals + 1;
  const auto parsed = std::from_chars(begin, end, count);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return error(Errc::bad_request,
                 "'" + text + "' does not say how many ids: \"parts=500\" does.");
  return std::pair((*tree)->id(), count);
}

}  // namespace

Result<Done> run(const Place& place, const PrepareVerb& verb) {
  Session session(place, verb.line);
  if (auto live = session.go_live(); !live) return live;
  const auto keys = session.parse(verb.keys);
  if (!keys) return keys.error();
  Preparation preparation;
  preparation.records = *keys;
  preparation.with_references = verb.with_references;
  preparation.options.reason = verb.reason;
  for (const std::string& text : verb.ids) {
    const auto ids = ids_of(session.client(), text);
    if (!ids) return ids.error();
    preparation.ids.push_back(*ids);
  }
  const auto ready = session.answer(session.client().prepare_offline(std::move(preparation)));
  if (!ready) return ready.error();
  if (place.chatter == Chatter::usual) {
    if (!ready->borrowed.empty())
      std::cout << "Borrowed " << listed(session.client(), ready->borrowed) << ".\n";
    std::cout << "Ready: the line may be cut.\n";
  }
  return Done{};
}

}  // namespace coppice::command
