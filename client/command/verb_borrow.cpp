#include <algorithm>
#include <iostream>
#include <string_view>

#include "client/command/describe.h"
#include "client/command/find_tree.h"
#include "client/command/session.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"
#include "schema/query_text.h"

namespace coppice::command {
namespace {

// Somebody has one of them: what to do about it.
Error with_advice(Error refused) {
  if (refused.code == Errc::held || refused.code == Errc::held_by_you ||
      refused.code == Errc::offered)
    refused.message += " Use --wait-in-line to get it when it comes back.";
  return refused;
}

// "parts where price < 3": the tree, and the query in it.
Result<std::vector<AnyKey>> found_by(const Client& client, const std::string& text) {
  const Snapshot now = client.snapshot();
  const auto end = text.find(' ');
  const auto tree = find_tree(now.catalogue(), text.substr(0, end));
  if (!tree) return tree.error();
  std::string rest = end == std::string::npos ? "" : text.substr(end + 1);
  constexpr std::string_view kWhere = "where ";
  if (rest.starts_with(kWhere)) rest.erase(0, kWhere.size());
  const auto query = parse_query(rest, (*tree)->id(), now.catalogue());
  if (!query) return query.error();
  auto answer = now.select(*query);
  if (!answer) return answer.error();
  std::vector<AnyKey> keys;
  while (const auto record = answer->next()) keys.push_back(record->key.record());
  return keys;
}

Result<std::vector<AnyKey>> asked_for(Session& session, const BorrowVerb& verb) {
  auto keys = session.parse(verb.keys);
  if (!keys) return keys;
  if (!verb.query.empty()) {
    const auto found = found_by(session.client(), verb.query);
    if (!found) return found.error();
    keys->insert(keys->end(), found->begin(), found->end());
  }
  if (keys->empty())
    return error(Errc::bad_request,
                 "There is nothing to borrow: name records, or a query that finds some.");
  if (verb.with_references) return session.client().with_references(*keys);
  return keys;
}

Result<Done> print_borrowed(Session& session, const std::vector<AnyKey>& keys) {
  if (session.chatter() == Chatter::usual)
    std::cout << "Borrowed " << listed(session.client(), keys) << ".\n";
  return Done{};
}

// Waits for the offers, and takes them. Ctrl-C leaves the line with the connection.
Result<Done> wait_and_borrow(Session& session, const std::vector<AnyKey>& keys,
                             const CheckOut& options) {
  for (;;) {
    const auto line = session.answer(session.client().wait_in_line(keys, options));
    if (!line) return line.error();
    if (line->place > 0) {
      if (session.chatter() == Chatter::usual)
        std::cerr << "In line at place " << line->place << ".\n";
      if (auto offered = session.wait_for(Event::Kind::offered); !offered) return offered;
    }
    const auto borrowed = session.answer(session.client().check_out(keys, options));
    if (borrowed) return print_borrowed(session, borrowed->keys);
    // Of a set, another may be held still.
    const Errc why = borrowed.error().code;
    if (why != Errc::held && why != Errc::held_by_you && why != Errc::offered)
      return borrowed.error();
  }
}

// The records among these that have edits nobody handed in.
std::vector<AnyKey> edited_among(const Client& client, const std::vector<AnyKey>& keys) {
  const Snapshot now = client.snapshot();
  std::vector<AnyKey> edited;
  for (const AnyKey key : keys) {
    const auto head = now.head(key);
    if (head && LocalMark::is_edited(head->header())) edited.push_back(head->key);
  }
  return edited;
}

// "Cleo, desk; Dora, van" of who waits, the next one first.
std::string waiting_for(const Snapshot& now, AnyKey key) {
  std::string text;
  for (const std::uint32_t client : now.waiters(key).clients)
    text += (text.empty() ? "" : "; ") + now.client_name(client);
  return text;
}

void print_held(const Snapshot& now, AnyKey key, const Holder& holder, Form form) {
  const std::string name = now.catalogue().format(key);
  const std::string waiting = waiting_for(now, key);
  if (form == Form::json) {
    auto json = to_json(holder);
    json.text("key", name);
    if (!waiting.empty()) json.text("waiting", waiting);
    std::cout << json.str() << '\n';
    return;
  }
  std::cout << name << "  " << describe(holder);
  if (!waiting.empty()) std::cout << " (waiting: " << waiting << ")";
  std::cout << '\n';
}

}  // namespace

Result<Done> run(const Place& place, const BorrowVerb& verb) {
  Session session(place, verb.line);
  if (auto live = session.go_live(); !live) return live;
  const auto keys = asked_for(session, verb);
  if (!keys) return keys.error();
  const CheckOut options{.reason = verb.reason};
  if (verb.if_held == BorrowVerb::IfHeld::wait_in_line)
    return wait_and_borrow(session, *keys, options);
  const auto borrowed = session.answer(session.client().check_out(*keys, options));
  if (!borrowed) return with_advice(borrowed.error());
  return print_borrowed(session, borrowed->keys);
}

Result<Done> run(const Place& place, const ReturnVerb& verb) {
  Session session(place, verb.line);
  const auto keys = session.parse(verb.keys);
  if (!keys) return keys.error();
  const auto edited = edited_among(session.client(), *keys);
  if (!edited.empty() && verb.edits == ReturnVerb::Edits::keep) {
    return error(Errc::pending_changes,
                 "Edited here and not checked in: " + listed(session.client(), edited) +
                     ". Check in, or throw the edits away with --discard.");
  }
  if (auto live = session.go_live(); !live) return live;
  const auto returned = session.answer(session.client().give_back(*keys));
  if (!returned) return returned.error();
  if (session.chatter() == Chatter::usual)
    std::cout << "Returned " << listed(session.client(), *keys) << ".\n";
  return Done{};
}

Result<Done> run(const Place& place, const HeldVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  const auto ours = client.borrowed();
  for (const auto& [key, holder] : now.borrows()) {
    const bool own = std::ranges::find(ours, key.record(), &AnyKey::record) != ours.end();
    if (own || verb.whose == HeldVerb::Whose::all) print_held(now, key, holder, verb.form);
  }
  return Done{};
}

}  // namespace coppice::command
