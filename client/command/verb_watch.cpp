#include <iostream>

#include "client/command/describe.h"
#include "client/command/find_tree.h"
#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

// Prints events, one on a line, as soon as they are known.
class Printer {
 public:
  Printer(const Client& client, Form form) : client_(client), form_(form) {}

  void print(const Event& event) {
    if (event.kind == Event::Kind::progress) return;  // what it tells of is printed itself
    std::cout << (form_ == Form::json ? as_json(event) : as_line(event)) << std::endl;
  }

 private:
  std::string connection() const {
    const Status status = client_.status();
    std::string text = to_string(status.connection);
    if (!status.reason.empty()) text += ": " + status.reason;
    return text;
  }

  std::string as_line(const Event& event) const {
    std::string line = to_string(event.kind);
    if (event.key.word) line += " " + client_.format(event.key);
    if (event.kind == Event::Kind::connection) line += " " + connection();
    if (event.kind == Event::Kind::borrowed) line += " by " + describe(event.holder);
    if (event.by.client != 0) line += ", " + describe(event.holder) + ", by " + who(event.by);
    if (event.kind == Event::Kind::overdue) line += ": " + describe(event.holder);
    if (!event.text.empty()) line += ": " + on_one_line(event.text);
    if (event.kind == Event::Kind::queued) line += ", place " + std::to_string(event.place);
    if (event.kind == Event::Kind::offered) line += " until " + format_time(event.until_us);
    if (!event.error.message.empty()) line += ": " + event.error.message;
    if (event.origin == Event::Origin::local) line += " (local)";
    return line;
  }

  std::string as_json(const Event& event) const {
    JsonObject json;
    json.text("event", to_string(event.kind));
    if (event.key.word) json.text("key", client_.format(event.key));
    if (event.sequence != 0) json.number("sequence", event.sequence);
    if (event.operation != 0) json.number("operation", event.operation);
    if (event.kind == Event::Kind::connection) {
      const Status status = client_.status();
      json.text("connection", to_string(status.connection)).text("reason", status.reason);
    }
    if (event.kind == Event::Kind::borrowed) json.raw("holder", to_json(event.holder).str());
    if (event.kind == Event::Kind::overdue || event.by.client != 0)
      json.raw("holder", to_json(event.holder).str());
    if (event.by.client != 0) json.text("by", who(event.by));
    if (!event.text.empty()) json.text("text", event.text);
    if (event.kind == Event::Kind::queued) json.number("place", event.place);
    if (event.kind == Event::Kind::offered) json.text("until", format_time(event.until_us));
    if (event.error.code != Errc::none) {
      json.text("code", to_string(event.error.code)).text("error", event.error.message);
    }
    return json.truth("local", event.origin == Event::Origin::local).str();
  }

  const Client& client_;
  const Form form_;
};

// Events without a tree of their own (the connection, lost events) concern everybody.
bool concerns(const Event& event, const WatchVerb& verb, TreeId tree) {
  return verb.tree.empty() || event.key.tree == TreeId{} || event.key.tree == tree;
}

// None: the replica has never synced and does not know the tree yet.
TreeId id_of(const Client& client, const std::string& name) {
  const Snapshot now = client.snapshot();
  const auto tree = now.catalogue().find(name);
  return tree ? tree->id() : TreeId{};
}

Result<Done> watch(Client& client, const WatchVerb& verb, const Interrupts& interrupts) {
  Printer printer(client, verb.form);
  TreeId tree;
  while (!interrupts.pending()) {
    client.wait_for_events(kLook);
    const auto events = client.poll();
    if (!verb.tree.empty() && tree == TreeId{}) tree = id_of(client, verb.tree);
    for (const Event& event : events) {
      if (concerns(event, verb, tree)) printer.print(event);
    }
    const Status status = client.status();
    if (status.connection == Connection::refused) {
      return error(Errc::bad_request, status.url + " refused this replica. " + status.reason);
    }
    if (!std::cout) return Done{};  // main() tells of it
  }
  client.disconnect();
  return Done{};
}

}  // namespace

Result<Done> run(const Place& place, const WatchVerb& verb) {
  const Interrupts interrupts;
  Client client = open_to_write(place);
  if (!verb.tree.empty() && !client.status().database_uuid.empty()) {
    const auto tree = find_tree(client.snapshot().catalogue(), verb.tree);
    if (!tree) return tree.error();
  }
  if (const auto connecting = connect_to(client, place, verb.server); !connecting) {
    return connecting.error();
  }
  return watch(client, verb, interrupts);
}

}  // namespace coppice::command
