#include "server/reference_check.h"

#include <algorithm>
#include <set>

#include "schema/references.h"

namespace coppice::server {

void ReferenceCheck::judge(Refusals& refusals) {
  for (const Released& released : released_) judge(released, refusals);
  for (const Removed& removed : removed_) judge(removed, refusals);
}

void ReferenceCheck::enter() {
  for (const auto& [to, from] : entries_) ledger_.released_references().add(to, from);
}

void ReferenceCheck::judge(const Released& released, Refusals& refusals) {
  const TreeInfo& info = *ledger_.tree(released.revision->key.tree)->info;
  auto found = references_in(info, released.revision->body);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (const AnyKey to : found) judge(info, released, to, refusals);
}

void ReferenceCheck::judge(const TreeInfo& info, const Released& released, AnyKey to,
                           Refusals& refusals) {
  Ledger::Tree* tree = ledger_.tree(to.tree);
  // A tree that nobody has brought yet cannot be asked.
  if (tree == nullptr) return;
  const AnyKey from = released.revision->key;
  if (needs_entry(info, *tree->info)) entries_.emplace_back(to, from);
  if (info.children() == schema::Children::FLOATING) return;
  const auto refuse = [&](Errc code, const std::string& what) {
    refusals.push_back({error(code, ledger_.name(from) + ": " + what, to), released.action});
  };
  if (to.word.floats() && tree->info->versioned()) {
    return refuse(Errc::not_pinned,
                  "it refers to whatever revision of " + ledger_.name(to) +
                      " is the newest, and what is released refers to one revision. Update the "
                      "program that released it.");
  }
  if (auto why = objection(info, *tree, to)) {
    refuse(Errc::children_not_released,
           "it refers to " + ledger_.name(to) + ", which " + *why + ".");
  }
}

std::optional<std::string> ReferenceCheck::objection(const TreeInfo& from, Ledger::Tree& tree,
                                                     AnyKey to) {
  if (from.children() != schema::Children::RELEASED) return std::nullopt;
  const AnyKey key = to.word.floats() ? AnyKey(to.tree, KeyWord(to.id(), Revision{1})) : to;
  const Overlay::Revision* revision = overlay_.revision(tree, key);
  if (revision == nullptr) return "is not here";
  if (revision->header.removed()) return "was removed";
  if (!tree.info->versioned() || revision->header.released()) return std::nullopt;
  // Why it was not released is among the reasons already.
  const Overlay::Record* record = overlay_.record(key.record());
  if (record && record->refused) return std::nullopt;
  return "is not released: release it too, or refer to a revision that is";
}

void ReferenceCheck::judge(const Removed& removed, Refusals& refusals) {
  const AnyKey key = removed.revision->key;
  std::set<AnyKey> users;
  std::vector<AnyKey> names{key};
  if (removed.floating == Floating::mean_nothing) names.push_back(key.record());
  for (const AnyKey name : names) {
    for (const AnyKey user : ledger_.released_references().users(name, kReasonsMax))
      users.insert(user);
    for (const auto& [to, from] : entries_) {
      if (to == name) users.insert(from);
    }
  }
  for (const AnyKey user : users) {
    refusals.push_back(
        {error(Errc::referenced,
               ledger_.name(key) + ": the released " + ledger_.name(user) +
                   " refers to it, so it cannot be removed. Move its lifecycle state instead.",
               user),
         removed.action});
  }
}

}  // namespace coppice::server
