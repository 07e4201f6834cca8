#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <vector>

#include "client/replica.h"
#include "client/snapshot_state.h"
#include "coppice/live_query.h"

namespace coppice::client {

// What a live query and its handle share. Any thread.
struct LiveState {
  std::uint64_t number = 0;
  std::atomic<bool> ended = false;
};

// The live queries of one client. After each change of the replica they look at the records that
// were changed, and at those that refer to such where a condition follows references; at all
// records only where so many were changed that this is less work.
//
// Threads: the replica's writer; a handle ends on any thread.
class LiveQueries {
 public:
  // More events than this for one query at a time become a single `missed`.
  static constexpr std::size_t kEventsMax = 20'000;

  explicit LiveQueries(Replica& replica) : replica_(replica) {}

  // Errors: as Snapshot::select. REQUIRES: tell() has told everything.
  Result<AnyLiveQuery> add(const AnyQuery& query);
  // What the changes since the last call have done to the answers, and forgets these.
  std::vector<Event> tell();

 private:
  // The trees that one chain of references leads to, the first reference's first.
  using Chain = std::vector<TreeId>;

  struct Live {
    std::shared_ptr<LiveState> state;
    AnyQuery query;
    // Also the order's, where a limit makes it matter.
    std::vector<Chain> chains;
    std::set<KeyWord> answer;
  };

  // One round of looking, for one query.
  class Look;

  // A snapshot of the last commit, and what is inside it.
  struct Now {
    Snapshot snapshot;
    const SnapshotState& state;
  };
  Now now();

  Replica& replica_;
  std::vector<std::unique_ptr<Live>> queries_;
  std::uint64_t last_number_ = 0;
};

}  // namespace coppice::client
