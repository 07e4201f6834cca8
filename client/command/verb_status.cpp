#include <iostream>

#include "client/command/describe.h"
#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

// Another process may be connected with this replica; this one is not, and can't tell.
constexpr const char* kConnection = "not connected by this command";

// Of each kind: more would push the counts off the screen.
constexpr std::size_t kUnfinishedShown = 20;

std::string name_of(Unfinished::Kind kind) {
  switch (kind) {
    case Unfinished::Kind::edited:
      return "edited";
    case Unfinished::Kind::waiting:
      return "waiting";
    case Unfinished::Kind::intent:
      return "intent";
    case Unfinished::Kind::conflict:
      return "conflict";
  }
  return "unknown";
}

void print_line(const char* name, const std::string& value) {
  std::cout << name << std::string(16 - std::string_view(name).size(), ' ') << value << '\n';
}

std::string database_of(const Status& status) {
  return status.database_uuid.empty() ? "none yet: never synced with a server"
                                      : status.database_uuid;
}

std::string place_in_feed(const Status& status) {
  std::string text = std::to_string(status.cursor);
  if (status.first_sync) {
    text += ", in its first sync: " + std::to_string(status.records_done) + " of " +
            std::to_string(status.records_total) + " records";
  } else if (status.cursor < status.head) {
    text += ", behind the server's " + std::to_string(status.head);
  }
  return text;
}

void print_for_people(const Client& client, const Status& status) {
  const Snapshot now = client.snapshot();
  print_line("database", database_of(status));
  print_line("server", status.url.empty() ? "none yet" : status.url);
  print_line("connection", kConnection);
  print_line("sequence", place_in_feed(status));
  print_line("to send", std::to_string(status.outbox) + " transactions");
  print_line("intents", std::to_string(status.intents) + " lifecycle steps");
  print_line("conflicts", std::to_string(status.conflicts));
  print_line("not checked in", std::to_string(status.unchecked) + " edited records");
  for (const AnyKey key : client.borrowed()) print_line("borrowed", client.format(key));
  for (const Unfinished& one : client.unfinished(kUnfinishedShown)) {
    print_line("unfinished",
               name_of(one.kind) + (one.number == 0 ? "" : " " + std::to_string(one.number)) +
                   (one.key == AnyKey{} ? "" : ", " + client.format(one.key)) + ", " + one.what);
  }
  for (const auto& [id, tree] : now.catalogue().trees()) {
    print_line("tree", tree->name() + ", " + std::to_string(now.count(id)) + " revisions");
  }
}

void print_json(const Client& client, const Status& status) {
  const Snapshot now = client.snapshot();
  JsonList borrowed;
  for (const AnyKey key : client.borrowed()) borrowed.text(client.format(key));
  JsonList trees;
  for (const auto& [id, tree] : now.catalogue().trees()) {
    const auto json = JsonObject().text("name", tree->name()).number("revisions", now.count(id));
    trees.raw(json.str());
  }
  const auto json = JsonObject()
                        .text("database", status.database_uuid)
                        .text("server", status.url)
                        .text("connection", kConnection)
                        .number("cursor", status.cursor)
                        .number("head", status.head)
                        .truth("firstSync", status.first_sync)
                        .number("outbox", status.outbox)
                        .number("intents", status.intents)
                        .number("conflicts", status.conflicts)
                        .number("unchecked", status.unchecked)
                        .raw("borrowed", borrowed.str())
                        .raw("trees", trees.str());
  std::cout << json.str() << '\n';
}

}  // namespace

Result<Done> run(const Place& place, const StatusVerb& verb) {
  const Client client = open_to_read(place);
  const Status status = client.status();
  if (verb.form == Form::json) {
    print_json(client, status);
  } else {
    print_for_people(client, status);
  }
  return Done{};
}

}  // namespace coppice::command
