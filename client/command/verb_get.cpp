#include <iostream>
#include <utility>
#include <vector>

#include "client/command/describe.h"
#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"
#include "schema/text_form.h"

namespace coppice::command {
namespace {

struct Found {
  TreeInfoPtr tree;
  AnyRecord record;
};

Result<Found> find(const Snapshot& snapshot, const std::string& text) {
  const auto key = snapshot.catalogue().parse(text);
  if (!key) return key.error();
  const auto record = snapshot.get(*key);
  if (!record) return error(Errc::unknown_record, "There is no record " + text + " here.", *key);
  return Found{snapshot.catalogue().describing(key->tree, record->header().schema_version),
               *record};
}

void print_for_people(const Snapshot& snapshot, const Found& found) {
  const RecordHeader& header = found.record.header();
  std::cout << format_key(found.tree->name(), found.record.key.word) << "  "
            << lifecycle(*found.tree, header) << ", iteration " << header.iteration << '\n';
  std::cout << "made by " << snapshot.client_name(header.author) << ", created "
            << format_time(header.created_us) << ", changed " << format_time(header.changed_us)
            << '\n';
  if (LocalMark::is_local(header)) {
    std::cout << (LocalMark::operation(header) == 0 ? "changed here, not checked in\n"
                                                    : "changed here, not answered yet\n");
  } else {
    std::cout << "sequence " << header.sequence << ", body " << header.body_sequence << '\n';
  }
  if (const auto holder = snapshot.holder(found.record.key)) {
    std::cout << "borrowed by " << describe(*holder) << '\n';
  }
  std::cout << body_to_json(*found.tree, found.record.view.body()) << '\n';
}

std::string to_json(const Snapshot& snapshot, const Found& found) {
  return header_to_json(snapshot, *found.tree, found.record)
      .raw("body", body_to_json(*found.tree, found.record.view.body()))
      .str();
}

}  // namespace

Result<Done> run(const Place& place, const GetVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  // All are looked up before the first is printed, so that a script gets everything or nothing.
  std::vector<Found> all;
  for (const std::string& text : verb.keys) {
    auto found = find(now, text);
    if (!found) return found.error();
    all.push_back(std::move(*found));
  }
  if (verb.form == Form::json) {
    JsonList list;
    for (const Found& found : all) list.raw(to_json(now, found));
    std::cout << list.str() << '\n';
  } else {
    for (const Found& found : all) print_for_people(now, found);
  }
  return Done{};
}

}  // namespace coppice::command
