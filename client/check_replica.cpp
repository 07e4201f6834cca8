#include "client/check_replica.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>

#include <capnp/message.h>

#include "client/drawer.capnp.h"
#include "client/replica.h"
#include "coppice/protocol.capnp.h"
#include "store/check_records.h"

namespace coppice::client {
namespace {

constexpr std::string_view kIndexTables = "index.";

// Collects what an indexer files, as a table would hold it.
class MemoryIndex : public IndexWriter {
 public:
  void add(std::uint64_t key, std::uint64_t value) override { pairs.emplace(key, value); }
  void remove(std::uint64_t key, std::uint64_t value) override { pairs.erase({key, value}); }
  std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
};

// One segment, in which every pointer leads to something of the kind that it says.
template <typename T>
bool is_message(store::Bytes row) {
  if (row.empty() || row.size() % sizeof(capnp::word) != 0) return false;
  // A copy: rows need not be aligned.
  std::vector<std::uint64_t> words(row.size() / sizeof(capnp::word));
  std::memcpy(words.data(), row.data(), row.size());
  const kj::ArrayPtr<const capnp::word> segments[] = {
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(words.data()), words.size())};
  try {
    capnp::SegmentArrayMessageReader reader(kj::arrayPtr(segments, 1));
    return reader.getRoot<T>().totalSize().capCount == 0;
  } catch (const kj::Exception&) {
    return false;
  }
}

class ReplicaCheck {
 public:
  ReplicaCheck(Replica& replica, CheckReport& report)
      : replica_(replica),
        report_(report),
        txn_(replica.database().read()),
        catalogue_(replica.database().catalogue()) {}

  void run() {
    store::check_records(replica_.database(), txn_, report_);
    for (const auto& [id, tree] : catalogue_->trees()) check_marks(id);
    store::check_declared_indexes(replica_.database(), txn_, report_, &replica_.old_bodies());
    rows_of("the table of bases", [&] { check_bases(); });
    rows_of("the table of borrows", [&] {
      check_messages<protocol::Holder>("the table of borrows", replica_.tables().borrows);
    });
    rows_of("the drawer",
            [&] { check_messages<stored::Conflict>("the drawer", replica_.tables().drawer); });
    rows_of("the table of what is awaited", [&] { check_awaiting(); });
    for (const auto& follower : replica_.indexers().followers()) {
      const bool checkable = !follower->indexer->lives_in_memory();
      if (checkable && replica_.indexers().is_current(txn_, *follower)) check_index(*follower);
    }
    name_unknown_indexes();
  }

 private:
  void fault(AnyKey key, const std::string& what) {
    report_.found(Trouble::contradiction, catalogue_->format(key), what);
  }

  // A row that cannot be read is a finding, not the end of the check.
  template <typename F>
  void rows_of(const char* table, F&& look) {
    try {
      look();
    } catch (const CorruptionError& e) {
      report_.found(Trouble::damage, table, e.what());
    }
  }

  void check_marks(TreeId id) {
    auto* tree = replica_.tree(id);
    if (!tree) return;
    store::visit_whole_records(txn_, *tree, report_, [&](KeyWord word, RecordView record) {
      if (LocalMark::is_local(record.header())) check_mark(AnyKey(id, word), record.header());
    });
  }

  void check_mark(AnyKey key, const RecordHeader& header) {
    const std::uint64_t operation = LocalMark::operation(header);
    const bool has_base = txn_.find(replica_.tables().bases, PairKey(key).bytes()).has_value();
    if (operation != 0 && !txn_.find(replica_.tables().outbox, operation)) {
      fault(key,
            "is marked by operation " + std::to_string(operation) + ", which is not in the outbox");
    }
    if (operation == 0 && !LocalMark::is_edited(header)) fault(key, "has a local mark of nothing");
    if (operation == 0 && !has_base) fault(key, "was edited, and what it was before is not known");
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

  // Rows that are read without a check must be whole messages.
  template <typename T>
  void check_messages(const char* where, store::Table table) {
    store::Cursor cursor(txn_, table);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (!is_message<T>(cursor.value()))
        report_.found(Trouble::damage, where, "a row of it is no message of its kind");
    }
  }

  void check_awaiting() {
    const auto cursor_at = replica_.database().meta().number(txn_, fact::kCursor);
    const bool partial = replica_.database().meta().number(txn_, fact::kPartial) != 0;
    store::Cursor cursor(txn_, replica_.tables().awaiting);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const std::string name = "operation " + std::to_string(cursor.key_number());
      if (!txn_.find(replica_.tables().outbox, cursor.key_number()))
        report_.found(Trouble::contradiction, name, "it waits, and is not in the outbox");
      if (cursor.value_number() <= cursor_at && !partial)
        report_.found(Trouble::contradiction, name, "it waits for a sequence that was reached");
    }
  }

  void check_index(const Follower& follower) {
    MemoryIndex expected;
    std::vector<std::uint64_t> room;
    for (TreeId id : follower.trees) {
      auto* tree = replica_.tree(id);
      if (!tree) continue;
      store::visit_whole_records(txn_, *tree, report_, [&](KeyWord word, RecordView stored) {
        if (stored.header().removed()) return;
        const AnyKey key(id, word);
        const auto record = replica_.reading()->readable(key, stored, room);
        if (record) follower.indexer->change({key, std::nullopt, *record}, expected);
      });
    }
    std::set<std::pair<std::uint64_t, std::uint64_t>> stored;
    store::Cursor cursor(txn_, *follower.table);
    for (bool more = cursor.first(); more; more = cursor.next())
      stored.emplace(cursor.key_number(), cursor.value_number());
    if (stored != expected.pairs) {
      report_.found(Trouble::derived, "index '" + follower.indexer->name() + "'",
                    "it has " + std::to_string(stored.size()) + " entries that are not the " +
                        std::to_string(expected.pairs.size()) + " its trees make");
    }
  }

  void name_unknown_indexes() {
    for (const std::string& name : replica_.database().environment().table_names()) {
      const bool known = std::ranges::any_of(
          replica_.indexers().followers(),
          [&](const auto& follower) { return std::string(kIndexTables) + follower->name == name; });
      if (name.starts_with(kIndexTables) && !known) {
        report_.left_out("index '" + name.substr(kIndexTables.size()) +
                         "', which only the application that filled it can check "
                         "(Client::check)");
      }
    }
  }

  Replica& replica_;
  CheckReport& report_;
  store::ReadTxn txn_;
  std::shared_ptr<const Catalogue> catalogue_;
};

}  // namespace

void check_replica(Replica& replica, CheckReport& report) { ReplicaCheck(replica, report).run(); }

}  // namespace coppice::client
