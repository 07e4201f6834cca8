#include <iostream>
#include <optional>

#include "client/command/describe.h"
#include "client/command/find_tree.h"
#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

// Walks the records that the verb is about. The newest revision of a record is the one that another
// record, or the end, follows.
class Walk {
 public:
  Walk(const Snapshot& snapshot, TreeId tree, KeyWord from, LsVerb::Revisions revisions)
      : walk_(snapshot.walk(tree, from)), revisions_(revisions), ahead_(walk_.next()) {}

  std::optional<AnyRecord> next() {
    auto record = ahead_;
    if (!record) return std::nullopt;
    ahead_ = walk_.next();
    while (revisions_ == LsVerb::Revisions::newest && ahead_ &&
           ahead_->key.id() == record->key.id()) {
      record = ahead_;
      ahead_ = walk_.next();
    }
    return record;
  }

 private:
  AnyIterator walk_;
  const LsVerb::Revisions revisions_;
  std::optional<AnyRecord> ahead_;
};

void list_trees(const Snapshot& snapshot, Form form) {
  JsonList list;
  for (const auto& [id, tree] : snapshot.catalogue().trees()) {
    if (form == Form::json) {
      list.raw(JsonObject()
                   .text("name", tree->name())
                   .truth("versioned", tree->versioned())
                   .number("revisions", snapshot.count(id))
                   .str());
    } else {
      std::cout << tree->name() << "  " << snapshot.count(id) << " revisions\n";
    }
  }
  if (form == Form::json) std::cout << list.str() << '\n';
}

void list_records(const Snapshot& snapshot, const TreeInfo& tree, KeyWord from,
                  const LsVerb& verb) {
  Walk walk(snapshot, tree.id(), from, verb.revisions);
  std::uint64_t count = 0;
  const bool json = verb.form == Form::json;
  // Printed as it comes, not collected: a tree may have millions of records.
  if (json) std::cout << '[';
  while (verb.limit == 0 || count < verb.limit) {
    const auto record = walk.next();
    if (!record) break;
    if (json) {
      std::cout << (count == 0 ? "" : ",\n ") << json_in_list(snapshot, tree, *record);
    } else {
      std::cout << line_in_list(snapshot, tree, *record) << '\n';
    }
    ++count;
  }
  if (json) std::cout << "]\n";
}

// "parts:4711" and "4711" both; no text is the start.
Result<KeyWord> start_of(const Catalogue& catalogue, const TreeInfo& tree,
                         const std::string& text) {
  if (text.empty()) return KeyWord{};
  if (const auto word = parse_key_word(text)) return *word;
  const auto key = catalogue.parse(text);
  if (!key) return key.error();
  if (key->tree != tree.id()) {
    return error(Errc::bad_request, text + " is not a key of tree '" + tree.name() + "'.");
  }
  return key->word;
}

}  // namespace

Result<Done> run(const Place& place, const LsVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  if (verb.tree.empty()) {
    list_trees(now, verb.form);
    return Done{};
  }
  const auto tree = find_tree(now.catalogue(), verb.tree);
  if (!tree) return tree.error();
  const auto from = start_of(now.catalogue(), **tree, verb.from);
  if (!from) return from.error();
  list_records(now, **tree, *from, verb);
  return Done{};
}

}  // namespace coppice::command
