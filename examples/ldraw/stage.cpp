#include "examples/ldraw/stage.h"

#include "examples/ldraw/compare.h"
#include "examples/ldraw/explode.h"
#include "examples/ldraw/where_used.h"

namespace ldraw {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Longer than any step takes on a slow machine.
constexpr auto kPatience = 180s;
// Short beside what is measured, and long enough to leave the processor to the others.
constexpr auto kLookEvery = 200us;
constexpr auto kLookAtServerEvery = 100ms;

}  // namespace

coppice::Client open_replica(const Stage& stage, const std::string& name) {
  coppice::Client::Options options;
  options.name = name;
  options.user = name == "bench" ? "Ben" : "Wanda";
  options.application = "ldraw";
  options.trees = coppice::trees<Part, Placement, HistoryEntry, Submodel, Set, SetPlacement>();
  options.indexers = {std::make_shared<WhereUsed>(), std::make_shared<SubmodelContents>()};
  return coppice::Client::open(stage.folder / name, std::move(options));
}

std::vector<coppice::TreeId> all_trees() {
  std::vector<coppice::TreeId> ids;
  for (const TreeCount& tree : records_of({})) ids.push_back(tree.tree);
  return ids;
}

void wait_until(Stage& stage, const std::string& what, const std::function<bool()>& is_so) {
  const auto deadline = Clock::now() + kPatience;
  auto next_look_at_server = Clock::now() + kLookAtServerEvery;
  while (!is_so()) {
    const auto now = Clock::now();
    if (now > next_look_at_server) {
      stage.server.require_running();
      next_look_at_server = now + kLookAtServerEvery;
    }
    if (now > deadline) {
      std::string text = "Waited in vain: " + what + ".";
      if (stage.workstation) text += " Workstation " + explain(*stage.workstation) + ".";
      if (stage.bench) text += " Bench " + explain(*stage.bench) + ".";
      throw StoryError(text);
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

std::string explain(const coppice::Client& client) {
  const coppice::Status status = client.status();
  std::string text = std::string("is ") + coppice::to_string(status.connection);
  if (!status.reason.empty()) text += " (" + status.reason + ")";
  return text + ", stands at " + with_commas(status.cursor) + " of " + with_commas(status.head) +
         " and has " + counted(status.outbox, "unanswered request");
}

void connect(Stage& stage, coppice::Client& client) {
  client.connect(stage.server.url()).value();
  const auto synced = client.synced();
  wait_until(stage, "a replica gets everything the server has", [&] {
    const auto status = client.status();
    require(status.connection != coppice::Connection::refused,
            "The server does not want the replica: " + status.reason);
    return synced.result().has_value();
  });
}

void wait_for_sequence(Stage& stage, const coppice::Client& client, std::uint64_t sequence) {
  wait_until(stage, "a replica reaches a sequence",
             [&] { return client.snapshot().sequence() >= sequence; });
}

std::uint64_t require_equal(
    const std::vector<std::pair<std::string, const coppice::Client*>>& replicas) {
  std::vector<coppice::Snapshot> snapshots;
  snapshots.reserve(replicas.size());
  std::vector<NamedSnapshot> named;
  for (const auto& [name, client] : replicas) {
    snapshots.push_back(client->snapshot());
    named.push_back({name, snapshots.back()});
  }
  const Comparison found = compare(named, all_trees());
  if (found.equal()) return found.records;
  std::string text = "The replicas differ:";
  for (const std::string& difference : found.differences) text += "\n  " + difference;
  throw StoryError(text);
}

}  // namespace ldraw
