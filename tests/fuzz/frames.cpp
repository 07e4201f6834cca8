// Messages of the protocol, to a real server and to a real client.

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "client/convert.h"
#include "tests/fuzz/shop_trees.h"
#include "tests/fuzz/targets.h"
#include "tests/fuzz/world.h"

namespace coppice::fuzz {
namespace {

// A check walks both databases, so not after each input.
constexpr int kInputsBetweenChecks = 64;

template <typename Root>
std::string message(const std::function<void(typename Root::Builder)>& fill) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<Root>());
  const auto frame = client::to_frame(message);
  return {reinterpret_cast<const char*>(frame.bytes().data()), frame.size_bytes()};
}

using protocol::ToClient;
using protocol::ToServer;

void set(capnp::Data::Builder to, const std::string& from) {
  std::memcpy(to.begin(), from.data(), std::min(to.size(), from.size()));
}

}  // namespace

// The first byte says when it comes; the message begins with the ninth.
void run_to_server(Input input) {
  if (input.size() < 8) return;
  const auto when =
      (input[0] & std::byte{1}) == std::byte{0} ? World::When::after_welcome : World::When::at_once;
  world().to_server(wire::Frame::copy_of(input.subspan(8)), when);
  static int inputs = 0;
  if (++inputs % kInputsBetweenChecks != 0) return;
  // Whatever strangers say, who works here goes on.
  if (!world().settle()) fail("The client is not live any more.");
  world().require_sound();
}

std::vector<std::string> to_server_seeds() {
  const std::string later(8, '\0'), at_once(8, '\1');
  std::vector<std::string> seeds;
  seeds.push_back(at_once + message<ToServer>([](ToServer::Builder root) {
                    auto hello = root.initHello();
                    hello.setProtocol(protocol::VERSION);
                    hello.initClient(16)[0] = 77;
                    hello.setApplication("coppice");
                    hello.initKnown(1);
                    hello.initFirstSync().setSince(1);
                  }));
  seeds.push_back(at_once + message<ToServer>([](ToServer::Builder root) { root.setDescribe(1); }));
  seeds.push_back(later + message<ToServer>([](ToServer::Builder root) {
                    auto ranges = root.initCompare().initRanges(1);
                    ranges[0].setTree(TreeOf<shop::Part>::id.value);
                    ranges[0].setUpTo(~std::uint64_t{0});
                  }));
  const auto request = [&](const std::function<void(protocol::Request::Builder)>& fill) {
    seeds.push_back(later + message<ToServer>([&](ToServer::Builder root) {
                      auto request = root.initRequest();
                      request.setOperation(1);
                      fill(request);
                    }));
  };
  request([](auto request) {
    auto lease = request.initLease();
    lease.setTree(TreeOf<shop::Part>::id.value);
    lease.setCount(10);
  });
  for (const auto kind : {protocol::Action::Kind::CREATE, protocol::Action::Kind::CHECK_IN,
                          protocol::Action::Kind::RELEASE, protocol::Action::Kind::SET_STATE}) {
    request([&](auto request) {
      auto actions = request.initTransaction().initActions(2);
      const auto body = some_part();
      actions[0].setKind(kind);
      actions[0].setTree(TreeOf<shop::Part>::id.value);
      actions[0].setKey(1 << 24 | 1);
      actions[0].setBody({reinterpret_cast<const kj::byte*>(body.data()), 8 * body.size()});
    });
  }
  request([](auto request) {
    auto record = request.initBorrow().initRecords(1)[0];
    record.setTree(TreeOf<shop::Part>::id.value);
    record.setId(1);
  });
  request([](auto request) {
    auto back = request.initGiveBack();
    back.initRecords(1)[0].setId(1);
    back.initTokens(1);
  });
  return seeds;
}

void run_to_client(Input input) {
  // A client believes its server, so what it has afterwards may be anything but a crash.
  world().to_client(wire::Frame::copy_of(input));
  if (!world().live() && !world().settle()) forget_world();
}

std::vector<std::string> to_client_seeds() {
  const auto value = record_seeds().front();
  std::vector<std::string> seeds;
  seeds.push_back(message<ToClient>([&](ToClient::Builder root) {
    auto changes = root.initChanges();
    changes.setUpTo(9);
    changes.setHead(9);
    changes.setComplete(true);
    auto record = changes.initRecords(1)[0];
    record.setTree(TreeOf<shop::Part>::id.value);
    record.setKey(5 << 24 | 1);
    set(record.initValue(static_cast<unsigned>(value.size())), value);
    record.initBorrow().setDevice("bench");
  }));
  seeds.push_back(message<ToClient>([&](ToClient::Builder root) {
    auto part = root.initSnapshot();
    part.setTree(TreeOf<shop::Part>::id.value);
    auto record = part.initRecords(1)[0];
    record.setKey(5 << 24 | 1);
    set(record.initValue(static_cast<unsigned>(value.size())), value);
    part.initPosition().setSince(3);
    part.setLast(true);
  }));
  seeds.push_back(message<ToClient>([](ToClient::Builder root) {
    auto answers = root.initAnswers(3);
    answers[0].initAccepted().initGrants(1);
    answers[1].initRefused(1)[0].setText("no");
    answers[2].initLeased().setEnd(100);
  }));
  seeds.push_back(message<ToClient>(
      [](ToClient::Builder root) { root.initCatalogue(1).setWithCaveats(0, parts().schema()); }));
  seeds.push_back(
      message<ToClient>([](ToClient::Builder root) { root.initClients(1)[0].setDevice("bench"); }));
  seeds.push_back(message<ToClient>([](ToClient::Builder root) { root.initOffer().setId(1); }));
  seeds.push_back(
      message<ToClient>([](ToClient::Builder root) { root.initRefused().setText("Go away."); }));
  seeds.push_back(
      message<ToClient>([](ToClient::Builder root) { root.initWelcome().initDatabase(16); }));
  return seeds;
}

}  // namespace coppice::fuzz
