#include "tests/simulation/wire_tap.h"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <string_view>

#include "tests/simulation/violation.h"

namespace coppice::simulation {
namespace {

constexpr std::uint64_t kOwnGrant = std::uint64_t{1} << 63;

template <typename Root, typename F>
void decode(const wire::Frame& frame, F&& fn) {
  const auto bytes = frame.bytes();
  capnp::ReaderOptions options;
  options.traversalLimitInWords = std::uint64_t{1} << 32;
  capnp::FlatArrayMessageReader reader(
      kj::arrayPtr(reinterpret_cast<const capnp::word*>(bytes.data()),
                   bytes.size() / sizeof(capnp::word)),
      options);
  fn(reader.getRoot<Root>());
}

template <typename Reader>
std::uint64_t hash_of(const Reader& reader) {
  const auto words = capnp::canonicalize(reader);
  const auto bytes = words.asBytes();
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(bytes.begin()), bytes.size()});
}

std::string bytes_of(capnp::Data::Reader data) { return {data.asChars().begin(), data.size()}; }

std::uint64_t content_of(protocol::Request::Reader request) {
  const auto which = static_cast<std::uint64_t>(request.which()) << 56;
  switch (request.which()) {
    case protocol::Request::TRANSACTION:
      return which ^ hash_of(request.getTransaction());
    case protocol::Request::BORROW:
      return which ^ hash_of(request.getBorrow());
    case protocol::Request::WAIT:
      return which ^ hash_of(request.getWait());
    case protocol::Request::GIVE_BACK:
      return which ^ hash_of(request.getGiveBack());
    case protocol::Request::LEASE:
      return which ^ hash_of(request.getLease());
    case protocol::Request::BREAK_BORROW:
      return which ^ hash_of(request.getBreakBorrow());
    case protocol::Request::TAKE_OVER:
      return which ^ hash_of(request.getTakeOver());
    case protocol::Request::HAND_OVER:
      return which ^ hash_of(request.getHandOver());
    case protocol::Request::ACCEPT:
      return which ^ hash_of(request.getAccept());
    case protocol::Request::NUDGE:
      return which ^ hash_of(request.getNudge());
    case protocol::Request::REVOKE:
      return which ^ hash_of(request.getRevoke());
  }
  return which;
}

AnyKey record_key(std::uint64_t tree, std::uint64_t id) {
  return {TreeId{tree}, KeyWord(RecordId{id}, Revision{0})};
}

bool needs_borrow(protocol::Action::Kind kind) {
  return kind != protocol::Action::Kind::CREATE && kind != protocol::Action::Kind::SET_STATE;
}

std::string operation_text(const std::string& device, std::uint64_t operation) {
  return "operation " + std::to_string(operation) + " of " + device;
}

}  // namespace

void WireTap::to_server(wire::SessionId session, const wire::Frame& frame) {
  ++counts_.frames;
  decode<protocol::ToServer>(frame, [&](protocol::ToServer::Reader message) {
    if (message.isHello()) hello(sessions_[session], message.getHello());
    if (message.isRequest()) request(sessions_[session], message.getRequest());
  });
}

void WireTap::to_client(wire::SessionId session, const wire::Frame& frame) {
  ++counts_.frames;
  decode<protocol::ToClient>(frame, [&](protocol::ToClient::Reader message) {
    Session& to = sessions_[session];
    switch (message.which()) {
      case protocol::ToClient::WELCOME:
        return welcome(to, message.getWelcome());
      case protocol::ToClient::CHANGES:
        return changes(to, message.getChanges());
      case protocol::ToClient::SNAPSHOT:
        ++counts_.snapshots;
        return;
      case protocol::ToClient::OFFER:
        ++counts_.offers;
        return;
      case protocol::ToClient::REFUSED:
        throw Violation("the server refused " + to.device + ": " +
                        text_of(message.getRefused().getText()));
      case protocol::ToClient::ANSWERS:
        for (const auto each : message.getAnswers()) answer(to, each);
        return;
      default:
        return;
    }
  });
}

void WireTap::hello(Session& session, protocol::Hello::Reader hello) {
  session.device = text_of(hello.getDevice());
  session.cursor = hello.getCursor();
  Device& device = devices_[session.device];
  const std::string uuid = bytes_of(hello.getClient());
  require(device.uuid.empty() || device.uuid == uuid,
          [&] { return "D6: " + session.device + " has a new identity"; });
  device.uuid = uuid;
  require(hello.getCursor() >= device.cursor,
          [&] { return "X8: the cursor of " + session.device + " went back"; });
  require(hello.getLastOperation() >= device.last_operation,
          [&] { return "X8: the operation numbers of " + session.device + " went back"; });
  device.cursor = hello.getCursor();
  device.last_operation = hello.getLastOperation();
}

void WireTap::request(Session& session, protocol::Request::Reader request) {
  Device& device = devices_[session.device];
  const std::uint64_t content = content_of(request);
  const auto [at, added] = device.requests.try_emplace(request.getOperation());
  Request& known = at->second;
  if (!added) {
    ++counts_.repeated_requests;
    require(known.content == content, [&, at = at] {
      return "C3: " + operation_text(session.device, at->first) + " came with another content";
    });
    return;
  }
  known.content = content;
  if (!request.isTransaction()) return;
  const auto transaction = request.getTransaction();
  known.deed = number_of(text_of(transaction.getComment()));
  for (const auto action : transaction.getActions()) {
    const auto record = AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey())).record();
    known.steps.push_back({record, needs_borrow(action.getKind()) ? action.getToken() : 0});
  }
}

