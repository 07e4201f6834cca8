#include <iostream>

#include "client/command/json.h"
#include "client/command/session.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"
#include "schema/text_form.h"

namespace coppice::command {
namespace {

// The schema that describes the bodies of an item: its own, if it was kept with it.
TreeInfoPtr schema_of(const Client& client, const Conflict::Item& item) {
  if (item.schema.empty())
    return client.snapshot().catalogue().describing(item.key.tree, item.schema_version);
  const auto kept = TreeInfo::parse(item.schema);
  return kept ? *kept : nullptr;
}

std::string body_of(const Client& client, const Conflict::Item& item,
                    const std::vector<std::uint64_t>& body) {
  const auto tree = body.empty() ? nullptr : schema_of(client, item);
  return tree ? body_to_json(*tree, body) : "null";
}

void print_line(const Client& client, const Conflict& conflict) {
  std::cout << conflict.number << "  ";
  for (const auto& item : conflict.items)
    std::cout << item.action << ' ' << client.format(item.key) << "  ";
  std::cout << (conflict.reasons.empty() ? "" : conflict.reasons.front().message) << '\n';
}

void print_whole(const Client& client, const Conflict& conflict) {
  if (!conflict.comment.empty()) std::cout << conflict.comment << '\n';
  for (const Error& reason : conflict.reasons)
    std::cout << "refused: " << reason.message << " (" << to_string(reason.code) << ")\n";
  for (const auto& item : conflict.items) {
    std::cout << item.action << ' ' << client.format(item.key) << '\n';
    if (!item.mine.empty()) std::cout << "mine: " << body_of(client, item, item.mine) << '\n';
    if (!item.base.empty())
      std::cout << "the server's: " << body_of(client, item, item.base) << '\n';
  }
}

std::string to_json(const Client& client, const Conflict& conflict) {
  JsonList reasons, items;
  for (const Error& reason : conflict.reasons) {
    reasons.raw(
        JsonObject().text("code", to_string(reason.code)).text("message", reason.message).str());
  }
  for (const auto& item : conflict.items) {
    items.raw(JsonObject()
                  .text("key", client.format(item.key))
                  .text("action", item.action)
                  .raw("mine", body_of(client, item, item.mine))
                  .raw("base", body_of(client, item, item.base))
                  .str());
  }
  return JsonObject()
      .number("number", conflict.number)
      .text("comment", conflict.comment)
      .raw("reasons", reasons.str())
      .raw("items", items.str())
      .str();
}

Result<Conflict> find(const Client& client, std::uint64_t number) {
  for (Conflict& conflict : client.conflicts()) {
    if (conflict.number == number) return std::move(conflict);
  }
  return error(Errc::unknown_record, "There is no conflict " + std::to_string(number) +
                                         " here; `coppice drawer` lists them.");
}

Result<Done> list(const Client& client, Form form) {
  for (const Conflict& conflict : client.conflicts()) {
    if (form == Form::json) {
      std::cout << to_json(client, conflict) << '\n';
    } else {
      print_line(client, conflict);
    }
  }
  return Done{};
}

Result<Done> show(const Client& client, const DrawerVerb& verb) {
  const auto conflict = find(client, verb.number);
  if (!conflict) return conflict.error();
  if (verb.form == Form::json) {
    std::cout << to_json(client, *conflict) << '\n';
  } else {
    print_whole(client, *conflict);
  }
  return Done{};
}

// Borrows again what the work changes, writes it, and waits for the answer.
Result<Done> retry(const Place& place, const DrawerVerb& verb) {
  Session session(place, verb.line);
  Client& client = session.client();
  const auto conflict = find(client, verb.number);
  if (!conflict) return conflict.error();
  if (auto live = session.go_live(); !live) return live;
  std::vector<AnyKey> records;
  for (const auto& item : conflict->items) {
    if (item.action != "create" && item.action != "set state") records.push_back(item.key.record());
  }
  if (!records.empty()) {
    if (const auto borrowed = session.answer(client.check_out(records)); !borrowed)
      return borrowed.error();
  }
  const auto accepted =
      session.answer(client.submit([&](Transaction& t) { t.retry(verb.number); }));
  if (!accepted) return accepted.error();
  if (place.chatter == Chatter::usual)
    std::cout << "The server has accepted what conflict " << verb.number << " wanted.\n";
  return Done{};
}

}  // namespace

Result<Done> run(const Place& place, const DrawerVerb& verb) {
  switch (verb.action) {
    case DrawerVerb::Action::list:
      return list(open_to_read(place), verb.form);
    case DrawerVerb::Action::show:
      return show(open_to_read(place), verb);
    case DrawerVerb::Action::retry:
      return retry(place, verb);
    case DrawerVerb::Action::discard:
      return open_to_write(place).discard_conflict(verb.number);
  }
  return Done{};
}

}  // namespace coppice::command
