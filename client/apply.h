#pragma once

#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "client/ended_borrow.h"
#include "client/replica_writer.h"
#include "coppice/protocol.capnp.h"

namespace coppice::client {

// What the authority says, put into the replica: changes, first sync, and the answers to the
// client's own operations. Part of one write transaction.
//
// An operation of ours is over when it was refused, or when it was accepted *and* the cursor has
// reached its last change; until then it stays in the outbox, so that at every moment the replica
// is the authority's state at its cursor plus the outbox.
class Applier {
 public:
  // `endings` are borrows of ours that others have ended, and must live as long as this.
  explicit Applier(ReplicaWriter& writer, std::span<const EndedBorrow> endings = {})
      : writer_(writer), endings_(endings), catalogue_(writer.replica().database().catalogue()) {}

  // One change of the feed, or one record of a first sync. Errors: bad_request, if the server sent
  // what cannot be; the whole transaction must then be given up.
  Result<Done> change(protocol::Change::Reader change);
  Result<Done> snapshot_record(TreeId tree, protocol::Change::Reader record);

  // The cursor has reached `cursor`: operations that waited for it are over. Returns them, each
  // with the sequence of its last change.
  struct Over {
    std::uint64_t operation;
    std::uint64_t sequence;
  };
  std::vector<Over> reach(std::uint64_t cursor);

  // Answers. Each returns whether the operation was still open here.
  // `over`: finished at once, there is nothing to wait for.
  struct AcceptedResult {
    bool known = false;
    bool over = false;
  };
  AcceptedResult accepted(std::uint64_t operation, protocol::Accepted::Reader accepted,
                          std::uint64_t cursor);
  bool refused(std::uint64_t operation, const std::vector<Error>& reasons);
  // Leases, borrows, lines: nothing of the replica's records depends on them.
  bool answered(std::uint64_t operation);
  bool gave_back(std::uint64_t operation);
  void leased(protocol::Lease::Reader lease);

 private:
  // A record of a request and what was to be done with it.
  struct Touched {
    AnyKey key;
    protocol::Action::Kind kind;
    std::uint64_t token;
    bool pins = false;
  };
  std::vector<Touched> touched_by(std::uint64_t operation) const;
  // The operation's request, in place.
  std::optional<store::Bytes> request(std::uint64_t operation) const;
  bool confirm_creates(std::uint64_t operation, protocol::Accepted::Reader accepted);
  void finish(std::uint64_t operation);
  void confirm(const Touched& touched, std::uint64_t operation);
  void take_back(const Touched& touched, std::uint64_t operation, const Error& why);
  void forget_request(std::uint64_t operation);
  void authority_has(AnyKey key, RecordView value, protocol::Change::Reader change);
  void tell_if_overdue(AnyKey key, const Holder& now);
  void show_below(AnyKey key, const RecordHeader& mine, const RecordHeader& before,
                  RecordView value);
  void follow_borrow(AnyKey key, const std::optional<RecordHeader>& before, const RecordHeader& now,
                     protocol::Change::Reader change);
  // An edit that was never handed in loses its borrow: it goes to the drawer.
  void rescue_edit(AnyKey key, const Error& why);
  void rescue_edit_above(AnyKey key, std::uint64_t operation, const Error& why);
  Error borrow_lost(AnyKey key, const RecordHeader& authority) const;
  bool still_ours(AnyKey key, std::uint64_t token) const;
  bool differs_from_base(AnyKey key) const;
  // Whether what is shown is a create of ours and nothing else, without a borrow.
  bool is_our_create(AnyKey key, const RecordHeader& mine);
  // Forgets a borrow that we expected and that never was, or is over.
  void drop_own_grant(AnyKey key);
  // The last of our operations that touched the record, was accepted, and whose effect has not come
  // yet; 0: none.
  std::uint64_t open_operation_on(AnyKey key) const;
  // Shows the record as that operation left it.
  void show_as_left_by(AnyKey key, std::uint64_t operation);
  std::vector<AnyKey> heads_given_back(std::uint64_t operation) const;
  void end_borrow_here(AnyKey key, std::uint64_t operation);

  const TreeInfo* tree(TreeId id);
  Result<RecordView> checked(const TreeInfo& tree, std::span<const std::byte> value);
  Result<std::span<const std::byte>> with_our_body(AnyKey key, std::span<const std::byte> value);

  ReplicaWriter& writer_;
  const std::span<const EndedBorrow> endings_;
  const std::shared_ptr<const Catalogue> catalogue_;
  TreeInfoPtr last_tree_;
  // What the operation that is_our_create() looked at last creates.
  std::uint64_t created_by_ = 0;
  std::unordered_set<AnyKey> created_;
  std::vector<std::uint64_t> room_;
  std::vector<std::uint64_t> scratch_;
};

}  // namespace coppice::client
