#include <filesystem>
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

Result<Done> sync(Client& client, const Place& place, const SyncVerb& verb) {
  const Interrupts interrupts;
  Progress progress(place.chatter);
  if (verb.fetch == SyncVerb::Fetch::everything) {
    if (auto anew = client.fetch_anew(); !anew) return anew;
  }
  OnlineWork work(client, verb.patience, interrupts, progress);
  if (auto connecting = work.connect(place, verb.server); !connecting) return connecting;
  if (auto settled = work.wait_until_settled(); !settled) return settled;
  if (place.chatter == Chatter::usual) print_summary(client);
  return Done{};
}

// A folder that is new or empty is left as it was found, unless it is to be kept: an address that
// was mistyped leaves no replica behind that belongs to nothing.
class NewFolder {
 public:
  explicit NewFolder(const std::filesystem::path& folder)
      : folder_(folder),
        existed_(std::filesystem::exists(folder)),
        new_(!existed_ || is_new_or_empty(folder)) {}
  NewFolder(const NewFolder&) = delete;
  ~NewFolder() {
    if (!new_) return;
    std::error_code ignored;  // what cannot be removed is an empty replica, and does no harm
    for (const char* name : {"data.mdb", "lock.mdb", "owner.lock"})
      std::filesystem::remove(folder_ / name, ignored);
    if (!existed_) std::filesystem::remove(folder_, ignored);
  }
  void keep() { new_ = false; }

 private:
  const std::filesystem::path folder_;
  const bool existed_;
  bool new_;
};

}  // namespace

Result<Done> run(const Place& place, const SyncVerb& verb) {
  NewFolder made(place.replica);
  Client client = open_or_make(place, verb.application);
  const auto synced = sync(client, place, verb);
  // One that has met its server is a replica, whatever is still missing.
  if (!client.status().database_uuid.empty()) made.keep();
  return synced;
}

}  // namespace coppice::command
