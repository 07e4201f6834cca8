#include "server/obsolete.h"

#include <algorithm>
#include <set>

#include "schema/references.h"

namespace coppice::server {

void judge_obsolete(Ledger& ledger, const TreeInfo& tree, AnyKey from,
                    std::span<const std::uint64_t> body, std::span<const std::uint64_t> before,
                    std::uint32_t action, Refusals& refusals) {
  if (!ledger.refuses_obsolete()) return;
  const auto found = references_in(tree, body);
  std::set<AnyKey> judged;
  if (!found.empty()) {
    const auto known = references_in(tree, before);
    judged.insert(known.begin(), known.end());
  }
  for (const AnyKey to : found) {
    if (!judged.insert(to).second) continue;
    const Ledger::Tree* target = ledger.tree(to.tree);
    if (!target || !target->info->refuses_obsolete()) continue;
    const auto meant = target->records.resolve(ledger.txn(), to.word);
    if (!meant || !target->info->lifecycle().is_obsolete(meant->record.header().state)) continue;
    const std::string state = target->info->lifecycle().name(meant->record.header().state);
    refusals.push_back(
        {error(Errc::obsolete,
               ledger.name(from) + ": it refers to " + ledger.name(AnyKey(to.tree, meant->key)) +
                   ", which is in state '" + state + "'. Refer to another one.",
               AnyKey(to.tree, meant->key)),
         action});
  }
}

}  // namespace coppice::server
