#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/id_pool.h"
#include "client/indexers.h"
#include "client/reading.h"
#include "client/touched.h"
#include "coppice/client.h"
#include "store/database.h"
#include "store/indexes.h"

namespace coppice::client {

// Tables of a replica beside its trees (docs/storage.md).
struct Tables {
  store::Table outbox;    // operation -> the frame to be sent, as it travels
  store::Table awaiting;  // operation -> the sequence the cursor must reach before the operation's
                          // effect is the authority's
  store::Table bases;     // (tree, key) -> the authority's value of a record that is different here
  store::Table borrows;   // (tree, id) -> protocol::Holder
  store::Table leases;    // (tree, begin) -> next, end
  store::Table drawer;    // number -> Conflict of drawer.capnp
  store::Table names;     // client number -> "user, device"
  // Operations in the outbox that move lifecycle states -> 0. Nothing: a replica of a time before
  // it, which is only looked at.
  std::optional<store::Table> intents;
};

// A 16-byte table key of a tree and a word, in their order.
class PairKey {
 public:
  PairKey(TreeId tree, std::uint64_t word);
  explicit PairKey(AnyKey key) : PairKey(key.tree, key.word.value) {}
  store::Bytes bytes() const { return bytes_; }
  static AnyKey parse(store::Bytes bytes);

 private:
  std::array<std::byte, 16> bytes_;
};

class Replica;

// What declared indexes take of bodies of earlier generations: as the program's migrations read
// them.
class MigratedBodies final : public store::OldBodies {
 public:
  explicit MigratedBodies(const Replica& replica) : replica_(replica) {}
  bool reads(TreeId tree) const override;
  std::vector<std::uint64_t> read(AnyKey key, const store::WrittenBody& body) const override;

 private:
  const Replica& replica_;
};

// The stored side of a client: its records, its own unsent work and what it knows of the world.
// Knows no network and no time.
//
// Threads: reading, any; everything that writes goes through a ReplicaWriter, one at a time.
class Replica {
 public:
  // Throws StorageError, or RefusedError for a tree whose schema the replica cannot take.
  Replica(const std::filesystem::path& folder, const Client::Options& options,
          const std::function<std::uint64_t()>& random, const store::RunLimits& runs = {});

  store::Database& database() { return database_; }
  const store::Database& database() const { return database_; }
  const Tables& tables() const { return tables_; }
  Indexers& indexers() { return *indexers_; }
  const Indexers& indexers() const { return *indexers_; }
  // Declared ones; in a replica that is only looked at, none is kept.
  store::Indexes& indexes() { return *indexes_; }
  const store::Indexes& indexes() const { return *indexes_; }
  const store::OldBodies& old_bodies() const { return old_bodies_; }
  // What was changed, for live queries. Threads: as writing.
  Touched& touched() { return touched_; }
  IdPool& ids() { return ids_; }
  const IdPool& ids() const { return ids_; }

  // Schemas that work here was written by and that no authority has made a version yet, for the
  // next hello.
  std::vector<TreeInfoPtr> offers() const;
  // The version of a tree's schema that this program writes bodies by; 0: one that has no number
  // yet. REQUIRES: the tree is in the catalogue. Threads: as writing.
  std::uint32_t writes_by(TreeId tree);
  // Why this program may only read a tree (its minimumWriter); nothing: it may write.
  std::optional<Error> too_old_to_write(TreeId tree) const;
  // The version of a body in the request of an operation. One without a number that was written
  // before its tree's present generation, and that the authority has, is told by what was noted
  // then.
  std::uint32_t version_in_request(const store::Txn& txn, std::uint64_t operation, TreeId tree,
                                   std::uint32_t version) const;
  // Notes it: requests up to `last` have bodies of this version where they say none.
  void note_unnumbered(store::WriteTxn& txn, TreeId tree, std::uint64_t last,
                       std::uint32_t version) const;
  // Trees the program named, for which it may want to make records.
  const std::vector<TreeId>& program_trees() const { return program_trees_; }
  // How this program would read the trees with these schemas from the authority. Errors: as
  // standing(), where it could not go on with them.
  Result<std::shared_ptr<const Reading>> reading_with(std::span<const TreeInfoPtr> versions) const;
  // Takes them. REQUIRES: reading_with() found nothing against it, and leave_behind() was called
  // where a tree begins a generation.
  void adopt(std::span<const TreeInfoPtr> versions);
  // How this program reads the trees, with the catalogue of now. Any thread.
  std::shared_ptr<const Reading> reading() const;

  std::string client_uuid() const { return client_uuid_; }
  const std::string& application() const { return application_; }
  // 0 until it was ever welcomed.
  std::uint32_t client_number() const { return client_number_; }
  void set_client_number(std::uint32_t number) { client_number_ = number; }

  const store::RecordTree* tree(TreeId id) const;

 private:
  // Throws CorruptionError with the first thing that a check finds.
  void require_sound();
  void open_trees(const std::vector<TreeDefinition>& trees, bool writable);
  void open_tree(const TreeInfoPtr& program, bool writable);
  void read_anew();
  // A schema that a program brought which is not this one, and by which nothing unsent was written.
  void drop_pending_of_others();

  store::Database database_;
  Tables tables_;
  std::unique_ptr<Indexers> indexers_;      // never null once constructed
  std::map<TreeId, TreeInfoPtr> programs_;  // schemas as the program was compiled with
  const Migrations migrations_;
  const MigratedBodies old_bodies_{*this};
  // The writer's: what writes_by() found, as long as the catalogue is the same.
  std::map<TreeId, std::uint32_t> writes_by_;
  std::shared_ptr<const Catalogue> writes_by_of_;
  std::optional<store::Indexes> indexes_;  // as soon as the trees are open
  std::vector<TreeId> program_trees_;
  Touched touched_;
  IdPool ids_;
  std::string client_uuid_;
  std::string application_;
  std::atomic<std::uint32_t> client_number_ = 0;  // any thread
  mutable std::mutex trees_mutex_;
  std::shared_ptr<const Reading> reading_;
  mutable std::map<TreeId, std::unique_ptr<store::RecordTree>> trees_;
};

// Names of the single facts in the replica's meta table.
namespace fact {
inline constexpr std::string_view kClientUuid = "client.uuid";
inline constexpr std::string_view kClientNumber = "client.number";
inline constexpr std::string_view kDatabaseUuid = "database.uuid";
inline constexpr std::string_view kApplication = "application";
// Who waits for what, as the server told it last: a protocol::Lines as one segment.
inline constexpr std::string_view kLines = "lines";
inline constexpr std::string_view kServerUrl = "server.url";
inline constexpr std::string_view kEpoch = "epoch";
inline constexpr std::string_view kCursor = "cursor";
inline constexpr std::string_view kHead = "head";
inline constexpr std::string_view kCatchingUp = "catching_up";
inline constexpr std::string_view kPartial = "partial";
inline constexpr std::string_view kLastOperation = "operation.last";
inline constexpr std::string_view kAnswered = "operation.answered";
inline constexpr std::string_view kConflictNumber = "conflict.last";
inline constexpr std::string_view kFirstSync = "first_sync";
inline constexpr std::string_view kFirstSyncSince = "first_sync.since";
inline constexpr std::string_view kFirstSyncTree = "first_sync.tree";
inline constexpr std::string_view kFirstSyncKey = "first_sync.key";
inline constexpr std::string_view kFirstSyncDone = "first_sync.done";
inline constexpr std::string_view kFirstSyncTotal = "first_sync.total";
}  // namespace fact

}  // namespace coppice::client
