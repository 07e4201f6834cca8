#include "client/live_queries.h"

#include <algorithm>
#include <optional>

#include "client/index_keys.h"
#include "client/query_walk.h"

namespace coppice::client {
namespace {

Event event_of(Event::Kind kind, std::uint64_t query) {
  Event event;
  event.kind = kind;
  event.query = query;
  return event;
}

void add_chains(const AnyCondition& condition, std::vector<TreeId>& chain,
                std::vector<std::vector<TreeId>>& chains) {
  if (condition.kind() != AnyCondition::Kind::through) {
    for (const AnyCondition& part : condition.parts()) add_chains(part, chain, chains);
    return;
  }
  chain.push_back(condition.target());
  chains.push_back(chain);
  add_chains(condition.parts().front(), chain, chains);
  chain.pop_back();
}

std::vector<std::vector<TreeId>> chains_of(const AnyQuery& query) {
  std::vector<std::vector<TreeId>> chains;
  std::vector<TreeId> chain;
  add_chains(query.where, chain, chains);
  // In which order all come makes no difference to which there are.
  for (const Order& order : query.order) {
    chain.clear();
    for (const Hop& hop : order.hops) chain.push_back(hop.target);
    if (!chain.empty() && query.limit) chains.push_back(chain);
  }
  return chains;
}

std::vector<KeyWord> keys_of(QueryWalk& walk) {
  std::vector<KeyWord> keys;
  while (const auto record = walk.next()) keys.push_back(record->key.word);
  return keys;
}

}  // namespace

// What the records that were touched mean for one query.
class LiveQueries::Look {
 public:
  Look(Live& live, const Touched& touched, const Snapshot& now, const SnapshotState& snapshot)
      : live_(live), touched_(touched), now_(now), snapshot_(snapshot) {}

  std::vector<Event> run() {
    const bool are_known = !touched_.is_everything() && find_affected();
    if (!are_known) {
      miss();
    } else if (!affected_.empty()) {
      compare();
    }
    if (events_.size() > kEventsMax) miss();
    return std::move(events_);
  }

 private:
  // More are looked for by asking the whole query anew.
  static constexpr std::size_t kAffectedMax = Touched::kOnesMax;

  // Whoever missed so much looks at everything, and so do we.
  void miss() {
    events_ = {event_of(Event::Kind::missed, live_.state->number)};
    const auto keys = ask();
    live_.answer = std::set<KeyWord>(keys.begin(), keys.end());
  }

  std::vector<KeyWord> ask() const {
    auto walk = QueryWalk::begin(snapshot_, live_.query);
    // The tree was migrated, and a field that it asks for is gone.
    if (!walk) return {};
    return keys_of(**walk);
  }

  std::set<RecordId> touched_in(TreeId tree) const {
    std::set<RecordId> records;
    for (const Touched::One& one : touched_.ones()) {
      if (one.key.tree == tree) records.insert(one.key.id());
    }
    return records;
  }

  // The records whose place in the answer may be another one now. False: they are too many.
  bool find_affected() {
    affected_ = touched_in(live_.query.tree);
    for (const Chain& chain : live_.chains) {
      // From the end of the chain to its beginning: who refers to what was changed there.
      std::set<RecordId> records = touched_in(chain.back());
      for (std::size_t i = chain.size(); i-- > 0 && !records.empty();) {
        const TreeId users_in = i > 0 ? chain[i - 1] : live_.query.tree;
        auto users = users_of(chain[i], records, users_in);
        if (!users) return false;
        records = std::move(*users);
      }
      affected_.insert(records.begin(), records.end());
    }
    return affected_.size() <= kAffectedMax;
  }

  std::optional<std::set<RecordId>> users_of(TreeId tree, const std::set<RecordId>& records,
                                             TreeId users_in) {
    const bool is_indexed =
        joint_index(snapshot_, users_in, IndexPlan::Kind::references).value != 0;
    std::vector<KeyWord> keys;
    for (const RecordId id : records) {
      const AnyKey record(tree, KeyWord(id, Revision{0}));
      if (is_indexed) {
        if (!add_users_of_record(snapshot_, record, users_in, kAffectedMax, keys))
          return std::nullopt;
        continue;
      }
      for (const AnyKey user : now_.where_used(record, Revisions::all)) {
        if (user.tree == users_in) keys.push_back(user.word);
      }
    }
    std::set<RecordId> users;
    for (const KeyWord key : keys) users.insert(key.id());
    return users;
  }

  void compare() {
    const auto program = condition();
    if (!program) return miss();
    SnapshotRecords records(snapshot_);
    ConditionRun run(*program, records);
    std::vector<KeyWord> before, after;
    for (const RecordId id : affected_) {
      add_members(id, before);
      add_fulfilling(id, run, after);
    }
    if (live_.query.limit) {
      if (before.empty() && after.empty()) return;
      before.assign(live_.answer.begin(), live_.answer.end());
      after = ask();
      std::sort(after.begin(), after.end());
    }
    tell(before, after);
  }