void WireTap::welcome(Session& session, protocol::Welcome::Reader welcome) {
  session.welcomed = true;
  Device& device = devices_[session.device];
  require(device.number == 0 || device.number == welcome.getClientNumber(),
          [&] { return "X8: " + session.device + " has got another number"; });
  device.number = welcome.getClientNumber();
  require(welcome.getLastOperation() >= device.executed,
          [&] { return "X5: the server has forgotten operations of " + session.device; });
  device.executed = welcome.getLastOperation();
}

void WireTap::answer(Session& session, protocol::Answer::Reader answer) {
  require(session.welcomed,
          [&] { return "an answer to " + session.device + " before its welcome"; });
  Device& device = devices_[session.device];
  const auto found = device.requests.find(answer.getOperation());
  require(found != device.requests.end(), [&] {
    return "an answer to " + operation_text(session.device, answer.getOperation()) +
           ", which nobody asked";
  });
  Request& request = found->second;
  const std::uint64_t content = hash_of(answer);
  // A place in the line ends with the connection, so its answer may be another one later.
  if (answer.isWaiting()) request.is_wait = true;
  if (request.answer && !request.is_wait) {
    require(*request.answer == content, [&] {
      return "X5: " + operation_text(session.device, answer.getOperation()) + " has two answers";
    });
    return;
  }
  request.answer = content;
  settle(session, request, answer);
}

void WireTap::settle(Session& session, Request& request, protocol::Answer::Reader answer) {
  if (answer.isRefused()) {
    ++counts_.refused;
    for (const auto refusal : answer.getRefused()) {
      ++counts_.refusals[static_cast<int>(refusal.getCode())];
    }
    if (request.deed != 0) ledger_.refused(request.deed);
  }
  if (answer.isAccepted()) {
    ++counts_.accepted;
    const auto accepted = answer.getAccepted();
    request.first = accepted.getFirst();
    request.last = accepted.getLast();
    if (request.deed != 0) ledger_.applied(request.deed);
    for (const auto grant : accepted.getGrants()) granted(session, answer.getOperation(), grant);
  }
  if (answer.isBorrowed()) {
    for (const auto grant : answer.getBorrowed()) granted(session, answer.getOperation(), grant);
  }
  if (answer.isLeased()) {
    const auto lease = answer.getLeased();
    devices_[session.device].leases.push_back(
        {TreeId{lease.getTree()}, lease.getBegin(), lease.getEnd()});
  }
}

void WireTap::granted(Session& session, std::uint64_t operation, protocol::Grant::Reader grant) {
  ++counts_.grants;
  auto& of_record = grants_[record_key(grant.getTree(), grant.getId())];
  for (const Grant& other : of_record) {
    if (other.token != grant.getToken()) continue;
    require(other.device == session.device, [&] {
      return "X2: one token was granted to " + other.device + " and to " + session.device;
    });
    return;
  }
  of_record.push_back({session.device, grant.getToken(), grant.getSequence(), operation});
}

void WireTap::changes(Session& session, protocol::Changes::Reader changes) {
  require(changes.getUpTo() >= session.cursor,
          [&] { return "X8: the feed to " + session.device + " went back"; });
  session.cursor = changes.getUpTo();
  require(!changes.getComplete() || changes.getHead() >= changes.getUpTo(),
          [&] { return "X8: the feed to " + session.device + " is ahead of the head"; });
}

void WireTap::check_borrows() const {
  for (const auto& [name, device] : devices_) {
    for (const auto& [operation, request] : device.requests) {
      if (request.first > request.last) continue;
      for (const Step& step : request.steps) check_step(name, request, step);
    }
  }
}

void WireTap::check_step(const std::string& device, const Request& request,
                         const Step& step) const {
  if (step.token == 0) return;
  const auto found = grants_.find(step.record);
  // A grant whose answer was lost is known to nobody; the client cannot have used its token.
  require(found != grants_.end(), [&] {
    return "C2: a change of " + to_string(step.record) + " by " + device + " under no borrow";
  });
  const auto& of_record = found->second;
  const auto own = std::ranges::find_if(of_record, [&](const Grant& grant) {
    return (step.token & kOwnGrant) != 0
               ? grant.device == device && grant.operation == (step.token & ~kOwnGrant)
               : grant.token == step.token;
  });
  require(own != of_record.end() && own->device == device, [&] {
    return "C2: a change of " + to_string(step.record) + " under a borrow " + device + " never had";
  });
  for (const Grant& other : of_record) {
    const bool between = other.sequence > own->sequence && other.sequence <= request.first;
    require(!between || other.token == own->token, [&] {
      return "X2: " + other.device + " borrowed " + to_string(step.record) + " before " + device +
             " was done with it";
    });
  }
}

void WireTap::check_leases(const std::string& device, AnyKey record) const {
  const auto found = devices_.find(device);
  const auto inside = [&](const Lease& lease) {
    return lease.tree == record.tree && lease.begin <= record.id().value &&
           record.id().value < lease.end;
  };
  require(found != devices_.end() && std::ranges::any_of(found->second.leases, inside), [&] {
    return "X7: " + to_string(record) + " of " + device + " lies in none of its leases";
  });
}

}  // namespace coppice::simulation
