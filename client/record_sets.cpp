#include "client/record_sets.h"

#include <algorithm>
#include <unordered_set>

#include "schema/catalogue.h"
#include "schema/references.h"

namespace coppice::client {

std::vector<AnyKey> with_references(const Snapshot& now, std::vector<AnyKey> records,
                                    const std::vector<TreeId>& trees) {
  std::vector<AnyKey> found;
  std::unordered_set<AnyKey> known;
  for (const AnyKey record : records) {
    if (known.insert(record.record()).second) found.push_back(record.record());
  }
  const auto wanted = [&](AnyKey key) {
    return trees.empty() || std::ranges::find(trees, key.tree) != trees.end();
  };
  // By the newest revision, which is what would be edited.
  for (std::size_t i = 0; i < found.size(); ++i) {
    const TreeInfoPtr tree = now.catalogue().find(found[i].tree);
    const auto head = tree ? now.head(found[i]) : std::nullopt;
    if (!head || head->header().removed()) continue;
    for (const AnyKey to : references_in(*tree, head->view.body())) {
      const auto target = now.head(to.record());
      const bool is_there = target && !target->header().removed();
      if (is_there && wanted(to) && known.insert(to.record()).second) found.push_back(to.record());
    }
  }
  return found;
}

}  // namespace coppice::client
