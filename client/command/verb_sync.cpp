#include <iostream>

#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"

namespace coppice::command {
namespace {

void print_summary(const Client& client) {
  const Snapshot now = client.snapshot();
  std::uint64_t revisions = 0;
  for (const auto& [id, tree] : now.catalogue().trees()) revisions += now.count(id);
  std::cout << "In sync with " << client.status().url << " at sequence " << now.sequence() << ": "
            << now.catalogue().trees().size() << " trees, " << revisions << " revisions.\n";
}

}  // namespace

Result<Done> run(const Place& place, const SyncVerb& verb) {
  const Interrupts interrupts;
  Progress progress(place.chatter);
  Client client = open_or_make(place, verb.application);
  OnlineWork work(client, verb.patience, interrupts, progress);
  if (auto connecting = work.connect(verb.server); !connecting) return connecting;
  if (auto settled = work.wait_until_settled(); !settled) return settled;
  if (place.chatter == Chatter::usual) print_summary(client);
  return Done{};
}

}  // namespace coppice::command
