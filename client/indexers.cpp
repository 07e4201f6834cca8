#include "client/indexers.h"

#include <algorithm>

namespace coppice::client {
namespace {

constexpr std::int64_t kFirstPauseUs = 60'000'000;
constexpr std::int64_t kLongestPauseUs = 3'600'000'000;
// Often enough to draw with, seldom enough to cost nothing.
constexpr std::uint64_t kProgressStep = 10'000;

// An indexer's table in a transaction. Remembers a failure of the store, so that it is not taken
// for the indexer's own.
class TableWriter : public IndexWriter {
 public:
  TableWriter(store::WriteTxn& txn, store::Table table) : txn_(txn), table_(table) {}
  void add(std::uint64_t key, std::uint64_t value) override {
    guarded([&] { txn_.index_add(table_, key, value); });
  }
  void remove(std::uint64_t key, std::uint64_t value) override {
    guarded([&] { txn_.index_erase(table_, key, value); });
  }
  void rethrow_store_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  template <typename F>
  void guarded(F&& fn) {
    try {
      fn();
    } catch (...) {
      failure_ = std::current_exception();
      throw;
    }
  }

  store::WriteTxn& txn_;
  store::Table table_;
  std::exception_ptr failure_;
};

// Why the indexer could not follow the change; empty: it did. Throws what the store throws.
std::string tell(const Follower& follower, store::WriteTxn& txn, const IndexedChange& change) {
  TableWriter table(txn, *follower.table);
  std::string why;
  try {
    follower.indexer->change(change, table);
  } catch (const std::exception& e) {
    why = e.what();
    if (why.empty()) why = "it does not say why";
  } catch (...) {
    why = "it does not say why";
  }
  table.rethrow_store_failure();
  return why;
}

// What its table was made by. In the store 0 is "never built", so versions are kept one higher.
std::uint64_t stored_version(const Follower& follower) {
  return std::uint64_t{follower.migrations_behind} << 33 |
         (std::uint64_t{follower.indexer->version()} + 1);
}

Event event_of(Error error) {
  Event event;
  event.kind = Event::Kind::indexer;
  event.origin = Event::Origin::local;
  event.error = std::move(error);
  return event;
}

}  // namespace

bool Follower::follows(TreeId tree) const {
  return std::find(trees.begin(), trees.end(), tree) != trees.end();
}

Indexers::Indexers(store::Database& database, ReadingNow reading,
                   const std::vector<std::shared_ptr<Indexer>>& indexers, Client::Access access,
                   Progress progress)
    : database_(database), reading_(std::move(reading)), progress_(std::move(progress)) {
  const bool writable = access == Client::Access::read_write;
  for (const auto& indexer : indexers) {
    auto follower = std::make_unique<Follower>();
    follower->indexer = indexer;
    follower->name = indexer->name();
    follower->trees = indexer->trees();
    for (TreeId id : follower->trees)
      follower->migrations_behind += reading_()->migrations_behind(id);
    if (find(follower->name)) {
      throw RefusedError(error(Errc::bad_request, "Two indexers are named '" + follower->name +
                                                      "'. Give one of them another name."));
    }
    follower->table = database_.environment().open_table(
        "index." + follower->name, store::Layout::integer_index,
        writable ? store::Environment::IfMissing::make : store::Environment::IfMissing::leave);
    in_memory_ |= writable && indexer->lives_in_memory();
    followers_.push_back(std::move(follower));
    Follower& added = *followers_.back();
    if (!writable || (is_current(database_.read(), added) && !indexer->lives_in_memory())) continue;
    if (auto why = build(added); !why.empty()) mark_set_aside(added, std::move(why));
  }
}

const Follower* Indexers::find(std::string_view name) const {
  for (const auto& follower : followers_) {
    if (follower->name == name) return follower.get();
  }
  return nullptr;
}

bool Indexers::follow(TreeId tree) const {
  return std::any_of(followers_.begin(), followers_.end(),
                     [&](const auto& follower) { return follower->follows(tree); });
}

bool Indexers::is_current(const store::Txn& txn, const Follower& follower) const {
  return follower.table &&
         database_.meta().number(txn, follower.version_fact()) == stored_version(follower);
}

std::string Indexers::build(Follower& follower) {
  BuildProgress progress{"index '" + follower.name + "'", 0, 0};
  std::shared_ptr<const void> state;
  struct Stopped {
    std::string why;
  };
  try {
    database_.write([&](store::WriteTxn& txn) {
      progress.done = progress.total = 0;
      for (TreeId id : follower.trees) {
        if (auto records = database_.tree(id)) progress.total += records->count(txn);
      }
      txn.clear(*follower.table);
      follower.indexer->begin(nullptr);
      for (TreeId id : follower.trees) {
        auto why = build_tree(follower, id, txn, progress);
        if (!why.empty()) throw Stopped{std::move(why)};
      }
      state = follower.indexer->end();
      database_.meta().set_number(txn, follower.version_fact(), stored_version(follower));
    });
  } catch (const Stopped& stopped) {
    database_.write([&](store::WriteTxn& txn) {
      txn.clear(*follower.table);
      database_.meta().set_number(txn, follower.version_fact(), 0);
    });
    return stopped.why;
  }
  if (progress_) progress_({progress.what, progress.total, progress.total});
  const std::lock_guard lock(mutex_);
  follower.committed = std::move(state);
  return {};
}

std::string Indexers::build_tree(Follower& follower, TreeId id, store::WriteTxn& txn,
                                 BuildProgress& progress) const {
  const auto records = database_.tree(id);
  if (!records) return {};
  const auto reading = reading_();
  std::vector<std::uint64_t> room;
  for (store::RecordCursor cursor(txn, *records); cursor; cursor.next()) {
    if (progress_ && progress.done % kProgressStep == 0) progress_(progress);
    ++progress.done;
    if (cursor.record().header().removed()) continue;
    const AnyKey key(id, cursor.key());
    // What the program's migration refuses is in no index.
    const auto record = reading->readable(key, cursor.record(), room);
    if (!record) continue;
    if (auto why = tell(follower, txn, {key, std::nullopt, *record}); !why.empty()) return why;
  }
  return {};
}

void Indexers::mark_set_aside(Follower& follower, std::string why) {
  follower.set_aside = std::move(why);
  follower.retry_at_us = 0;
  const std::lock_guard lock(mutex_);
  follower.committed = nullptr;
  if (std::find(set_aside_.begin(), set_aside_.end(), follower.name) == set_aside_.end())
    set_aside_.push_back(follower.name);
}

void Indexers::mark_ready(Follower& follower) {
  follower.set_aside.clear();
  follower.retry_pause_us = 0;
  const std::lock_guard lock(mutex_);
  std::erase(set_aside_, follower.name);
}

std::vector<Event> Indexers::rebuild_due(std::int64_t now_us) {
  std::vector<Event> events;
  for (const auto& follower : followers_) {
    if (follower->set_aside.empty()) continue;
    if (follower->retry_at_us == 0) {
      follower->retry_pause_us =
          std::clamp(2 * follower->retry_pause_us, kFirstPauseUs, kLongestPauseUs);
      follower->retry_at_us = now_us + follower->retry_pause_us;
    }
    if (now_us < follower->retry_at_us) continue;
    if (auto why = build(*follower); !why.empty()) {
      mark_set_aside(*follower, std::move(why));
      continue;
    }
    mark_ready(*follower);
    events.push_back(event_of(error(
        Errc::none, "Indexer '" + follower->name + "' was built anew and can be asked again.")));
  }
  return events;
}

std::optional<std::int64_t> Indexers::deadline_us() const {
  std::optional<std::int64_t> first;
  for (const auto& follower : followers_) {
    if (follower->set_aside.empty() || follower->retry_at_us == 0) continue;
    first = first ? std::min(*first, follower->retry_at_us) : follower->retry_at_us;
  }
  return first;
}

std::pair<store::ReadTxn, std::vector<std::shared_ptr<const void>>> Indexers::read(
    std::string_view name) const {
  std::vector<std::shared_ptr<const void>> states;
  if (!in_memory_) return std::pair(database_.read(name), std::move(states));
  // While the lock is held nothing is prepared, so the transaction sees at most what is prepared.
  const std::lock_guard lock(mutex_);
  auto txn = database_.read(name);
  for (const auto& follower : followers_) {
    const bool prepared =
        follower->prepared_number != 0 && txn.number() >= follower->prepared_number;
    states.push_back(prepared ? follower->prepared : follower->committed);
  }
  return std::pair(std::move(txn), std::move(states));
}

std::vector<std::string> Indexers::set_aside() const {
  const std::lock_guard lock(mutex_);
  return set_aside_;
}

// -------- one transaction

IndexerTransaction::~IndexerTransaction() {
  if (!prepared_) return;
  const std::lock_guard lock(indexers_.mutex_);
  for (const auto& follower : indexers_.followers_) {
    follower->prepared = nullptr;
    follower->prepared_number = 0;
  }
}

void IndexerTransaction::begin() {
  set_aside_.clear();
  for (const auto& follower : indexers_.followers_) {
    if (follower->indexer->lives_in_memory()) follower->indexer->begin(follower->committed);
  }
}

std::vector<Event> IndexerTransaction::change(store::WriteTxn& txn, Event::Origin origin,
                                              const IndexedChange& change,
                                              const Catalogue& catalogue) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < indexers_.followers_.size(); ++i) {
    const Follower& follower = *indexers_.followers_[i];
    if (!follower.set_aside.empty() || !follower.follows(change.key.tree)) continue;
    const auto is_this = [&](const auto& aside) { return aside.first == i; };
    if (std::any_of(set_aside_.begin(), set_aside_.end(), is_this)) continue;
    const auto why = tell(follower, txn, change);
    if (why.empty()) continue;
    const std::string what = "Indexer '" + follower.name + "' failed at " +
                             catalogue.format(change.key) + ": " + why + ".";
    if (origin == Event::Origin::local) {
      throw IndexerFailed(error(Errc::invalid,
                                what + " Nothing was written. Mend the indexer or the record.",
                                change.key));
    }
    events.push_back(set_aside(txn, i, what));
  }
  return events;
}

