// The part of Client that is about who may change what.

#include "client/ask.h"
#include "coppice/client.h"

namespace coppice {
namespace {

void set_names(capnp::List<protocol::RecordName>::Builder names,
               const std::vector<AnyKey>& records) {
  for (unsigned i = 0; i < records.size(); ++i) {
    names[i].setTree(records[i].tree.value);
    names[i].setId(records[i].id().value);
  }
}

// By which schema this program would write to them (B12). Of another tree the server has the
// answer.
void set_versions(capnp::List<protocol::RecordName>::Builder names, client::Replica& replica) {
  for (auto name : names) {
    const TreeId tree{name.getTree()};
    if (replica.tree(tree)) name.setSchemaVersion(replica.writes_by(tree));
  }
}

void set_borrow(client::Replica& replica, protocol::Borrow::Builder borrow,
                const std::vector<AnyKey>& records, const CheckOut& options) {
  auto names = borrow.initRecords(static_cast<unsigned>(records.size()));
  set_names(names, records);
  set_versions(names, replica);
  borrow.setPurpose(options.reason);
  borrow.setExpectedReturn(options.expected_return_us);
}

// The grants that are meant: those that the caller knows of.
void set_tokens(capnp::List<std::uint64_t>::Builder tokens, const Snapshot& now,
                const std::vector<AnyKey>& records) {
  for (unsigned i = 0; i < records.size(); ++i) {
    const auto holder = now.holder(records[i]);
    const bool granted = holder && (holder->token & OwnGrant::kBit) == 0;
    tokens.set(i, granted ? holder->token : 0);
  }
}

// What was edited here and not handed in would stay here when the borrow goes.
Result<Done> all_handed_in(const Snapshot& now, const std::vector<AnyKey>& records) {
  for (const AnyKey record : records) {
    const auto head = now.head(record);
    if (!head || !LocalMark::is_edited(head->header())) continue;
    return error(Errc::pending_changes,
                 now.catalogue().format(record) +
                     " has changes here that are not checked in. Check in and keep the borrow, or "
                     "undo them, then hand it over.",
                 record);
  }
  return Done{};
}

}  // namespace

Pending<Borrow> Client::check_out(std::vector<AnyKey> records, CheckOut options) {
  return client::ask<Borrow>(*implementation_, "lend records", client::Asked::on_line_only,
                             [&](protocol::Request::Builder request) {
                               set_borrow(implementation_->replica, request.initBorrow(), records,
                                          options);
                             });
}

Pending<InLine> Client::wait_in_line(std::vector<AnyKey> records, CheckOut options) {
  return client::ask<InLine>(*implementation_, "keep our place in line",
                             client::Asked::on_line_only, [&](protocol::Request::Builder request) {
                               set_borrow(implementation_->replica, request.initWait(), records,
                                          options);
                             });
}

Pending<Done> Client::give_back(std::vector<AnyKey> records) {
  auto& self = *implementation_;
  auto promise = self.promise<Done>();
  auto asked = self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable.error();
    auto queued = client::queue_give_back(self.replica, records);
    if (!queued) return queued.error();
    self.events.push(std::move(queued->events));
    self.sync.promises().wait(queued->operation, promise);
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  self.wake();
  return promise.pending();
}

std::vector<AnyKey> Client::borrowed() const {
  auto now = snapshot();
  std::vector<AnyKey> ours;
  for (const auto& [record, holder] : now.borrows()) {
    if (holder.client != implementation_->replica.client_number()) continue;
    auto head = now.head(record);
    if (head && head->header().borrower == holder.client) ours.push_back(head->key);
  }
  return ours;
}

Pending<Done> Client::break_borrow(std::vector<AnyKey> records, std::string reason) {
  return client::ask<Done>(
      *implementation_, "break a borrow", client::Asked::on_line_only,
      [&](protocol::Request::Builder request) {
        auto broken = request.initBreakBorrow();
        set_names(broken.initRecords(static_cast<unsigned>(records.size())), records);
        broken.setReason(reason);
        set_tokens(broken.initTokens(static_cast<unsigned>(records.size())), snapshot(), records);
      });
}

Pending<Borrow> Client::take_over(std::vector<AnyKey> records, CheckOut options) {
  return client::ask<Borrow>(*implementation_, "move a borrow", client::Asked::on_line_only,
                             [&](protocol::Request::Builder request) {
                               set_borrow(implementation_->replica, request.initTakeOver(), records,
                                          options);
                             });
}

Pending<Done> Client::hand_over(std::vector<AnyKey> records, std::string user, std::string reason) {
  if (auto clean = all_handed_in(snapshot(), records); !clean) {
    auto promise = implementation_->promise<Done>();
    promise.settle(clean.error());
    return promise.pending();
  }
  return client::ask<Done>(*implementation_, "hand a borrow over", client::Asked::on_line_only,
                           [&](protocol::Request::Builder request) {
                             auto offer = request.initHandOver();
                             set_names(offer.initRecords(static_cast<unsigned>(records.size())),
                                       records);
                             offer.setUser(user);
                             offer.setReason(reason);
                           });
}

Pending<Borrow> Client::accept(std::vector<AnyKey> records, CheckOut options) {
  return client::ask<Borrow>(*implementation_, "hand a borrow over", client::Asked::on_line_only,
                             [&](protocol::Request::Builder request) {
                               auto accept = request.initAccept();
                               auto names =
                                   accept.initRecords(static_cast<unsigned>(records.size()));
                               set_names(names, records);
                               set_versions(names, implementation_->replica);
                               accept.setPurpose(options.reason);
                               accept.setExpectedReturn(options.expected_return_us);
                             });
}

Pending<Done> Client::decline(std::vector<AnyKey> records) {
  return client::ask<Done>(*implementation_, "take an offer back", client::Asked::on_line_only,
                           [&](protocol::Request::Builder request) {
                             const auto count = static_cast<unsigned>(records.size());
                             auto back = request.initGiveBack();
                             set_names(back.initRecords(count), records);
                             back.initTokens(count);
                           });
}

Pending<Done> Client::nudge(std::vector<AnyKey> records, std::string text) {
  return client::ask<Done>(*implementation_, "reach the holder", client::Asked::on_line_only,
                           [&](protocol::Request::Builder request) {
                             auto nudge = request.initNudge();
                             set_names(nudge.initRecords(static_cast<unsigned>(records.size())),
                                       records);
                             nudge.setText(text);
                           });
}

Pending<Done> Client::revoke_device(std::uint32_t number, std::string reason) {
  return client::ask<Done>(*implementation_, "revoke a device", client::Asked::on_line_only,
                           [&](protocol::Request::Builder request) {
                             request.initRevoke().setClient(number);
                             request.getRevoke().setReason(reason);
                           });
}

Pending<Done> Client::revoke_user(std::string name, std::string reason) {
  return client::ask<Done>(*implementation_, "revoke a user", client::Asked::on_line_only,
                           [&](protocol::Request::Builder request) {
                             request.initRevoke().setUser(name);
                             request.getRevoke().setReason(reason);
                           });
}

Pending<Done> Client::fetch_shelves(std::vector<AnyKey> records) {
  auto& self = *implementation_;
  auto promise = self.promise<Done>();
  auto asked = self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    self.sync.fetch_shelves(records, promise);
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  self.wake();
  return promise.pending();
}

std::vector<HandOver> Client::hand_overs() const { return implementation_->sync.hand_overs(); }

}  // namespace coppice