  // Errors: the tree was migrated, and a field that it asks for is gone.
  Result<ConditionProgram> condition() const {
    QueryTrees trees = trees_of(snapshot_);
    return ConditionProgram::compile(live_.query.where, live_.query.tree, live_.query.schema,
                                     trees);
  }

  void add_members(RecordId id, std::vector<KeyWord>& into) const {
    for (auto at = live_.answer.lower_bound(KeyWord(id, Revision{0}));
         at != live_.answer.end() && at->id() == id; ++at)
      into.push_back(*at);
  }

  // The revisions of a record that are meant and fulfil the condition, ascending.
  void add_fulfilling(RecordId id, ConditionRun& run, std::vector<KeyWord>& into) {
    RevisionLookUp revisions(snapshot_, live_.query.tree, live_.query.revisions);
    const KeyWord first(id, Revision{1});
    for (auto walk = now_.walk(live_.query.tree, first); walk.current(); walk.advance()) {
      const KeyWord key = walk.current()->key;
      if (key.id() != id) return;
      const auto record = revisions.find(key);
      if (record && run.fulfils(record->view.body())) into.push_back(key);
    }
  }

  void tell(const std::vector<KeyWord>& before, const std::vector<KeyWord>& after) {
    std::set<KeyWord> changed;
    for (const Touched::One& one : touched_.ones()) {
      if (one.body_differs && one.key.tree == live_.query.tree) changed.insert(one.key.word);
    }
    for (const KeyWord key : before) {
      if (std::binary_search(after.begin(), after.end(), key)) continue;
      live_.answer.erase(key);
      say(Event::Kind::left, key);
    }
    for (const KeyWord key : after) {
      if (!std::binary_search(before.begin(), before.end(), key)) {
        live_.answer.insert(key);
        say(Event::Kind::entered, key);
      } else if (changed.contains(key)) {
        say(Event::Kind::updated, key);
      }
    }
  }

  void say(Event::Kind kind, KeyWord key) {
    Event event = event_of(kind, live_.state->number);
    event.key = AnyKey(live_.query.tree, key);
    event.origin = touched_.origin();
    events_.push_back(std::move(event));
  }

  Live& live_;
  const Touched& touched_;
  const Snapshot& now_;
  const SnapshotState& snapshot_;
  std::set<RecordId> affected_;
  std::vector<Event> events_;
};

LiveQueries::Now LiveQueries::now() {
  auto [txn, memory] = replica_.indexers().read("live queries");
  auto state = std::make_unique<SnapshotState>(replica_, std::move(txn), std::move(memory));
  const SnapshotState& inside = *state;
  return {Snapshot(std::move(state)), inside};
}

Result<AnyLiveQuery> LiveQueries::add(const AnyQuery& query) {
  const Now now = this->now();
  auto walk = QueryWalk::begin(now.state, query);
  if (!walk) return walk.error();
  const auto keys = keys_of(**walk);
  auto live = std::make_unique<Live>();
  live->state = std::make_shared<LiveState>();
  live->state->number = ++last_number_;
  live->query = query;
  live->chains = chains_of(query);
  live->answer = std::set<KeyWord>(keys.begin(), keys.end());
  std::vector<AnyKey> start;
  for (const KeyWord key : keys) start.emplace_back(query.tree, key);
  AnyLiveQuery handle(live->state, std::move(start));
  queries_.push_back(std::move(live));
  replica_.touched().want(true);
  return handle;
}

std::vector<Event> LiveQueries::tell() {
  std::vector<Event> events;
  Touched& touched = replica_.touched();
  std::erase_if(queries_, [](const auto& live) { return live->state->ended.load(); });
  if (queries_.empty()) {
    touched.want(false);
    return events;
  }
  if (touched.empty()) return events;
  const Now now = this->now();
  for (const auto& live : queries_) {
    auto news = Look(*live, touched, now.snapshot, now.state).run();
    std::move(news.begin(), news.end(), std::back_inserter(events));
  }
  touched.clear();
  return events;
}

}  // namespace coppice::client

namespace coppice {

AnyLiveQuery::AnyLiveQuery(std::shared_ptr<client::LiveState> state, std::vector<AnyKey> start)
    : state_(std::move(state)), start_(std::move(start)) {}
AnyLiveQuery::AnyLiveQuery(AnyLiveQuery&&) noexcept = default;

AnyLiveQuery& AnyLiveQuery::operator=(AnyLiveQuery&& other) noexcept {
  if (this == &other) return *this;
  if (state_) state_->ended = true;
  state_ = std::move(other.state_);
  start_ = std::move(other.start_);
  return *this;
}

AnyLiveQuery::~AnyLiveQuery() {
  if (state_) state_->ended = true;
}

std::uint64_t AnyLiveQuery::number() const { return state_->number; }

}  // namespace coppice