Event IndexerTransaction::set_aside(store::WriteTxn& txn, std::size_t which,
                                    const std::string& what) {
  const Follower& follower = *indexers_.followers_[which];
  txn.clear(*follower.table);
  indexers_.database_.meta().set_number(txn, follower.version_fact(), 0);
  set_aside_.emplace_back(which, what);
  return event_of(error(Errc::index_set_aside,
                        what + " It is set aside, and built anew later; the sync goes on."));
}

std::vector<std::shared_ptr<const void>> IndexerTransaction::end() {
  std::vector<std::shared_ptr<const void>> states;
  if (!indexers_.in_memory_) return states;
  for (const auto& follower : indexers_.followers_) {
    const bool ready = follower->indexer->lives_in_memory() && follower->set_aside.empty();
    states.push_back(ready ? follower->indexer->end() : nullptr);
  }
  for (const auto& [which, why] : set_aside_) states[which] = nullptr;
  return states;
}

void IndexerTransaction::prepare(const store::WriteTxn& txn) {
  if (!indexers_.in_memory_) return;
  auto states = end();
  const std::lock_guard lock(indexers_.mutex_);
  prepared_ = true;
  for (std::size_t i = 0; i < states.size(); ++i) {
    indexers_.followers_[i]->prepared = std::move(states[i]);
    indexers_.followers_[i]->prepared_number = txn.number();
  }
}

void IndexerTransaction::commit() {
  if (prepared_) {
    const std::lock_guard lock(indexers_.mutex_);
    for (const auto& follower : indexers_.followers_) {
      if (follower->prepared_number == 0) continue;
      follower->committed = std::exchange(follower->prepared, nullptr);
      follower->prepared_number = 0;
    }
    prepared_ = false;
  }
  for (auto& [which, why] : set_aside_)
    indexers_.mark_set_aside(*indexers_.followers_[which], std::move(why));
}

}  // namespace coppice::client
