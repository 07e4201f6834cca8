#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <capnp/message.h>

#include "client/replica.h"
#include "coppice/client.h"
#include "coppice/protocol.capnp.h"
#include "coppice/transaction.h"
#include "wire/frame.h"

namespace coppice::client {

using ActionKind = protocol::Action::Kind;

// What the authority will be asked to do with one record.
struct PlannedAction {
  ActionKind kind;
  AnyKey key;
  Borrowing borrowing = Borrowing::ends;
  std::uint64_t token = 0;
  std::uint32_t base_iteration = 0;
  std::uint16_t state_from = 0;
  std::uint16_t state_to = 0;
  Steps steps = Steps::declared;
  bool pins = false;     // a check-in for the release that follows: only references are new
  bool dropped = false;  // overtaken by a later call; not asked for
};

// A record as this transaction leaves it: what the replica will show until the authority has
// answered.
struct Work {
  AnyKey key;
  RecordHeader header;
  std::vector<std::uint64_t> body;                       // canonical; stale while `message` is set
  std::unique_ptr<capnp::MallocMessageBuilder> message;  // being edited
  std::vector<std::uint64_t> started_as;                 // of a draft: the released body
  bool started_converted = false;                        // which is stored in an earlier generation
  bool is_new = false;                                   // the tree does not have it yet
  bool changed = false;                                  // to be written at all
  bool edited = false;     // holds an edit that no action of this transaction hands in
  bool releasing = false;  // an action of this transaction releases it
  // Where actions() has the create or the check-in that hands in the body as it is at the end.
  std::optional<std::size_t> handed_in_by;
};

// What limits a transaction, as the server said in its last welcome.
struct TransactionLimits {
  std::size_t actions_max = 100'000;
  std::size_t frame_bytes_max = 32u << 20;
  std::size_t body_bytes_max = 4u << 20;
};

// Collects a transaction in memory while the user's function runs; judges each call against the
// snapshot it began with, on top of which it keeps its own work. The replica is written only
// afterwards, by commit_transaction(). One writer at a time, so nothing changes between the
// snapshot and the commit.
class TransactionState {
 public:
  TransactionState(Replica& replica, Snapshot before, bool on_line, TransactionLimits limits);

  KeyWord begin_create(TreeId tree);
  capnp::MessageBuilder& new_body();
  void end_create(Borrowing borrowing);
  AnyKey create(TreeId tree, std::span<const std::uint64_t> body, Borrowing borrowing);
  capnp::MessageBuilder& edit_body(AnyKey key);
  void check_in(AnyKey key, std::string_view comment, Borrowing borrowing);
  AnyKey next_revision(AnyKey key);
  void release(AnyKey key, std::string_view comment, std::uint16_t state);
  void set_state(AnyKey key, std::uint16_t from, std::uint16_t to, std::string_view comment,
                 Steps steps);
  void set_state(AnyKey key, std::string_view from, std::string_view to, std::string_view comment,
                 Steps steps);
  void remove(AnyKey key, std::string_view comment);
  void comment(std::string_view text);
  // retry.cpp
  void retry(std::uint64_t conflict);
  void settle(std::uint64_t conflict) { settled_.push_back(conflict); }
  void refuse(Error why) { reasons_.push_back(std::move(why)); }
  capnp::AnyPointer::Reader read_body(AnyKey key);

  // REQUIRES: let_go() was not called yet.
  const Snapshot& before() const { return *before_; }
  // Ends the snapshot, so that it pins nothing while the replica is written.
  void let_go() { before_.reset(); }
  bool refused() const { return !reasons_.empty(); }
  const std::vector<Error>& reasons() const { return reasons_; }
  // What is to be told though it refuses nothing; complete after finish().
  const std::vector<Error>& warnings() const { return warnings_; }

  // The user's function is over: bodies become canonical. Then works() and actions() are final.
  void finish();
  const std::vector<Work>& works() const { return works_; }
  const std::vector<PlannedAction>& actions() const { return actions_; }
  const std::string& comment() const { return comment_; }
  // Conflicts that leave the drawer with this transaction.
  const std::vector<std::uint64_t>& settled() const { return settled_; }
  // The request as it travels. Errors: bad_request if it is larger than the server takes.
  Result<wire::Frame> request(std::uint64_t operation, std::int64_t claimed_time_us);

 private:
  Work* work(AnyKey key);
  Work& add_work(Work work);
  // The newest revision of the key's record, as work; refuses if there is none, or it is not this
  // revision.
  enum class Tombstone { refused, allowed };
  Work* head_work(AnyKey key, Tombstone tombstone = Tombstone::refused);
  // The same, if we may change it.
  Work* borrowed_work(AnyKey key, Tombstone tombstone = Tombstone::refused);
  // The same, of a draft or an unversioned record; or what this transaction makes.
  Work* changeable_work(AnyKey key, const char* what_instead);
  // Refuses where this program's schema waits for a migration.
  bool can_write(TreeId tree);
  bool is_converted(AnyKey draft, std::uint32_t version) const;
  // Whether this transaction makes it.
  bool is_created_here(const Work& work) const;
  // Where nothing refused a call may write.
  capnp::MessageBuilder& harmless();
  void refuse(Errc code, AnyKey key, const std::string& what);
  // Says what becomes of the borrow after the action that hands the record in.
  void set_borrowing(Work& work, Borrowing borrowing);
  void add_action(PlannedAction action) { actions_.push_back(std::move(action)); }
  bool fits_schema(const Conflict::Item& item);
  void retry(const Conflict::Item& item, protocol::Action::Reader action);
  void create_again(const Conflict::Item& item, Borrowing borrowing);
  void check_in_again(const Conflict::Item& item, std::uint32_t base_iteration,
                      Borrowing borrowing);
  AnyKey append_create(AnyKey key, Borrowing borrowing, std::vector<std::uint64_t> body);
  void drop_actions(AnyKey key);
  void check_limits();
  void check_comments();
  // transaction_lifecycle.cpp, when the user's function is over.
  void pin_references();
  void check_in_pinned(const std::vector<AnyKey>& pinned);
  void look_for_obsolete();
  void look_for_obsolete(const Work& work);
  void fill(protocol::Action::Builder action, const PlannedAction& planned,
            std::uint64_t operation);
  void fill_next_revision(protocol::Action::Builder action, const Work& draft);

  Replica& replica_;
  std::optional<Snapshot> before_;
  const bool on_line_;
  const TransactionLimits limits_;
  std::vector<Work> works_;
  std::unordered_map<AnyKey, std::size_t> by_key_;
  std::vector<PlannedAction> actions_;
  std::vector<Error> reasons_;
  std::vector<Error> warnings_;
  std::string comment_;
  std::vector<std::uint64_t> settled_;
  // Records between begin_create() and end_create(): several, where one is created inside the
  // filling of another. No key: it was refused.
  struct Creating {
    AnyKey key;
    std::unique_ptr<capnp::MallocMessageBuilder> body;
  };
  std::vector<Creating> creating_;
  // The outermost body under construction uses this memory first; Cap'n Proto wants it zeroed, and
  // zeroes it again itself.
  std::unique_ptr<capnp::word[]> scratch_;
  std::vector<std::unique_ptr<capnp::MallocMessageBuilder>> refused_bodies_;
};

}  // namespace coppice::client
