#include <iostream>

#include "client/command/describe.h"
#include "client/command/session.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

void print_revision(const Snapshot& now, const TreeInfo& tree, const AnyRecord& record) {
  const RecordHeader& header = record.header();
  std::cout << format_key(tree.name(), record.key.word) << "  " << lifecycle(tree, header)
            << ", iteration " << header.iteration << "  " << format_time(header.changed_us) << "  "
            << now.client_name(header.author) << '\n';
}

// All that is known of a record in this replica, as sentences: one for each thing that a person may
// wonder about.
std::vector<std::string> explanation(const Client& client, const Snapshot& now,
                                     const AnyRecord& head) {
  const RecordHeader& header = head.header();
  const Status status = client.status();
  std::vector<std::string> sentences;
  const auto say = [&](std::string sentence) { sentences.push_back(std::move(sentence)); };
  if (LocalMark::is_edited(header)) {
    say("Edited in this replica, and not checked in: nobody else sees it yet.");
  } else if (LocalMark::is_local(header)) {
    say("Changed in this replica by operation " + std::to_string(LocalMark::operation(header)) +
        ", which the server has not answered: it is in the outbox, and is sent when there is a "
        "connection.");
  } else {
    say("As the server had it at sequence " + std::to_string(header.sequence) +
        "; this replica stands at " + std::to_string(now.sequence()) + ".");
  }
  say("Its body was made by " + now.client_name(header.author) + " and changed last at " +
      format_time(header.changed_us) + ", with version " + std::to_string(header.schema_version) +
      " of the tree's schema.");
  if (header.released()) say("Released: its body never changes again.");
  if (header.removed()) say("Removed.");
  const auto holder = now.holder(head.key);
  say(holder ? "Borrowed by " + describe(*holder) + "." : "Nobody has borrowed it.");
  for (const Intent& intent : client.intents()) {
    if (intent.key.record() != head.key.record()) continue;
    const Lifecycle& lifecycle = now.catalogue().find(intent.key.tree)->lifecycle();
    say("Intent: " + client.format(intent.key) + " is to go from state " +
        lifecycle.name(intent.from) + " to " + lifecycle.name(intent.to) +
        ". The server has not answered it yet.");
  }
  for (const Conflict& conflict : client.conflicts()) {
    for (const auto& item : conflict.items) {
      if (item.key.record() != head.key.record()) continue;
      say("Conflict " + std::to_string(conflict.number) + " in the drawer: " + item.action +
          " was refused: " +
          (conflict.reasons.empty() ? std::string("no reason given")
                                    : conflict.reasons.front().message));
    }
  }
  if (now.catching_up())
    say("This replica is catching up: what it shows may be of different moments.");
  if (status.outbox > 0)
    say(std::to_string(status.outbox) + " operations of this replica wait for an answer.");
  return sentences;
}

}  // namespace

Result<Done> run(const Place& place, const HistoryVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  const auto head = find_head(now, verb.key);
  if (!head) return head.error();
  const auto tree = now.catalogue().find(head->key.tree);
  const RecordId id = head->key.word.id();
  JsonList list;
  auto walk = now.walk(head->key.tree, KeyWord(id, Revision{1}));
  while (const auto record = walk.next()) {
    if (record->key.word.id() != id) break;
    if (verb.form == Form::json) {
      list.raw(header_to_json(now, *tree, *record).str());
    } else {
      print_revision(now, *tree, *record);
    }
  }
  if (verb.form == Form::json) std::cout << list.str() << '\n';
  return Done{};
}

Result<Done> run(const Place& place, const ExplainVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  const auto head = find_head(now, verb.key);
  if (!head) return head.error();
  const auto sentences = explanation(client, now, *head);
  if (verb.form == Form::json) {
    JsonList list;
    for (const std::string& sentence : sentences) list.text(sentence);
    const auto json = JsonObject().text("key", client.format(head->key)).raw("known", list.str());
    std::cout << json.str() << '\n';
    return Done{};
  }
  std::cout << client.format(head->key) << '\n';
  for (const std::string& sentence : sentences) std::cout << "  " << sentence << '\n';
  return Done{};
}

}  // namespace coppice::command
