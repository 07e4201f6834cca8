#include "tests/server/transfers.h"

namespace coppice::server::test {
namespace {

void name_all(capnp::List<protocol::RecordName>::Builder to, const std::vector<AnyKey>& records) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setTree(records[i].tree.value);
    to[i].setId(records[i].id().value);
  }
}

}  // namespace

Ask break_borrow(std::vector<AnyKey> records, std::string reason,
                 std::vector<std::uint64_t> tokens) {
  return [=](protocol::Request::Builder request) {
    auto broken = request.initBreakBorrow();
    name_all(broken.initRecords(static_cast<unsigned>(records.size())), records);
    auto said = broken.initTokens(static_cast<unsigned>(tokens.size()));
    for (unsigned i = 0; i < tokens.size(); ++i) said.set(i, tokens[i]);
    broken.setReason(reason);
  };
}

Ask take_over(std::vector<AnyKey> records) {
  return [=](protocol::Request::Builder request) {
    name_all(request.initTakeOver().initRecords(static_cast<unsigned>(records.size())), records);
  };
}

Ask hand_over(std::vector<AnyKey> records, std::string user, std::string reason) {
  return [=](protocol::Request::Builder request) {
    auto offer = request.initHandOver();
    name_all(offer.initRecords(static_cast<unsigned>(records.size())), records);
    offer.setUser(user);
    offer.setReason(reason);
  };
}

Ask accept(std::vector<AnyKey> records) {
  return [=](protocol::Request::Builder request) {
    name_all(request.initAccept().initRecords(static_cast<unsigned>(records.size())), records);
  };
}

Ask nudge(std::vector<AnyKey> records, std::string text) {
  return [=](protocol::Request::Builder request) {
    auto nudge = request.initNudge();
    name_all(nudge.initRecords(static_cast<unsigned>(records.size())), records);
    nudge.setText(text);
  };
}

Ask revoke_device(std::uint32_t client, std::string reason) {
  return [=](protocol::Request::Builder request) {
    request.initRevoke().setClient(client);
    request.getRevoke().setReason(reason);
  };
}

Ask revoke_user(std::string user, std::string reason) {
  return [=](protocol::Request::Builder request) {
    request.initRevoke().setUser(user);
    request.getRevoke().setReason(reason);
  };
}

Audited audited(TestServer& server, std::uint64_t number) {
  const Tables tables(server.database());
  const auto txn = server.database().read();
  const auto row = txn.find(tables.audit, number);
  REQUIRE(row.has_value());
  const auto entry =
      capnp::readMessageUnchecked<audit::Entry>(reinterpret_cast<const capnp::word*>(row->data()));
  Audited audited{entry.getKind(), entry.getClient(), entry.getText(), {}};
  for (const auto item : entry.getItems()) audited.tokens.push_back(item.getToken());
  return audited;
}

}  // namespace coppice::server::test
