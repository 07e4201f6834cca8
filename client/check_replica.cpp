#include "client/check_replica.h"

#include <set>

#include "client/replica.h"

namespace coppice::client {
namespace {

// Collects what an indexer files, as a table would hold it.
class MemoryIndex : public IndexWriter {
 public:
  void add(std::uint64_t key, std::uint64_t value) override { pairs.emplace(key, value); }
  void remove(std::uint64_t key, std::uint64_t value) override { pairs.erase({key, value}); }
  std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
};

class ReplicaCheck {
 public:
  explicit ReplicaCheck(Replica& replica)
      : replica_(replica),
        txn_(replica.database().read()),
        catalogue_(replica.database().catalogue()) {}

  std::vector<std::string> run() {
    faults_ = store::check_records(replica_.database(), txn_);
    for (const auto& [id, tree] : catalogue_->trees()) check_marks(id);
    check_bases();
    check_awaiting();
    for (auto& fault : store::check_indexes(replica_.database(), txn_))
      faults_.push_back(std::move(fault));
    for (const auto& follower : replica_.indexers().followers()) {
      const bool checkable = !follower->indexer->lives_in_memory();
      if (checkable && replica_.indexers().is_current(txn_, *follower)) check_index(*follower);
    }
    return std::move(faults_);
  }

 private:
  void fault(AnyKey key, const std::string& what) {
    faults_.push_back(catalogue_->format(key) + ": " + what);
  }

  void check_marks(TreeId id) {
    auto* tree = replica_.tree(id);
    if (!tree) return;
    for (store::RecordCursor cursor(txn_, *tree); cursor; cursor.next()) {
      const RecordHeader header = cursor.record().header();
      if (!LocalMark::is_local(header)) continue;
      AnyKey key(id, cursor.key());
      const std::uint64_t operation = LocalMark::operation(header);
      const bool has_base = txn_.find(replica_.tables().bases, PairKey(key).bytes()).has_value();
      if (operation != 0 && !txn_.find(replica_.tables().outbox, operation)) {
        fault(key, "is marked by operation " + std::to_string(operation) +
                       ", which is not in the outbox");
      }
      if (operation == 0 && !LocalMark::is_edited(header))
        fault(key, "has a local mark of nothing");
      if (operation == 0 && !has_base)
        fault(key, "was edited, and what it was before is not known");
    }
  }

  void check_bases() {
    store::Cursor cursor(txn_, replica_.tables().bases);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      AnyKey key = PairKey::parse(cursor.key());
      auto* tree = replica_.tree(key.tree);
      auto shown = tree ? tree->find(txn_, key.word) : std::nullopt;
      if (!shown || !LocalMark::is_local(shown->header()))
        fault(key, "has a base, and no local change");
      if (!RecordView::parse(cursor.value())) fault(key, "has a damaged base");
    }
  }

  void check_awaiting() {
    const auto cursor_at = replica_.database().meta().number(txn_, fact::kCursor);
    const bool partial = replica_.database().meta().number(txn_, fact::kPartial) != 0;
    store::Cursor cursor(txn_, replica_.tables().awaiting);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const std::string name = "operation " + std::to_string(cursor.key_number());
      if (!txn_.find(replica_.tables().outbox, cursor.key_number()))
        faults_.push_back(name + " waits, and is not in the outbox");
      if (cursor.value_number() <= cursor_at && !partial)
        faults_.push_back(name + " waits for a sequence that was reached");
    }
  }

  void check_index(const Follower& follower) {
    MemoryIndex expected;
    for (TreeId id : follower.trees) {
      auto* tree = replica_.tree(id);
      if (!tree) continue;
      for (store::RecordCursor cursor(txn_, *tree); cursor; cursor.next()) {
        auto record = cursor.record();
        if (record.header().removed()) continue;
        follower.indexer->change({AnyKey(id, cursor.key()), std::nullopt, record}, expected);
      }
    }
    std::set<std::pair<std::uint64_t, std::uint64_t>> stored;
    store::Cursor cursor(txn_, *follower.table);
    for (bool more = cursor.first(); more; more = cursor.next())
      stored.emplace(cursor.key_number(), cursor.value_number());
    if (stored != expected.pairs) {
      faults_.push_back("index '" + follower.indexer->name() + "' has " +
                        std::to_string(stored.size()) + " entries that are not the " +
                        std::to_string(expected.pairs.size()) + " its trees make");
    }
  }

  Replica& replica_;
  store::ReadTxn txn_;
  std::shared_ptr<const Catalogue> catalogue_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> check_replica(Replica& replica) { return ReplicaCheck(replica).run(); }

}  // namespace coppice::client
