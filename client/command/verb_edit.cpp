#include <iostream>

#include "client/command/import_file.h"
#include "client/command/session.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"
#include "schema/text_form.h"

namespace coppice::command {
namespace {

void say(const Place& place, const std::string& sentence) {
  if (place.chatter == Chatter::usual) std::cout << sentence << '\n';
}

}  // namespace

Result<Done> run(const Place& place, const EditVerb& verb) {
  Client client = open_to_write(place);
  const auto key = client.parse_key(verb.key);
  if (!key) return key.error();
  const auto text = MappedText::of(verb.file);
  if (!text) return text.error();
  const auto tree = client.snapshot().catalogue().find(key->tree);
  Result<void> merged;
  std::string edited;
  const auto written = client.write([&](Transaction& t) {
    const auto head = t.before().head(*key);
    // Of a record that is not there, the edit says so.
    const AnyKey newest = head ? head->key : *key;
    edited = client.format(newest);
    merged = merge_json(*tree, text->text(), t.edit_body(newest));
    if (!merged) t.refuse(merged.error());
  });
  if (!written) return written.error();
  say(place, "Edited " + edited + " in this replica. `coppice checkin` hands it in.");
  return Done{};
}

Result<Done> run(const Place& place, const CheckInVerb& verb) {
  Session session(place, verb.line);
  const auto keys = session.heads(verb.keys);
  if (!keys) return keys.error();
  const auto borrowing =
      verb.borrow == CheckInVerb::Afterwards::kept ? Borrowing::kept : Borrowing::ends;
  // Written first: it counts, and is sent later, even if the server is not there now.
  const auto written = session.client().write([&](Transaction& t) {
    for (const AnyKey key : *keys) t.check_in(key, verb.comment, borrowing);
  });
  if (!written) return written.error();
  if (auto live = session.go_live(); !live) return live;
  if (auto settled = session.settle(); !settled) return settled;
  say(place, "Checked in " + listed(session.client(), *keys) + ".");
  return Done{};
}

}  // namespace coppice::command
