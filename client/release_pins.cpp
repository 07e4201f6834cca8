#include "client/release_pins.h"

#include <set>

#include "schema/catalogue.h"
#include "schema/references.h"

namespace coppice::client {

ReleasePins::ReleasePins(const Snapshot& before, const std::vector<Work>& works) : before_(before) {
  for (const Work& work : works) {
    if (work.header.removed()) continue;
    Target& newest = here_[work.key.record()];
    if (newest.key > work.key.word) continue;
    newest = {work.key.word, work.releasing || work.header.released()};
  }
}

std::optional<ReleasePins::Target> ReleasePins::target(const TreeInfo& tree, AnyKey to) const {
  const auto here = here_.find(to.record());
  const bool is_here = here != here_.end();
  if (is_here && (to.word == here->second.key || (to.word.floats() && here->second.released)))
    return here->second;
  const auto stored = before_.get(to);
  if (stored) return Target{stored->key.word, stored->header().released()};
  const bool means_it = is_here && (to.word.floats() || !tree.versioned());
  return means_it ? std::optional(here->second) : std::nullopt;
}

bool ReleasePins::pin(Work& released, std::vector<Error>& reasons) const {
  const Catalogue& catalogue = before_.catalogue();
  const TreeInfoPtr info = catalogue.find(released.key.tree);
  if (info->children() == schema::Children::FLOATING) return false;
  const bool checks = info->children() == schema::Children::RELEASED;
  std::set<AnyKey> objected;
  return change_revisions(*info, released.body, [&](AnyKey to) {
    const TreeInfoPtr tree = catalogue.find(to.tree);
    if (!tree) return to.word;
    const auto meant = target(*tree, to);
    const bool fine = meant && (!tree->versioned() || meant->released);
    if (checks && !fine && objected.insert(to).second) {
      const AnyKey named = meant ? AnyKey(to.tree, meant->key) : to;
      reasons.push_back(error(
          Errc::children_not_released,
          catalogue.format(released.key) + " refers to " + catalogue.format(named) + ", which is " +
              (meant ? "not released: release it too, or refer to a revision that is."
                     : "not here."),
          to));
    }
    return to.word.floats() && tree->versioned() && meant ? meant->key : to.word;
  });
}

}  // namespace coppice::client
