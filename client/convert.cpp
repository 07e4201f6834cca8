#include "client/convert.h"

#include <capnp/serialize.h>

namespace coppice::client {

Holder to_holder(protocol::Holder::Reader holder) {
  return Holder{.client = holder.getClient(),
                .device = holder.getDevice(),
                .user = holder.getUser(),
                .since_us = holder.getSince(),
                .last_seen_us = holder.getLastSeen(),
                .purpose = holder.getPurpose(),
                .expected_return_us = holder.getExpectedReturn(),
                .token = holder.getToken(),
                .overdue_us = holder.getOverdue()};
}

void set_holder(protocol::Holder::Builder to, const Holder& from) {
  to.setClient(from.client);
  to.setDevice(from.device);
  to.setUser(from.user);
  to.setSince(from.since_us);
  to.setLastSeen(from.last_seen_us);
  to.setPurpose(from.purpose);
  to.setExpectedReturn(from.expected_return_us);
  to.setToken(from.token);
  to.setOverdue(from.overdue_us);
}

Error to_error(protocol::Refusal::Reader refusal) {
  Error e = error(static_cast<Errc>(refusal.getCode()), refusal.getText(),
                  AnyKey(TreeId{refusal.getTree()}, KeyWord(refusal.getKey())));
  e.expected = refusal.getExpected();
  e.actual = refusal.getActual();
  if (refusal.hasHolder()) e.holder = to_holder(refusal.getHolder());
  return e;
}

void set_refusal(protocol::Refusal::Builder to, const Error& from) {
  to.setCode(static_cast<protocol::Code>(from.code));
  to.setTree(from.key.tree.value);
  to.setKey(from.key.word.value);
  to.setExpected(from.expected);
  to.setActual(from.actual);
  to.setText(from.message);
  to.setAction(0xffffffff);
  if (from.holder) set_holder(to.initHolder(), *from.holder);
}

Error combine(std::vector<Error> reasons) {
  Error all = reasons.front();
  if (reasons.size() > 1) {
    all.message += " (and " + std::to_string(reasons.size() - 1) + " more reasons)";
  }
  all.reasons = std::move(reasons);
  return all;
}

Error to_error(capnp::List<protocol::Refusal>::Reader refusals) {
  std::vector<Error> reasons;
  for (auto refusal : refusals) reasons.push_back(to_error(refusal));
  if (reasons.empty())
    reasons.push_back(error(Errc::bad_request, "The server refused and did not say why."));
  return combine(std::move(reasons));
}

wire::Frame to_frame(capnp::MessageBuilder& message) {
  auto words = std::make_shared<kj::Array<capnp::word>>(capnp::messageToFlatArray(message));
  auto bytes = words->asBytes();
  return wire::Frame(words, {reinterpret_cast<const std::byte*>(bytes.begin()), bytes.size()});
}

}  // namespace coppice::client
